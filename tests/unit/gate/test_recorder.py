"""A served decision gets a receipt, in the log and in the response."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema, body_digest
from tribune.decisions.log import DecisionLog
from tribune.decisions.records import Record
from tribune.decisions.wal import read_segment
from tribune.exceptions import DataError
from tribune.gate.middleware import ModelGate
from tribune.gate.recorder import RECEIPT_HEADER, DecisionRecorder, receipt_headers
from tribune.ids import FrameIndex
from unit.gate.chain import ACTIVE, MODEL, VERSION, view_of

GRID = FrameGrid(epoch=0, step=1000, length=1000, grace=0)


def _recorder(root: Path) -> DecisionRecorder:
    log = DecisionLog(root, LogSchema({"AGEP": "numeric"}), GRID, model_id=MODEL, version=VERSION)
    return DecisionRecorder(log, clock=lambda: 1500)


def _records(root: Path) -> list[Record]:
    return [record for path in root.glob("**/*.wal") for record in read_segment(path)[1]]


async def test_record__a_decision__has_the_time_of_the_clock_and_a_fresh_id(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)
    one, two = [await recorder.record({"AGEP": 40}, "1", 0.5) for _ in range(2)]
    await recorder.close()
    assert (one.time, one.frame) == (1500, FrameIndex(2))
    assert one.id != two.id


async def test_record__wrong_column__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        await _recorder(tmp_path).record({"AGE": 40}, "1")


async def test_receipt_headers__behind_a_gate__name_what_is_in_the_log(tmp_path: Path) -> None:
    recorder = _recorder(tmp_path)

    async def predict(request: Request) -> JSONResponse:
        receipt = await recorder.record(await request.json(), "1", 0.75, id="case-1")
        return JSONResponse({"prediction": "1"}, headers=receipt_headers(receipt))

    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    gate = ModelGate(app, view_of(ACTIVE), model=MODEL, version=VERSION, max_staleness_s=5)
    transport = httpx.ASGITransport(app=gate)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        response = await client.post("/predict", json={"AGEP": 40})
    await recorder.close()
    (record,) = _records(tmp_path)
    body = body_digest(record.salt, record.body).hex()
    assert response.headers[RECEIPT_HEADER] == (
        f'"case-1";time=1500;frame=2;leaf="0x{record.leaf.hex()}";body="0x{body}";signed=?0'
    )


def test_receipt_headers__no_receipt__is_no_header() -> None:
    assert receipt_headers() == {}
