"""MLflow's server, with a model that MLflow saved, behind the gate."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="needs MLflow: `make servers` runs it")

from tribune.reports.dataset import artifact_digest

from .logs import break_log, logging_to, proven
from .servers import EXAMPLES, answer, gated_server

SERVER = ["uvicorn", "--app-dir", str(EXAMPLES), "mlflow_app:app"]
ROWS = [[0.0, 1.0], [3.0, 1.0]]
ASKED = {"dataframe_split": {"columns": ["income", "debt"], "data": ROWS}}
DESCRIPTION = """
[[columns]]
name = "income"
kind = "numeric"
[[columns]]
name = "debt"
kind = "numeric"
[[columns]]
name = "prediction"
kind = "category"
role = "prediction"
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A model as MLflow saves it, and the model."""
    import pandas
    from mlflow import sklearn
    from sklearn.linear_model import LogisticRegression

    seen = pandas.DataFrame([[0.0, 1.0], [1.0, 2.0], [3.0, 1.0], [4.0, 2.0]], columns=["income", "debt"])
    model = LogisticRegression().fit(seen, ["no", "no", "yes", "yes"])
    folder = tmp_path_factory.mktemp("models") / "credit"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow about pandas, none of ours
        sklearn.save_model(model, folder, input_example=seen)
    return folder, list(model.predict(pandas.DataFrame(ROWS, columns=["income", "debt"])))


def _variables(folder: Path, place: Path) -> dict[str, str]:
    (place / "model.toml").write_text(DESCRIPTION)
    return {
        **logging_to(place, place / "model.toml"),
        "MODEL": str(folder),
        "TRIBUNE_GATE__ARTIFACT": str(folder),
        "TRIBUNE_GATE__ARTIFACT_CHECK_S": "0.1",
        "TRIBUNE_GATE__OPEN_PATHS": '["/ping", "/health"]',
    }


async def test_mlflow_app__halt__answers_as_the_model_then_refuses(
    tmp_path: Path, saved: tuple[Path, Any]
) -> None:
    folder, expected = saved
    registered = artifact_digest(folder)
    async with gated_server(tmp_path, SERVER, artifact=registered, **_variables(folder, tmp_path)) as (
        world,
        client,
    ):
        first = await answer(client, "/invocations", ASKED, 200)
        world.chain.mine(state="Paused")
        refused = await answer(client, "/invocations", ASKED, 503, "problem:model-paused")
        ping = await client.get("/ping")
    assert first.json()["predictions"] == expected
    assert refused.json()["type"] == "urn:tribune:problem:model-paused"
    assert ping.status_code == 200


async def test_mlflow_app__model_is_not_the_registered_one__refuses(
    tmp_path: Path, saved: tuple[Path, Any]
) -> None:
    folder, _ = saved
    async with gated_server(tmp_path, SERVER, artifact=b"\1" * 32, **_variables(folder, tmp_path)) as (
        _,
        client,
    ):
        refused = await answer(client, "/invocations", ASKED, 503, "problem:wrong-artifact")
    assert refused.json()["type"] == "urn:tribune:problem:wrong-artifact"


async def test_mlflow_app__each_row_answered__is_proven_by_its_receipt(
    tmp_path: Path, saved: tuple[Path, Any]
) -> None:
    folder, expected = saved
    registered = artifact_digest(folder)
    given = _variables(folder, tmp_path)
    async with gated_server(tmp_path, SERVER, artifact=registered, **given) as (_, client):
        answered = await answer(client, "/invocations", ASKED, 200)
    ids = re.findall(r'"([^"]+)";time=', answered.headers["tribune-receipt"])
    rows = [proven(tmp_path, id_) for id_ in ids]
    assert [row["prediction"] for row in rows] == expected
    assert [row["features"] for row in rows] == [
        {"income": income.hex(), "debt": debt.hex()} for income, debt in ROWS
    ]


async def test_mlflow_app__log_takes_nothing__answer_is_withheld(
    tmp_path: Path, saved: tuple[Path, Any]
) -> None:
    folder, _ = saved
    registered = artifact_digest(folder)
    given = _variables(folder, tmp_path)
    async with gated_server(tmp_path, SERVER, artifact=registered, **given) as (_, client):
        await answer(client, "/version", None, 405)  # by now the gate lets through
        break_log(tmp_path)
        refused = await client.post("/invocations", json=ASKED)
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:tribune:problem:not-recorded"
