"""MLflow's own server, answering only while its model may run; which model that is, `[gate]` says.

    MODEL=models/credit TRIBUNE_GATE__ARTIFACT=models/credit uvicorn --app-dir examples/serving mlflow_app:app

With `artifact` it also refuses a folder that is not the one registered. Stays open where `open_paths` names
MLflow's `/ping` and `/health`.
"""

from __future__ import annotations

import os

from mlflow.pyfunc import load_model
from mlflow.pyfunc.scoring_server import init

from tribune.gate import gated

app = gated(init(load_model(os.environ["MODEL"])))
