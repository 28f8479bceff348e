"""A gate whose sidecar lies, hangs, stands still, dies or comes back, over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from tribune.gate.problem import Subject, problem
from tribune.gate.sidecar.wire import decode, encode
from tribune.gate.status import Cause, Snapshot, StatusView
from tribune.ids import CaseId, ModelId
from unit.gate.chain import ACTIVE, MODEL, PAUSED, VERSION, HandChain, cause, until, view_of
from unit.gate.sidecars import CHAIN_ID, gate, gated_world, sidecar

Spoil = Callable[[dict[str, Any]], Any]


def _document(**changes: Any) -> dict[str, Any]:
    """Return the document of an active model, seen just now."""
    document: dict[str, Any] = json.loads(encode(MODEL, CHAIN_ID, view_of(ACTIVE).snapshot))
    return {**document, **changes}


@asynccontextmanager
async def _speaking(speak: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """Run a sidecar that says what the test wants; yields its address."""
    async with serve(speak, "127.0.0.1", 0, compression=None) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


def _answering(document: Callable[[], Any]) -> Callable[[ServerConnection], Awaitable[None]]:
    """Answer each question, echo and all."""

    async def speak(socket: ServerConnection) -> None:
        async for question in socket:
            made = document()
            await socket.send(made if isinstance(made, str) else json.dumps({**made, "echo": question}))

    return speak


def _of(part: str, **changes: Any) -> Spoil:
    return lambda document: {**document, part: {**document[part], **changes}}


LIES: dict[str, Spoil] = {
    "another model": lambda d: {**d, "model_id": 2},
    "another chain": lambda d: {**d, "chain_id": 1},
    "another form": lambda d: {**d, "schema": "tribune/model-status/2"},
    "an age below 0": lambda d: {**d, "age_s": -5},
    "no age": lambda d: {**d, "age_s": None},
    "an age that is no number": lambda d: json.dumps({**d, "age_s": float("nan")}),
    "an endless age": lambda d: json.dumps({**d, "age_s": float("-inf")}),
    "an age in words": lambda d: {**d, "age_s": "0"},
    "a state that there is not": _of("reading", state="Fine"),
    "a halt in words": _of("reading", halted="no"),
    "a block below 0": _of("reading", block_number=-1),
    "a block in parts": _of("reading", block_number=812.5),
    "a version that is true": _of("reading", version=True),
    "half a reading": lambda d: {**d, "reading": {"state": "Active"}},
    "a list": lambda d: "[]",
    "a text": lambda d: '"Active"',
    "no JSON": lambda d: "Active",
    "half a document": lambda d: json.dumps(d)[:-9],
    "a very deep document": lambda d: "[" * 60_000,
    "a very large number": lambda d: json.dumps(d).replace("812", "9" * 5_000),
    "a very long document": lambda d: json.dumps({**d, "sentence": "x" * 10**6}),
}


@pytest.mark.parametrize("lie", LIES)
async def test_run__sidecar_that_tells_what_cannot_be__is_not_believed(lie: str) -> None:
    said = 0

    def document() -> Any:
        nonlocal said
        said += 1
        return LIES[lie](_document())

    async with _speaking(_answering(document)) as url, gate(url) as view:
        await until(lambda: said >= 2)
        assert cause(view) is Cause.UNKNOWN
        assert view.snapshot.reading is None


@pytest.mark.parametrize("lie", ["another model", "another chain", "a state that there is not"])
async def test_run__sidecar_begins_to_lie__refuses_at_once_whatever_it_said_before(lie: str) -> None:
    lying = False

    def document() -> Any:
        return LIES[lie](_document()) if lying else _document()

    async with _speaking(_answering(document)) as url, gate(url) as view:
        await until(lambda: cause(view) is None)
        lying = True
        await until(lambda: cause(view) is Cause.UNKNOWN)
        assert "not believed" in view.snapshot.fault


async def test_run__sidecar_that_repeats_a_block__grows_too_old_though_it_says_age_0() -> None:
    async with _speaking(_answering(lambda: _document(age_s=0))) as url, gate(url) as view:
        await until(lambda: cause(view, 0.3) is None)
        await until(lambda: cause(view, 0.3) is Cause.UNKNOWN)
        await asyncio.sleep(0.1)
        assert cause(view, 0.3) is Cause.UNKNOWN


async def test_run__answers_that_were_long_on_their_way__are_that_much_older() -> None:
    """A buffer, or a proxy, that delays: each answer is fresh by its own word."""
    waiting: asyncio.Queue[tuple[float, str]] = asyncio.Queue()

    async def late(socket: ServerConnection) -> None:
        listening = asyncio.create_task(_listen(socket))
        while not listening.done():
            due, text = await waiting.get()
            await asyncio.sleep(due - time.monotonic())
            await socket.send(text)

    async def _listen(socket: ServerConnection) -> None:
        block = 900
        async for question in socket:
            block += 1
            reading = {**_document()["reading"], "block_number": block}
            text = json.dumps({**_document(age_s=0, reading=reading), "echo": question})
            waiting.put_nowait((time.monotonic() + 0.4, text))

    async with _speaking(late) as url, gate(url, ask_s=0.05, silence_s=2.0) as view:
        await until(lambda: view.snapshot.reading is not None)
        for _ in range(20):
            assert cause(view, 0.35) is Cause.UNKNOWN
            await asyncio.sleep(0.02)
        assert cause(view, 1.0) is None


async def test_run__sidecar_that_talks_and_answers_nothing__is_not_believed() -> None:
    async def talk(socket: ServerConnection) -> None:
        number = 900
        while True:
            number += 1
            reading = {**_document()["reading"], "block_number": number}
            await socket.send(json.dumps(_document(age_s=0, reading=reading)))
            await asyncio.sleep(0.01)

    async with _speaking(talk) as url, gate(url) as view:
        await until(lambda: view.snapshot.reading is not None)
        await until(lambda: cause(view) is Cause.UNKNOWN)
        assert "answers no question" in view.snapshot.fault


async def test_run__sidecar_hangs__is_left_and_the_view_grows_too_old() -> None:
    silent = False

    def document() -> Any:
        return _document()

    async def speak(socket: ServerConnection) -> None:
        async for question in socket:
            if not silent:
                await socket.send(json.dumps({**document(), "echo": question}))

    async with _speaking(speak) as url, gate(url, silence_s=0.2) as view:
        await until(lambda: cause(view) is None)
        silent = True
        await until(lambda: "does not answer" in view.snapshot.fault)
        await until(lambda: cause(view, 0.3) is Cause.UNKNOWN)


async def test_run__sidecar_goes_back_to_an_older_block__is_not_followed() -> None:
    newest = {**_document()["reading"], "block_number": 900, "state": "Paused"}
    older = _document()  # block 812, active

    told = [_document(reading=newest)]
    async with _speaking(_answering(lambda: told[-1])) as url, gate(url) as view:
        await until(lambda: cause(view) is Cause.PAUSED)
        told.append(older)
        await until(lambda: "behind" in view.snapshot.fault)
        assert cause(view) is Cause.PAUSED


async def test_run__chain_restarted_lower__gate_says_how_to_mend_it_and_a_new_one_follows() -> None:
    chain = HandChain()
    async with sidecar(chain) as world, gate(world.url) as view:
        await until(lambda: cause(view) is None)
        before = chain.newest.number
        chain.status = replace(chain.status, block_number=5)
        chain.blocks = [replace(chain.newest, number=5, hash="anew")]
        await until(lambda: view.snapshot.gone_back_to == 5)
        refusal = view.refusal(VERSION, 0.0)
    assert refusal is not None
    assert f"was at {before}" in problem(Subject(MODEL, VERSION), refusal)["detail"]
    async with sidecar(chain) as world, gate(world.url) as fresh:  # both restarted
        await until(lambda: cause(fresh) is None)


async def test_run__nobody_there__is_unknown_and_says_so() -> None:
    async with gate("http://user:secret@127.0.0.1:1") as view:
        await until(lambda: "does not answer" in view.snapshot.fault)
        assert "secret" not in view.snapshot.fault
        assert cause(view) is Cause.UNKNOWN


async def test_run__sidecar_restarted__keeps_what_is_fresh_and_comes_back() -> None:
    chain = HandChain()
    async with sidecar(chain) as world:
        port = int(world.url.rpartition(":")[2])
        view = StatusView(MODEL)
        watching = gate(world.url, view=view)
        await watching.__aenter__()
        await until(lambda: cause(view) is None)
    assert cause(view) is None  # it is gone, and what it said is not old yet
    chain.mine(state="Paused")
    async with sidecar(chain, port):
        await until(lambda: cause(view) is Cause.PAUSED, 10)
    await watching.__aexit__(None, None, None)


async def test_run__sidecar_blind__gate_is_as_old_as_the_sidecar() -> None:
    async with gated_world() as (world, view):
        await until(lambda: cause(view) is None)
        world.chain.reachable = False
        await until(lambda: cause(view, 0.3) is Cause.UNKNOWN)
        assert cause(view, 60) is None  # by a longer bound it would still be good
        own = world.sidecar.views[MODEL].snapshot
        assert view.snapshot.seen_at <= own.seen_at + 0.001
        world.chain.reachable = True
        world.chain.mine()
        await until(lambda: cause(view, 0.3) is None)


async def test_run__sidecar_on_another_chain__refuses_at_once() -> None:
    async with sidecar(chain_id=1) as world, gate(world.url) as view:
        await until(lambda: "chain 1" in view.snapshot.fault)
        assert cause(view) is Cause.UNKNOWN


async def test_run__pause_that_a_reorg_removes_and_that_comes_again__is_followed() -> None:
    """Whatever block is the newest known, its pause holds; an older one opens nothing."""
    chain = HandChain()
    opened: list[int] = []
    async with gated_world(chain=chain) as (_, view):
        await until(lambda: cause(view) is None)
        view.listen(lambda: opened.append(chain.newest.number) if cause(view) is None else None)
        chain.mine()
        chain.mine(state="Paused", case_id=CaseId(7))
        await until(lambda: cause(view) is Cause.PAUSED)
        opened.clear()
        chain.reorganise(2, state="Active")  # one block lower, without the pause
        await asyncio.sleep(0.15)
        assert cause(view) is Cause.PAUSED
        assert not opened
        chain.mine(state="Paused", case_id=CaseId(7))  # it comes again, at the height that it had
        chain.mine()
        await until(lambda: view.snapshot.reading is not None and view.snapshot.reading.block_number == 815)
        assert cause(view) is Cause.PAUSED
        assert not opened
        chain.reorganise(1, state="Active", case_id=CaseId(0))
        chain.mine()
        await until(lambda: cause(view) is None)  # for good: the newest block says so


async def test_run__wall_clock_jumps__changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with gated_world() as (world, view):
        await until(lambda: cause(view) is None)
        for jump in (-86_400, 86_400, 10**9):
            now = time.time()
            monkeypatch.setattr(time, "time", lambda now=now, jump=jump: now + jump)
            world.chain.mine(state="Paused")
            await until(lambda: cause(view) is Cause.PAUSED)
            world.chain.mine(state="Active")
            await until(lambda: cause(view) is None)
            monkeypatch.undo()


async def test_run__chain_s_clock_jumps__ends_a_suspension_by_chain_time_only() -> None:
    async with gated_world() as (world, view):
        world.chain.mine(state="Suspended", until=ACTIVE.block_time + 1_000)
        await until(lambda: cause(view) is Cause.SUSPENDED)
        world.chain.mine(block_time=ACTIVE.block_time + 1_000)
        await until(lambda: cause(view) is None)


@pytest.mark.parametrize("reading", [None, PAUSED])
def test_encode__whatever_is_known__comes_back_as_it_was(reading: Any) -> None:
    snapshot = Snapshot() if reading is None else view_of(reading).snapshot
    told = decode(encode(ModelId(2**60), 1, snapshot, "7"), ModelId(2**60), 1)
    assert (told.reading, told.fault, told.echo) == (snapshot.reading, snapshot.fault, "7")
