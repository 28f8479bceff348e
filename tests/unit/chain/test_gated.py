"""A halt on a chain reaches a server that is gated by its settings, what it streams, and the hooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from support.rpc_proxy import Fault, RpcProxy
from tribune.gate import gated
from tribune.gate.status import StatusView
from tribune.gate.telling.hooks import hooks_of
from tribune.gate.watching.chain_source import ChainSource
from tribune.ids import ModelId
from tribune.settings import Settings
from unit.chain.place import MODEL, Place, active
from unit.gate.serving import connected, served


async def _stream(request: Request) -> Response:
    async def tokens() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(60)

    return StreamingResponse(tokens())


def _gate_settings(settings: Settings, tmp_path: Path) -> Settings:
    told = f'echo $HOOK_EVENT $HOOK_CAUSE >> "{tmp_path}/told"'
    hooks = settings.gate.hooks.model_copy(
        update={"on_halt": ["sh", "-c", told], "on_resume": ["sh", "-c", told], "state": tmp_path / "state"}
    )
    changes: dict[str, Any] = {"model": MODEL, "version": 1, "max_staleness_s": 600.0, "hooks": hooks}
    return settings.model_copy(update={"gate": settings.gate.model_copy(update=changes)})


async def test_gated__halted_on_the_chain__refuses_cuts_and_tells(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    await active(place)
    ours = _gate_settings(settings, tmp_path)
    view, source = StatusView(ModelId(MODEL)), ChainSource(ours)
    hooks = hooks_of(ours, lambda _: view)
    assert hooks is not None
    others = [asyncio.create_task(source.run(view)), asyncio.create_task(hooks.run())]
    gate = gated(Starlette(routes=[Route("/stream", _stream)]), ours)
    try:
        async with served(gate) as port, connected(port) as streaming, connected(port) as asking:
            await _until(lambda: gate.tally.cause is None and gate.view.snapshot.reading is not None)
            await _until(lambda: view.snapshot.reading is not None)
            streaming.send("GET /stream HTTP/1.1")
            await streaming.until(b"first\r\n")
            halt_ends = await place.tribune.chain.block_time() + timedelta(hours=1)
            await place.as_executive(place.tribune.kill_switch.halt(halt_ends))
            assert await streaming.rest() == b""
            asking.send("GET /stream HTTP/1.1")
            status, document = await asking.answer()
            assert (status, document["state"]) == (503, "Halted")
            await _until(lambda: _lines(tmp_path / "told") == ["halt model-halted"])
            await place.as_executive(place.tribune.kill_switch.halt(None))
            await _until(lambda: _lines(tmp_path / "told") == ["halt model-halted", "resume"])
            await _until(lambda: gate.tally.cause is None)
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def test_gated__first_of_two_nodes_tells_an_old_state_of_a_new_block__is_not_believed(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    async with _lied_to(place, _gate_settings(settings, tmp_path)) as (gate, liar):
        await _until(lambda: gate.tally.cause == "state-unknown")
        assert "contradict" in gate.view.snapshot.fault
        liar.well()
        await _until(lambda: gate.tally.cause == "model-halted")


async def test_gated__first_of_three_nodes_tells_an_old_state__the_others_are_believed(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    ours = _gate_settings(settings, tmp_path)
    with RpcProxy(settings.chain.http_url) as honest:
        async with _lied_to(place, ours, honest.http_url) as (gate, _):
            await _until(lambda: gate.tally.cause == "model-halted")
            assert not gate.view.disputed


@asynccontextmanager
async def _lied_to(place: Place, settings: Settings, *others: str) -> AsyncIterator[tuple[Any, RpcProxy]]:
    """A gate of a model that is halted, while the first of its nodes tells an old state; and that node.

    Args:
        place: with the model.
        settings: the gate's; its one node becomes the last.
        *others: nodes between the liar and that one.
    """
    await active(place)
    anvil = settings.chain.http_url
    with RpcProxy(anvil) as liar:
        nodes = {"http_url": liar.http_url, "fallback_urls": [*others, anvil], "ws_url": "", "poll_s": 0.1}
        ours = settings.model_copy(update={"chain": settings.chain.model_copy(update=nodes)})
        gate = gated(Starlette(), ours)
        async with served(gate):
            await _until(lambda: gate.view.snapshot.reading is not None)
            liar.be(Fault.OLD_STATE)
            halt_ends = await place.tribune.chain.block_time() + timedelta(hours=1)
            await place.as_executive(place.tribune.kill_switch.halt(halt_ends))
            yield gate, liar


def _lines(file: Path) -> list[str]:
    return [line.strip() for line in file.read_text().splitlines()] if file.exists() else []


async def _until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - conditions of a test, not events
            await asyncio.sleep(0.01)
