"""How fast and how sparingly a watcher follows the chain, and what it does when it cannot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tribune.exceptions import ConfigurationError, WrongChainError
from tribune.gate.status import CaseFacts, Cause, StatusView
from tribune.gate.watching.watcher import ChainWatcher
from tribune.ids import CaseId, ModelId, VersionNumber
from unit.gate.chain import ACTIVE, CASE, MODEL, SUSPENDED, HandChain, cause, kept, until

MANY = 60
SLOW = 30.0  # polling that a test never sees


@asynccontextmanager
async def _watching(chain: HandChain, **options: Any) -> AsyncIterator[StatusView]:
    async with kept(ChainWatcher(chain, **{"poll_s": SLOW, "timeout_s": 0.2, **options})) as view:
        await until(lambda: chain.push_fault or (chain.asked and (chain.listeners or not chain.pushes)))
        await asyncio.sleep(0.01)
        yield view


@pytest.mark.alone
async def test_run__pushed_suspension__refuses_within_200_ms() -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        assert cause(view) is None
        start = time.perf_counter()
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: cause(view) is Cause.SUSPENDED)
        assert time.perf_counter() - start < 0.2


async def test_run__nothing_pushed__polls() -> None:
    chain = HandChain(pushes=False)
    async with _watching(chain, poll_s=0.02) as view:
        chain.mine(state="Paused")
        await until(lambda: cause(view) is Cause.PAUSED)


async def test_run__hundred_pushes_at_once__are_few_reads() -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        before = chain.reads
        for _ in range(100):
            chain.mine()
        await until(lambda: view.snapshot.reading == chain.status)
        await asyncio.sleep(0.02)
        assert chain.reads - before <= 3


async def test_run__quiet_chain__reads_nothing_but_polls() -> None:
    chain = HandChain()
    async with _watching(chain):
        before = chain.reads
        await asyncio.sleep(0.05)
        assert chain.reads == before


async def test_run__chain_unreachable__view_grows_too_old_and_comes_back() -> None:
    chain = HandChain()
    async with _watching(chain, poll_s=0.02) as view:
        chain.reachable = False
        await until(lambda: cause(view, 0.5) is Cause.UNKNOWN)
        assert view.snapshot.fault == "The node does not answer."
        chain.reachable = True
        chain.mine()
        await until(lambda: cause(view, 0.5) is None)


async def test_run__node_hangs__is_noted_within_the_timeout() -> None:
    chain = HandChain(hangs=True)
    async with _watching(chain) as view:
        await until(lambda: "within 0.2 s" in view.snapshot.fault)
        assert cause(view) is Cause.UNKNOWN


async def test_run__another_chain__refuses_at_once() -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        chain.fault = WrongChainError("The node serves chain 1, not 31337.")
        chain.mine()
        await until(lambda: cause(view) is Cause.UNKNOWN)


async def test_run__pushes_from_another_chain__refuses_though_reads_are_well() -> None:
    chain = HandChain(push_fault=WrongChainError("The websocket serves chain 1, not 31337."))
    async with _watching(chain, poll_s=0.02) as view:
        await until(lambda: "chain 1" in view.snapshot.fault)
        assert cause(view) is Cause.UNKNOWN
        chain.push_fault = None
        await until(lambda: chain.listeners == 1)
        chain.mine()
        await until(lambda: cause(view) is None)


async def test_run__stopped__reads_what_the_case_is_about() -> None:
    chain = HandChain()
    async with _watching(chain, details=lambda case: f"said of case {case.case_id}") as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.sentence)
        assert (view.snapshot.case, view.snapshot.sentence) == (CASE, "said of case 7")


@pytest.mark.parametrize("lacking", [{"vote": 0}, {"metric": ""}])
async def test_run__case_not_whole_at_first__is_read_again_then_no_more(lacking: dict[str, Any]) -> None:
    chain = HandChain(case=replace(CASE, **lacking))
    async with _watching(chain) as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.case is not None)
        chain.case = CASE
        chain.mine()
        await until(lambda: view.snapshot.case == CASE)
        reads = chain.case_reads
        chain.mine()
        await until(lambda: view.snapshot.reading == chain.status)
        assert chain.case_reads == reads


async def test_run__details_that_fail__cost_the_sentence_only() -> None:
    def fails(case: CaseFacts) -> str:
        raise RuntimeError("no evidence here")

    chain = HandChain()
    async with _watching(chain, details=fails) as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.case is not None)
        await asyncio.sleep(0.05)
        assert (cause(view), view.snapshot.sentence) == (Cause.SUSPENDED, "")


async def test_run__active__reads_no_case() -> None:
    chain = HandChain()
    async with _watching(chain):
        chain.mine()
        await asyncio.sleep(0.05)
        assert chain.case_reads == 0


async def test_run__another_version_takes_force__its_artifact_is_read_once() -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        await until(lambda: view.snapshot.artifact == b"\x01" * 32)
        chain.mine(version=VersionNumber(2))
        await until(lambda: view.snapshot.artifact == b"\x02" * 32)
        chain.mine()
        chain.mine()
        await asyncio.sleep(0.05)
        assert chain.artifact_reads == 2


@asynccontextmanager
async def _watching_many(
    chain: HandChain, count: int, **options: Any
) -> AsyncIterator[dict[ModelId, StatusView]]:
    chain.others = {ModelId(i): ACTIVE for i in range(2, count + 1)}
    views = {ModelId(i): StatusView(ModelId(i)) for i in range(1, count + 1)}
    options = {"poll_s": SLOW, "timeout_s": 0.5, **options}
    task = asyncio.create_task(ChainWatcher(chain, **options).run(*views.values()))
    await until(lambda: all(view.snapshot.reading for view in views.values()) and chain.listeners == 1)
    chain.read_models.clear()
    try:
        yield views
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _blocks(views: dict[ModelId, StatusView]) -> set[int]:
    return {view.snapshot.reading.block_number for view in views.values() if view.snapshot.reading}


async def test_run__many_models__reads_the_changed_one_and_carries_the_rest() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        chain.mine(ModelId(40), state="Paused", case_id=CaseId(7))
        await until(lambda: _blocks(views) == {chain.newest.number})
        assert chain.read_models == [40]
        assert [model for model, view in views.items() if cause(view) is Cause.PAUSED] == [40]


async def test_run__many_models_and_several_blocks_at_once__misses_none() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        for model in (30, 31, 32):
            chain.mine(ModelId(model), state="Paused")
        await until(lambda: _blocks(views) == {chain.newest.number})
        assert [model for model, view in views.items() if cause(view)] == [30, 31, 32]


async def test_run__reorg__reads_all_again() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        chain.mine()
        await until(lambda: _blocks(views) == {chain.newest.number})
        chain.reorganise(1, state="Paused")  # no event says so
        chain.mine()
        await until(lambda: _blocks(views) == {chain.newest.number})
        assert cause(views[MODEL]) is Cause.PAUSED
        assert set(chain.read_models) == set(views)


async def test_run__restless_model__is_read_at_each_block() -> None:
    chain = HandChain(restless=frozenset({ModelId(50)}))
    async with _watching_many(chain, MANY) as views:
        chain.others[ModelId(50)] = replace(ACTIVE, version=VersionNumber(2))
        chain.mine()
        await until(lambda: cause(views[ModelId(50)]) is Cause.WRONG_VERSION)


async def test_run__global_halt__stops_all_with_one_call_and_ends_by_chain_time() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        chain.halted_until = chain.newest.timestamp + 2
        chain.mine()
        await until(lambda: all(cause(view) is Cause.HALTED for view in views.values()))
        chain.mine()
        await until(lambda: not any(cause(view) for view in views.values()))
        assert chain.read_models == []


async def test_run__node_that_hides_an_event__is_found_out_in_turn() -> None:
    chain = HandChain(hides=frozenset({ModelId(33)}))
    async with _watching_many(chain, MANY, reread_s=0.3) as views:
        chain.mine(ModelId(33), state="Paused")
        for _ in range(40):
            await asyncio.sleep(0.01)
            chain.mine()
        await until(lambda: cause(views[ModelId(33)]) is Cause.PAUSED)


async def test_run__head_that_goes_back__reads_nothing_and_grows_too_old() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        chain.mine()
        chain.mine()
        await until(lambda: _blocks(views) == {chain.newest.number})
        chain.read_models.clear()
        chain.reorganise(2, state="Paused")
        await until(lambda: views[MODEL].snapshot.gone_back_to == chain.newest.number)
        assert chain.read_models == []
        assert _blocks(views) == {chain.newest.number + 1}


async def test_add__while_running__is_read_at_once() -> None:
    chain = HandChain()
    watcher = ChainWatcher(chain, poll_s=SLOW)
    task = asyncio.create_task(watcher.run(StatusView(MODEL)))
    await until(lambda: chain.reads == 1)
    late = StatusView(ModelId(9))
    watcher.add(late)
    await until(lambda: late.snapshot.reading is not None)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_add__second_view_of_a_model__is_refused() -> None:
    watcher = ChainWatcher(HandChain())
    watcher.add(StatusView(MODEL))
    with pytest.raises(ConfigurationError):
        watcher.add(StatusView(MODEL))


async def test_run__models_that_cannot_be_read__grow_old_while_the_rest_is_carried() -> None:
    chain = HandChain()
    async with _watching_many(chain, MANY) as views:
        chain.refuses = frozenset({ModelId(20)})
        chain.mine(ModelId(20), state="Paused")
        await until(lambda: _blocks(views) == {812, 813})
        chain.refuses = frozenset()
        chain.mine()
        await until(lambda: cause(views[ModelId(20)]) is Cause.PAUSED)
