"""Decisions of a server whose answers somebody else writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.records import Record
from tribune.decisions.waiting.wal import read_segment
from tribune.gate.middleware import App, ModelGate
from tribune.gate.recorder import RECEIPT_HEADER, Answer, DecisionRecorder
from tribune.gate.recording import RECEIPTS, decided, recorded
from unit.gate.chain import ACTIVE, MODEL, VERSION, view_of
from unit.gate.test_recorder import GRID

TWO = [Answer({"AGEP": 40}, "1", id="a"), Answer({"AGEP": 50}, "0", id="b")]


def _records(root: Path) -> list[Record]:
    return [record for path in root.glob("**/*.wal") for record in read_segment(path)[1]]


async def _asked(root: Path, predict: Callable[[Request], Any]) -> httpx.Response:
    """Ask an endpoint of a recorded application behind its gate once."""
    return await _answered(root, Starlette(routes=[Route("/", predict)]))


async def _answered(root: Path, served: App) -> httpx.Response:
    log = DecisionLog(root, LogSchema({"AGEP": "numeric"}), GRID, model_id=MODEL, version=VERSION)
    recorder = DecisionRecorder(log, clock=lambda: 1500)
    app = recorded(served, recorder)
    gate = ModelGate(app, view_of(ACTIVE), model=MODEL, version=VERSION, max_staleness_s=5)
    transport = httpx.ASGITransport(app=gate, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
        response = await client.get("/")
    await recorder.close()
    return response


async def test_recorded__decided_in_a_thread__is_on_record_and_told(tmp_path: Path) -> None:
    def predict(_: Request) -> Response:  # Starlette runs it in a thread
        decided(*TWO)
        return PlainTextResponse("yes, no")

    response = await _asked(tmp_path, predict)
    assert response.text == "yes, no"
    assert [one.split(";")[0] for one in response.headers[RECEIPT_HEADER].split(", ")] == ['"a"', '"b"']
    assert sorted(record.id for record in _records(tmp_path)) == ["a", "b"]


async def test_recorded__decided_while_it_streams__is_on_record_before_the_last_piece(
    tmp_path: Path,
) -> None:
    async def predict(_: Request) -> Response:
        async def pieces() -> Any:
            yield "yes"
            decided(TWO[0])

        return StreamingResponse(pieces())

    response = await _asked(tmp_path, predict)
    assert (response.text, RECEIPT_HEADER in response.headers) == ("yes", False)
    assert [record.id for record in _records(tmp_path)] == ["a"]


async def test_recorded__decided_behind_the_answer__is_on_record(tmp_path: Path) -> None:
    async def predict(_: Request) -> Response:
        async def behind() -> None:
            decided(TWO[0])

        return PlainTextResponse("later", background=BackgroundTask(behind))

    assert (await _asked(tmp_path, predict)).text == "later"
    assert [record.id for record in _records(tmp_path)] == ["a"]


async def test_recorded__answer_without_headers__gets_the_receipt(tmp_path: Path) -> None:
    async def predict(scope: Any, receive: Any, send: Any) -> None:
        decided(TWO[0])
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    response = await _answered(tmp_path, predict)
    assert response.headers[RECEIPT_HEADER].startswith('"a";')


async def test_recorded__more_receipts_than_a_header_takes__all_recorded_none_told(tmp_path: Path) -> None:
    async def predict(_: Request) -> Response:
        decided(*(Answer({"AGEP": i}, "1") for i in range(RECEIPTS + 1)))
        return PlainTextResponse("yes")

    response = await _asked(tmp_path, predict)
    assert RECEIPT_HEADER not in response.headers
    assert len(_records(tmp_path)) == RECEIPTS + 1


async def test_recorded__log_takes_nothing__gate_withholds_the_answer(tmp_path: Path) -> None:
    async def predict(_: Request) -> Response:
        decided(TWO[0])
        return PlainTextResponse("yes")

    folder = tmp_path / str(MODEL) / str(VERSION)
    folder.mkdir(parents=True)
    (folder / "wal").write_bytes(b"")
    response = await _asked(tmp_path, predict)
    assert (response.status_code, response.json()["type"]) == (503, "urn:tribune:problem:not-recorded")


async def test_recorded__answer_without_a_decision__passes_as_it_is(tmp_path: Path) -> None:
    async def health(_: Request) -> Response:
        return PlainTextResponse("well")

    response = await _asked(tmp_path, health)
    assert (response.text, RECEIPT_HEADER in response.headers) == ("well", False)
    assert _records(tmp_path) == []


def test_decided__outside_of_a_request__is_refused() -> None:
    with pytest.raises(LookupError):
        decided(TWO[0])


async def test_recorded__decided_beside_the_answer_while_it_is_recorded__is_not_lost(tmp_path: Path) -> None:
    async def predict(_: Request) -> Response:
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        async def compute() -> None:
            for row in range(20):
                decided(Answer({"AGEP": row}, "1", id=f"{row:02}"))
                await pieces.put(f"{row} ")
                await asyncio.sleep(0.001)
            await pieces.put(None)

        async def streamed() -> Any:
            while (piece := await pieces.get()) is not None:
                yield piece
            await computing

        computing = asyncio.create_task(compute())
        await asyncio.sleep(0)
        return StreamingResponse(streamed())

    response = await _asked(tmp_path, predict)
    assert len(response.text.split()) == 20
    assert sorted(record.id for record in _records(tmp_path)) == [f"{row:02}" for row in range(20)]


async def test_recorded__two_tasks_send_at_once__each_decision_is_recorded_once() -> None:
    class SlowDisk:
        def __init__(self) -> None:
            self.kept: list[str | None] = []

        async def record_many(self, answers: list[Answer]) -> list[object]:
            taken = [answer.id for answer in answers]
            await asyncio.sleep(0.02)
            self.kept += taken
            return taken  # type: ignore[return-value]

    disk, sent = SlowDisk(), []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        async def one(name: str, after: float) -> None:
            await asyncio.sleep(after)
            decided(Answer({}, "1", id=name))
            await asyncio.sleep(0)
            await send({"type": "websocket.send", "text": name})

        await asyncio.gather(one("a", 0), one("b", 0.005))

    async def send(message: Any) -> None:
        assert message["text"] in disk.kept
        sent.append(message["text"])

    await recorded(app, disk)({"type": "websocket"}, None, send)  # type: ignore[arg-type]
    assert (sorted(sent), disk.kept) == (["a", "b"], ["a", "b"])
