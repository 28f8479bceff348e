"""A FastAPI server that answers only while its model may run; which model that is, `[gate]` says.

uvicorn --app-dir examples/serving fastapi_app:app
"""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from tribune.gate import gated

server = FastAPI()


class Applicant(BaseModel):
    """What the model is asked about."""

    income: float
    debt: float


@server.post("/predict")
def predict(applicant: Applicant) -> dict[str, str]:
    """Answer as the model would."""
    return {"prediction": "yes" if applicant.income > 2 * applicant.debt else "no"}


app = gated(server)
