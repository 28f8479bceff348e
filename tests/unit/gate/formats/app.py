"""A server behind its gate that opens MODEL, whatever its format, when it is first asked, and answers for two
numbers what the model says of them.

    MODEL=model.onnx uvicorn --app-dir tests/unit/gate/formats app:app
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tribune.gate import gated

Predict = Callable[[list[list[float]]], Any]
Open = Callable[[Path], Predict]


def _onnx() -> Open:
    import numpy
    import onnxruntime

    def opened(path: Path) -> Predict:
        session = onnxruntime.InferenceSession(path)
        name = session.get_inputs()[0].name
        return lambda rows: session.run(None, {name: numpy.array(rows, dtype=numpy.float32)})[0]

    return opened


def _safetensors() -> Open:
    from safetensors.numpy import load_file

    def opened(path: Path) -> Predict:
        kept = load_file(path)
        return lambda rows: ["yes" if (kept["weight"] @ row + kept["bias"])[0] > 0 else "no" for row in rows]

    return opened


def _skops() -> Open:
    import sklearn.linear_model  # noqa: F401 - takes longer than an answer may
    from skops.io import load

    return lambda path: load(path).predict


def _joblib() -> Open:
    import joblib
    import sklearn.linear_model  # noqa: F401 - as above

    return lambda path: joblib.load(path).predict


def _mlflow() -> Open:
    import sklearn.linear_model  # noqa: F401 - as above
    from mlflow.pyfunc import load_model

    return lambda path: load_model(str(path)).predict


PATH = Path(os.environ["MODEL"])
LIBRARIES = {
    ".onnx": _onnx,
    ".safetensors": _safetensors,
    ".skops": _skops,
    ".joblib": _joblib,
    "": _mlflow,
}
opened = cache(LIBRARIES[PATH.suffix]())


def predict(request: Request) -> JSONResponse:
    """Answer as the model does."""
    row = [float(request.query_params[name]) for name in ("income", "debt")]
    return JSONResponse({"prediction": str(opened(PATH)([row])[0])})


app = gated(Starlette(routes=[Route("/predict", predict, methods=["POST"])]))
