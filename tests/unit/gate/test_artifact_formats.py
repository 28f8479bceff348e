"""Models as ONNX, safetensors, skops, joblib and MLflow write them, opened and asked behind the gate.

Each server starts with one byte of its model changed, is given back the registered one, and has it changed
again once the model is in its memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnxruntime", reason="needs ONNX Runtime: `make servers` runs it")

import joblib
import numpy
import skops.io
from mlflow import sklearn as mlflow_sklearn
from safetensors.numpy import save_file
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from support.anvil import ROOT
from tribune.reports.dataset import artifact_digest
from unit.examples.serving.servers import answer, gated_server

SERVER = ["uvicorn", "--app-dir", str(ROOT / "tests" / "unit" / "gate" / "formats"), "app:app"]
ROWS = [(0.0, 1.0), (3.0, 1.0)]
WRONG = "urn:tribune:problem:wrong-artifact"
WARNING = "artifact runs code when it is opened"


def _onnx(model: Any, path: Path) -> None:
    made = to_onnx(model, numpy.zeros((1, 2), numpy.float32), options={"zipmap": False})
    path.write_bytes(made.SerializeToString())


def _safetensors(model: Any, path: Path) -> None:
    save_file({"weight": model.coef_, "bias": model.intercept_}, path)


def _mlflow(form: str) -> Callable[[Any, Path], None]:
    def save(model: Any, path: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of MLflow about itself, none of ours
            # Requirements are named, or MLflow runs the model in a process of its own to find them.
            given = {"serialization_format": form, "pip_requirements": ["scikit-learn", form]}
            mlflow_sklearn.save_model(model, path, **given)

    return save


def _with_a_byte_changed(path: Path) -> Callable[[], object]:
    """Change one byte of a model where it is largest; return what changes it back."""
    file = max((one for one in (path, *path.rglob("*")) if one.is_file()), key=lambda one: one.stat().st_size)
    whole = file.read_bytes()
    changed = bytearray(whole)
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    return lambda: file.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "save", "warned"),
    [
        ("model.onnx", _onnx, ""),
        ("model.safetensors", _safetensors, ""),
        ("model.skops", skops.io.dump, ""),
        ("model.joblib", joblib.dump, "model.joblib (joblib)"),
        ("mlflow-skops", _mlflow("skops"), ""),
        ("mlflow-pickle", _mlflow("cloudpickle"), "model.pkl (pickle)"),
    ],
)
async def test_gated__real_model__answers_while_each_byte_is_the_registered_one(
    tmp_path: Path, name: str, save: Callable[[Any, Path], None], warned: str
) -> None:
    model = LogisticRegression().fit(
        [[0.0, 1.0], [1.0, 2.0], [3.0, 1.0], [4.0, 2.0]], ["no"] * 2 + ["yes"] * 2
    )
    path = tmp_path / name
    save(model, path)
    registered = artifact_digest(path)
    restore = _with_a_byte_changed(path)
    variables = {
        "MODEL": str(path),
        "TRIBUNE_GATE__ARTIFACT": str(path),
        "TRIBUNE_GATE__ARTIFACT_CHECK_S": "0.1",
    }
    asked = [f"/predict?income={income}&debt={debt}" for income, debt in ROWS]
    async with gated_server(tmp_path, SERVER, artifact=registered, **variables) as (_, client):
        assert (await client.post(asked[0])).status_code == 503  # whether it knows of the chain yet or not
        at_start = await answer(client, asked[0], None, 503, WRONG)
        restore()
        said = [(await answer(client, one, None, 200)).json()["prediction"] for one in asked]
        _with_a_byte_changed(path)
        while_it_serves = await answer(client, asked[0], None, 503, WRONG)
    assert [one.json()["type"] for one in (at_start, while_it_serves)] == [WRONG, WRONG]
    assert said == [*model.predict(ROWS)] == ["no", "yes"]
    told = [line for line in (tmp_path / "server.log").read_text().splitlines() if WARNING in line]
    assert [warned in line for line in told] == ([True] if warned else [])
