"""MLflow's own server: answers only while its model may run, and no decision is told that is not on record.

    MODEL=models/credit TRIBUNE_GATE__ARTIFACT=models/credit uvicorn --app-dir examples/serving mlflow_app:app

`[gate]` says which model that is, `columns` under `[gate.log]` what is written down of a row. With `artifact`
it also refuses a folder that is not the one registered. Stays open where `open_paths` names MLflow's `/ping`
and `/health`.
"""

from __future__ import annotations

import os
from typing import Any

from mlflow.pyfunc import load_model
from mlflow.pyfunc.scoring_server import init

from tribune.gate import Answer, decided, gated, recorded

model = load_model(os.environ["MODEL"])
answer = model.predict


def predict(data: Any, params: Any = None) -> Any:
    """Answer as the model does, and say what it decided for each row of the table."""
    said = answer(data, params=params)
    decided(*(Answer(row, str(one)) for row, one in zip(data.to_dict("records"), said, strict=True)))
    return said


model.predict = predict
app = gated(recorded(init(model)))
