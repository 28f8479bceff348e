"""How fast and how sparingly a watcher follows the chain, and what it does when it cannot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tribune.exceptions import WrongChainError
from tribune.gate.status import CaseFacts, Cause, StatusView
from tribune.gate.watcher import ChainWatcher
from tribune.ids import Address, CaseId, VersionNumber
from unit.gate.chain import ACTIVE, CASE, MODEL, SUSPENDED, VERSION, HandChain, until

SWITCH = Address("0x" + "11" * 20)
SLOW = 30.0  # polling that a test never sees


@asynccontextmanager
async def _watching(chain: HandChain, **options: Any) -> AsyncIterator[StatusView]:
    view = StatusView(MODEL)
    options = {"contracts": [SWITCH], "poll_s": SLOW, "timeout_s": 0.2, **options}
    task = asyncio.create_task(ChainWatcher(chain, **options).run(view))
    await until(lambda: chain.reads > 0 and (len(chain._queues) == 2 or not chain.pushes))
    await asyncio.sleep(0.01)
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _cause(view: StatusView, max_staleness_s: float = 5) -> Cause | None:
    refusal = view.refusal(VERSION, max_staleness_s)
    return refusal.cause if refusal else None


@pytest.mark.alone
@pytest.mark.parametrize("push", ["head", "log"])
async def test_run__pushed_suspension__refuses_within_200_ms(push: str) -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        assert _cause(view) is None
        start = time.perf_counter()
        chain.mine(push, state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: _cause(view) is Cause.SUSPENDED)
        assert time.perf_counter() - start < 0.2


async def test_run__nothing_pushed__polls() -> None:
    chain = HandChain(pushes=False)
    async with _watching(chain, poll_s=0.02) as view:
        chain.mine(state="Paused")
        await until(lambda: _cause(view) is Cause.PAUSED)


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
        await until(lambda: _cause(view, 0.1) is Cause.UNKNOWN)
        assert view.snapshot.fault == "The node does not answer."
        chain.reachable = True
        chain.mine()
        await until(lambda: _cause(view, 0.1) is None)


async def test_run__node_hangs__is_noted_within_the_timeout() -> None:
    chain = HandChain(hangs=True)
    async with _watching(chain) as view:
        await until(lambda: "within 0.2 s" in view.snapshot.fault)
        assert _cause(view) is Cause.UNKNOWN


async def test_run__another_chain__refuses_at_once() -> None:
    chain = HandChain()
    async with _watching(chain) as view:
        chain.fault = WrongChainError("The node serves chain 1, not 31337.")
        chain.mine()
        await until(lambda: _cause(view) is Cause.UNKNOWN)


async def test_run__stopped__reads_what_the_case_is_about() -> None:
    chain = HandChain()
    async with _watching(chain, details=lambda case: f"said of case {case.case_id}") as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.sentence)
        assert (view.snapshot.case, view.snapshot.sentence) == (CASE, "said of case 7")


async def test_run__vote_opens_later__is_seen_then_read_no_more() -> None:
    chain = HandChain(case=replace(CASE, vote=0))
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


async def test_run__metric_not_readable_at_first__is_read_again() -> None:
    chain = HandChain(case=replace(CASE, metric=""))
    async with _watching(chain) as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.case is not None)
        chain.case = CASE
        chain.mine()
        await until(lambda: view.snapshot.case == CASE)


async def test_run__details_that_fail__cost_the_sentence_only() -> None:
    def fails(case: CaseFacts) -> str:
        raise RuntimeError("no evidence here")

    chain = HandChain()
    async with _watching(chain, details=fails) as view:
        chain.mine(state="Suspended", until=SUSPENDED.until, case_id=CaseId(7))
        await until(lambda: view.snapshot.case is not None)
        await asyncio.sleep(0.05)
        assert (_cause(view), view.snapshot.sentence) == (Cause.SUSPENDED, "")


async def test_run__active__reads_no_case() -> None:
    chain = HandChain()
    async with _watching(chain):
        chain.mine()
        await asyncio.sleep(0.05)
        assert chain.case_reads == 0


async def test_run__times_as_datetimes__are_taken_as_unix_seconds() -> None:
    chain = HandChain()
    moment = datetime.fromtimestamp(ACTIVE.block_time + 5, UTC)
    async with _watching(chain) as view:
        chain.mine(block_time=moment, until=None)
        await until(lambda: view.snapshot.reading is not None and view.snapshot.reading.block_number == 813)
        assert view.snapshot.reading is not None
        assert (view.snapshot.reading.block_time, view.snapshot.reading.until) == (ACTIVE.block_time + 5, 0)


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
