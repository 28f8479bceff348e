from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.acs_employment.app import GATED_HEALTH, HEALTH, MAX_BODY, MAX_ROWS, create_app
from examples.acs_employment.model import Model
from examples.acs_employment.rows import Row, load_spec, stream
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipts import Receipt
from tribune.exceptions import LogUnavailableError
from tribune.gate.recorder import DecisionRecorder
from tribune.ids import FrameIndex, ModelId, VersionNumber

GRID = FrameGrid.of_seconds(epoch_s=0, step_s=4_000_000_000, length_s=4_000_000_000, grace_s=0)
"""One frame that holds today."""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(islice(stream(load_spec()), 50))


@pytest.fixture
def log(tmp_path: Path) -> DecisionLog:
    schema = LogSchema.of(load_spec())
    return DecisionLog(tmp_path, schema, GRID, model_id=ModelId(1), version=VersionNumber(1))


@pytest.fixture
async def client(v1: Model, log: DecisionLog) -> AsyncIterator[httpx.AsyncClient]:
    recorder = DecisionRecorder(log)
    app = create_app(v1, recorder, VersionNumber(1))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        yield client
    await recorder.close()


def sent(row: Row, **changes: Any) -> dict[str, Any]:
    return {"id": row.id, **row.features, **changes}


async def predict(client: httpx.AsyncClient, *rows: Mapping[str, Any]) -> httpx.Response:
    return await client.post("/predict", content=json.dumps({"rows": rows}))


def recorded(log: DecisionLog, tmp_path: Path) -> list[dict[str, Any]]:
    """Seal the one frame and return its decisions."""
    import pyarrow.parquet as parquet

    sealer = LogSealer(tmp_path, GRID, ModelId(1), VersionNumber(1))
    manifest = sealer.seal(FrameIndex(1), now=GRID.due_at(FrameIndex(1)))
    tables = [parquet.read_table(sealer.folder / partition.path) for partition in manifest.partitions]
    return [row for table in tables for row in table.to_pylist()]


async def test_predict__rows__answers_each_in_order_with_the_models_decision(
    client: httpx.AsyncClient, v1: Model, rows: list[Row]
) -> None:
    answer = await predict(client, *map(sent, rows))
    expected = v1.answer([v1.features(row.features) for row in rows])
    assert answer.json() == {
        "model": "acs-employment",
        "version": 1,
        "decisions": [
            {"id": row.id, "prediction": decision.prediction, "score": decision.score}
            for row, decision in zip(rows, expected, strict=True)
        ],
    }


async def test_predict__rows__are_on_record_once_answered(
    client: httpx.AsyncClient, rows: list[Row], log: DecisionLog, tmp_path: Path
) -> None:
    answer = await predict(client, *map(sent, rows))
    await asyncio.to_thread(log.close)
    told = {decision["id"]: decision["prediction"] for decision in answer.json()["decisions"]}
    kept = await asyncio.to_thread(recorded, log, tmp_path)
    assert {row["id"]: row["prediction"] for row in kept} == told


async def test_predict__null_nan_and_unseen_values__are_answered_and_recorded_as_they_came(
    client: httpx.AsyncClient, rows: list[Row], log: DecisionLog, tmp_path: Path
) -> None:
    answer = await predict(
        client,
        sent(rows[0], id="null", AGEP=None, SCHL=None),
        sent(rows[0], id="nan", AGEP=math.nan),
        sent(rows[0], id="unseen", SCHL="no such school"),
    )
    assert answer.status_code == 200
    await asyncio.to_thread(log.close)
    kept = {row["id"]: row for row in await asyncio.to_thread(recorded, log, tmp_path)}
    assert kept["null"]["AGEP"] is None
    assert kept["null"]["SCHL"] is None
    assert math.isnan(kept["nan"]["AGEP"])
    assert kept["unseen"]["SCHL"] == "no such school"


async def test_predict__missing_column__says_which(client: httpx.AsyncClient, rows: list[Row]) -> None:
    row = sent(rows[0])
    del row["RELP"]
    answer = await predict(client, row)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "RELP" in answer.json()["detail"]


async def test_predict__one_bad_row__nothing_is_recorded(
    client: httpx.AsyncClient, rows: list[Row], log: DecisionLog
) -> None:
    answer = await predict(client, sent(rows[0]), sent(rows[1], AGEP="old"))
    assert answer.status_code == 422
    await asyncio.to_thread(log.close)
    assert log.accepted == 0


async def test_predict__no_id__one_is_made_up(client: httpx.AsyncClient, rows: list[Row]) -> None:
    answer = await predict(client, rows[0].features)
    assert answer.json()["decisions"][0]["id"]


@pytest.mark.parametrize("ids", [("a", "a"), (7, "b"), ("", "b"), ("x" * 201, "b"), ("\ud800", "b")])
async def test_predict__unusable_ids__are_refused(
    client: httpx.AsyncClient, rows: list[Row], ids: tuple[object, object]
) -> None:
    answer = await predict(client, *(sent(rows[0], id=id_) for id_ in ids))
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'{"rows": {}}', 422),
        (b'{"rows": [1]}', 422),
        (json.dumps({"rows": [{}] * (MAX_ROWS + 1)}).encode(), 413),
        (b" " * (MAX_BODY + 1), 413),
        (b'{"rows": []}', 200),
    ],
)
async def test_predict__strange_bodies__have_their_status(
    client: httpx.AsyncClient, body: bytes, status: int
) -> None:
    assert (await client.post("/predict", content=body)).status_code == status


async def test_predict__record_cannot_be_kept__no_answer(v1: Model, rows: list[Row]) -> None:
    class FullDisk:
        async def record(self, *_: object, **__: object) -> Receipt:
            raise LogUnavailableError("The decision log cannot be written: No space left on device.")

        async def close(self) -> None: ...

    app = create_app(v1, FullDisk(), VersionNumber(1))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://model") as client:
        answer = await predict(client, sent(rows[0]))
    assert answer.status_code == 503
    assert "decisions" not in answer.json()


@pytest.mark.parametrize("path", [HEALTH, GATED_HEALTH])
async def test_health__asked__names_model_and_version(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {"model": "acs-employment", "version": 1}
