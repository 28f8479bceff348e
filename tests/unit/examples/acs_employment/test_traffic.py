from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.acs_employment.incident import Incident
from examples.acs_employment.rows import Row, load_spec, stream
from examples.acs_employment.traffic import Pace, Traffic
from tribune.decisions.anchor import log_folder
from tribune.decisions.frames.labels import arrived_before
from tribune.decisions.grid import FrameGrid
from tribune.ids import ModelId, VersionNumber

FAST = Pace(rows_a_frame=1_000_000, batch=5)
Answer = Callable[[list[dict[str, Any]]], httpx.Response]


def answer(rows: list[dict[str, Any]], version: int = 1) -> httpx.Response:
    decisions = [{"id": row["id"], "prediction": "1", "score": 0.9} for row in rows]
    return httpx.Response(200, json={"version": version, "decisions": decisions})


def refuse(_: list[dict[str, Any]]) -> httpx.Response:
    return httpx.Response(503, json={"type": "urn:tribune:problem:model-suspended"})


class Gate:
    """Answers from a list, the last of which goes on; keeps what it was sent."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[list[dict[str, Any]]] = []
        self.asked = asyncio.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        rows = json.loads(request.content)["rows"]
        self.requests.append(rows)
        self.asked.set()
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])(rows)

    @property
    def ids(self) -> list[list[str]]:
        return [[row["id"] for row in rows] for rows in self.requests]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(islice(stream(load_spec()), 20))


async def run(gate: Gate, rows: list[Row], root: Path, *, once: bool = False) -> Traffic:
    """Send rows to a gate, all or a first batch."""
    transport = httpx.MockTransport(gate)
    async with httpx.AsyncClient(transport=transport, base_url="http://gate") as client:
        traffic = Traffic(client, iter(rows), log_root=root, model_id=ModelId(1), pace=FAST)
        await ask(traffic, gate, once=once)
    return traffic


async def ask(traffic: Traffic, gate: Gate, *, once: bool = False) -> None:
    stop = asyncio.Event()
    async with asyncio.timeout(10):
        running = asyncio.create_task(traffic.run(stop))
        if once:
            await gate.asked.wait()
            stop.set()
        await running


def labels(root: Path, version: int) -> dict[str, str]:
    import pyarrow.parquet as parquet

    folder = log_folder(root, ModelId(1), VersionNumber(version))
    tables = [parquet.read_table(path) for path in arrived_before(folder, 2**62)]
    return {row["id"]: row["label"] for table in tables for row in table.to_pylist()}


async def test_run__rows__are_sent_in_order_and_counted(rows: list[Row], tmp_path: Path) -> None:
    gate = Gate(answer)
    traffic = await run(gate, rows, tmp_path)
    assert [id_ for batch in gate.ids for id_ in batch] == [row.id for row in rows]
    assert (traffic.counts.sent, traffic.counts.answered, traffic.counts.labelled) == (20, 20, 20)


async def test_run__answered__labels_go_to_the_version_that_answered(rows: list[Row], tmp_path: Path) -> None:
    gate = Gate(lambda sent: answer(sent, version=1), lambda sent: answer(sent, version=2))
    await run(gate, rows, tmp_path)
    assert labels(tmp_path, 1) == {row.id: row.label for row in rows[:5]}
    assert labels(tmp_path, 2) == {row.id: row.label for row in rows[5:]}


async def test_run__refused__asks_the_same_again_and_has_no_label_for_it(
    rows: list[Row], tmp_path: Path
) -> None:
    gate = Gate(refuse, refuse, answer)
    traffic = await run(gate, rows[:5], tmp_path)
    assert gate.ids == [[row.id for row in rows[:5]]] * 3
    assert (traffic.counts.refused, traffic.counts.answered, traffic.counts.used) == (10, 5, 5)
    assert labels(tmp_path, 1) == {row.id: row.label for row in rows[:5]}


async def test_run__refused__keeps_what_the_gate_said(rows: list[Row], tmp_path: Path) -> None:
    traffic = await run(Gate(refuse), rows, tmp_path, once=True)
    assert json.loads(traffic.last_refusal)["type"].endswith("model-suspended")


@pytest.mark.parametrize(
    ("status", "document", "outcome"),
    [
        (422, {}, "rejected"),
        (500, {}, "failed"),
        (503, {"type": "urn:tribune:problem:not-recorded"}, "failed"),
        (503, {}, "failed"),
        (200, {}, "failed"),
        (200, {"version": 1, "decisions": None}, "failed"),
    ],
)
async def test_run__no_answer__is_counted_and_given_up(
    rows: list[Row], tmp_path: Path, status: int, document: dict[str, Any], outcome: str
) -> None:
    gate = Gate(lambda _: httpx.Response(status, json=document), answer)
    traffic = await run(gate, rows, tmp_path)
    assert gate.ids[1] == [row.id for row in rows[5:10]]
    assert getattr(traffic.counts, outcome) == 5
    assert traffic.counts.answered == 15


async def test_run__server_away__is_counted_and_goes_on(rows: list[Row], tmp_path: Path) -> None:
    def away(_: list[dict[str, Any]]) -> httpx.Response:
        raise httpx.ConnectError("refused")

    traffic = await run(Gate(away, answer), rows, tmp_path)
    assert (traffic.counts.failed, traffic.counts.answered) == (5, 15)


async def test_switch__women__ages_of_women_are_40_too_high_until_off(
    rows: list[Row], tmp_path: Path
) -> None:
    gate = Gate(answer)
    async with httpx.AsyncClient(transport=httpx.MockTransport(gate), base_url="http://gate") as client:
        traffic = Traffic(client, iter(rows), log_root=tmp_path, model_id=ModelId(1), pace=FAST)
        traffic.switch(Incident.WOMEN)
        await ask(traffic, gate, once=True)
        traffic.switch(Incident.NONE)
        await ask(traffic, gate)
    years = {"1": 0, "2": 40}
    ages = {row.id: row.features["AGEP"] for row in rows}
    assert all(r["AGEP"] == ages[r["id"]] + years[r["SEX"]] for r in gate.requests[0])
    assert all(r["AGEP"] == ages[r["id"]] for r in gate.requests[-1])


async def test_switch__moment_ahead__nothing_is_spoilt_before_it(rows: list[Row], tmp_path: Path) -> None:
    gate = Gate(answer)
    async with httpx.AsyncClient(transport=httpx.MockTransport(gate), base_url="http://gate") as client:
        traffic = Traffic(client, iter(rows), log_root=tmp_path, model_id=ModelId(1), pace=FAST)
        traffic.switch(Incident.MONTHS, at_us=time.time_ns() // 1000 + 60_000_000)
        await ask(traffic, gate)
        assert traffic.incident is Incident.NONE
    ages = {row.id: row.features["AGEP"] for row in rows}
    assert all(r["AGEP"] == ages[r["id"]] for batch in gate.requests for r in batch)


async def test_run__grace_of_the_frame_before__labels_wait_until_it_is_over(
    rows: list[Row], tmp_path: Path
) -> None:
    epoch_s = int(time.time()) - 2
    grid = FrameGrid.of_seconds(epoch_s=epoch_s, step_s=100, length_s=100, grace_s=3)
    gate = Gate(answer)
    pace = Pace(rows_a_frame=20, frame_s=4.0, batch=5)
    async with httpx.AsyncClient(transport=httpx.MockTransport(gate), base_url="http://gate") as client:
        traffic = Traffic(client, iter(rows), log_root=tmp_path, model_id=ModelId(1), pace=pace, grid=grid)
        await ask(traffic, gate)
    too_early = arrived_before(log_folder(tmp_path, ModelId(1), VersionNumber(1)), (epoch_s + 3) * 1_000_000)
    assert too_early == []
    assert traffic.counts.labelled == len(rows)


async def test_run__pace__batches_are_spread_evenly(rows: list[Row], tmp_path: Path) -> None:
    gate = Gate(answer)
    pace = Pace(rows_a_frame=100, frame_s=2.0, batch=5)
    async with httpx.AsyncClient(transport=httpx.MockTransport(gate), base_url="http://gate") as client:
        traffic = Traffic(client, iter(rows), log_root=tmp_path, model_id=ModelId(1), pace=pace)
        begun = time.monotonic()
        await ask(traffic, gate)
    assert time.monotonic() - begun >= 3 * pace.pause_s
