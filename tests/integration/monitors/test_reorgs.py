"""Reorganisations through our report, and through the anchor that it is about."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from integration.monitor_world import DEADLINE, Monitor, MonitorWorld, looks, monitors, sharing
from tribune.chain.report_hub import FrameRecord
from tribune.chain.types import Block
from tribune.decisions.anchor import Manifest
from tribune.exceptions import ChainError, RevertedError
from tribune.ids import Digest, FrameIndex, ModelId
from tribune.store.queries import reports_in
from tribune.store.session import Session
from tribune.store.states import ReportState
from tribune.store.tables import SignedReport

ONE = ModelId(1)


def mine(world: MonitorWorld, blocks: int) -> None:
    """Let blocks pass, one second each."""
    world.chain.rpc("anvil_mine", hex(blocks), hex(1))


def reorganise(world: MonitorWorld, depth: int) -> None:
    """Replace the last blocks by empty ones; the transactions in them are nowhere any more."""
    world.chain.rpc("evm_setAutomine", False)
    world.chain.rpc("anvil_reorg", depth, [])
    world.chain.rpc("anvil_dropAllTransactions")
    world.chain.rpc("evm_setAutomine", True)


async def times_counted(monitor: Monitor, frame: FrameIndex) -> int:
    head = await monitor.tribune.chain.head()
    events = await monitor.tribune.report_hub.attested(ONE, frame, 0, head.number)
    return sum(event.monitor == monitor.worker.monitor for event in events)


@pytest.mark.parametrize("depth", [1, 5, 30])
async def test_look__report_reorganised_away__sent_again_and_counted_once(
    world: MonitorWorld, depth: int
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        mine(world, 40)
        await monitor.look()
        signed = monitor.row(ONE, frame)
        mine(world, depth - 1)
        await monitor.look()
        assert monitor.row(ONE, frame).state == ("final" if depth > 12 else "counted")
        reorganise(world, depth)
        assert (await monitor.frame(ONE, frame)).reported == frozenset()
        await monitor.look()
        again = monitor.row(ONE, frame)
        assert (again.signature, again.state) == (signed.signature, "counted")
        assert await times_counted(monitor, frame) == 1
        mine(world, 13)
        await monitor.look()
        assert monitor.row(ONE, frame).state == "final"


async def test_look__reorganised_while_it_did_not_run__sent_again(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert monitor.row(ONE, frame).state == "counted"
    reorganise(world, 1)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert await times_counted(monitor, frame) == 1
        assert monitor.row(ONE, frame).state == "counted"


async def test_look__quorum_reorganised_away__brought_again_by_one_transaction(world: MonitorWorld) -> None:
    async with sharing(world, 0, 1, 2, stagger_s=1.0) as panel:
        frame = world.sealed(ONE)
        await looks(panel, times=40)
        reorganise(world, 1)
        assert (await panel[0].frame(ONE, frame)).reported == frozenset()
        before = sum([await monitor.sent() for monitor in panel])
        await asyncio.gather(*(monitor.look() for monitor in panel))
        await looks(panel, times=40)
        assert (await panel[0].frame(ONE, frame)).reported == {0, 1, 2}
        assert sum([await monitor.sent() for monitor in panel]) == before + 1


async def test_look__mined_again_elsewhere__final_only_when_that_block_is(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        first = monitor.row(ONE, frame).block_number
        reorganise(world, 1)
        mine(world, 8)
        await monitor.look()
        assert monitor.row(ONE, frame).block_number > first + 5
        mine(world, 6)
        await monitor.look()
        assert monitor.row(ONE, frame).state == "counted"


async def test_look__anchor_reorganised_away_before_sending__waits_for_it(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    manifest = world.seal(ONE, frame)
    world.anchor(manifest)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        signed = monitor.row(ONE, frame)
        reorganise(world, 1)
        world.pass_deadline(ONE, frame, but_s=100)
        await monitor.look()
        assert ["anchor away" in text for text in monitor.why] == [True]
        assert monitor.row(ONE, frame).state == "published"
        world.anchor(manifest)
        await monitor.look()
        row = monitor.row(ONE, frame)
        assert (row.signature, row.state) == (signed.signature, "counted")
        assert not monitor.why


async def test_look__another_log_anchored_after_a_reorganisation__never_signs_again_and_says_what_to_do(
    world: MonitorWorld,
) -> None:
    frame = world.current_frame(ONE)
    manifest = world.seal(ONE, frame)
    world.anchor(manifest)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        signed = monitor.row(ONE, frame)
        reorganise(world, 1)
        world.anchor(Manifest(**{**vars(manifest), "merkle_root": Digest(b"\7" * 32)}))
        world.pass_deadline(ONE, frame, but_s=100)
        await monitor.look()
        await monitor.look()
        row = monitor.row(ONE, frame)
        assert (row.id, row.signature, row.state) == (signed.id, signed.signature, "published")
        assert ["Ask the steward" in text for text in monitor.why] == [True]
        assert (await monitor.frame(ONE, frame)).reported == frozenset()
        world.pass_deadline(ONE, frame)
        await monitor.look()
        row = monitor.row(ONE, frame)
        assert row.state == "refused"
        assert "another log" in row.error


async def test_look__evaluations_reorganised_away__brought_again(world: MonitorWorld) -> None:
    version = world.register_version(ONE)
    async with monitors(world, 0, 1) as panel:
        for monitor in panel:
            await monitor.look()
        mine(world, 3)
        await panel[0].look()
        reorganise(world, 5)  # both evaluations
        for monitor in panel:
            await monitor.look()
        assert await panel[0].tribune.report_hub.evaluation_passed(ONE, version)


async def test_look__node_keeps_no_old_state__final_by_what_the_newest_block_says(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        hub = monitor.tribune.report_hub
        ask = hub.frame

        async def pruned(*args: Any, block: int | str = "latest") -> FrameRecord:
            if block != "latest":
                raise ChainError("The node refused: missing trie node.")
            return await ask(*args)

        monkeypatch.setattr(hub, "frame", pruned)
        mine(world, 13)
        await monitor.look()
        assert monitor.row(ONE, frame).state == "final"


async def test_look__node_told_a_head_of_the_future__report_goes_on_with_the_true_one(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        ask = monitor.tribune.chain.head

        async def ahead() -> Block:
            true = await ask()
            return replace(
                true, number=true.number + 1, hash="0x" + "7" * 64, timestamp=true.timestamp + 2 * DEADLINE
            )

        with monkeypatch.context() as lying:
            lying.setattr(monitor.tribune.chain, "head", ahead)
            await monitor.look()
        assert monitor.row(ONE, frame).state == "refused"
        await monitor.look()
        assert monitor.row(ONE, frame).state == "published"
        world.pass_deadline(ONE, frame, but_s=100)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__node_told_a_false_time_of_a_true_block__report_goes_on_with_the_next(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        ask = monitor.tribune.chain.head

        async def late() -> Block:
            true = await ask()
            return replace(true, timestamp=true.timestamp + 2 * DEADLINE)

        with monkeypatch.context() as lying:
            lying.setattr(monitor.tribune.chain, "head", late)
            await monitor.look()
        assert monitor.row(ONE, frame).state == "refused"
        mine(world, 1)
        await monitor.look()
        assert monitor.row(ONE, frame).state == "published"


async def test_look__frame_signed_after_a_later_one__brought_oldest_frame_first(world: MonitorWorld) -> None:
    frames = [world.sealed(ONE) for _ in range(2)]
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        assert [monitor.row(ONE, frame).state for frame in frames] == ["published"] * 2

        def signed_last(session: Session) -> None:
            row = session.get(SignedReport, monitor.row(ONE, frames[0]).id)
            assert row is not None
            row.id = 99

        await monitor.worker.store.run(signed_last)
        world.pass_deadline(ONE, frames[0], but_s=60)
        for _ in range(3):
            await monitor.look()
        head = await monitor.tribune.chain.head()
        counted = [
            event
            for frame in frames
            for event in await monitor.tribune.report_hub.attested(ONE, frame, 0, head.number)
        ]
        order = sorted(counted, key=lambda event: (event.log.block_number, event.log.log_index))
        assert [event.frame for event in order] == frames


async def test_look__evaluation_refused_by_a_node_that_errs__sent_later(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register_version(ONE)
    async with monitors(world, 0) as (monitor,):

        async def refuse(*_: object, **__: object) -> None:
            raise RevertedError("The contract refused: ReportWrongManifest.", error="ReportWrongManifest")

        with monkeypatch.context() as erring:
            erring.setattr(monitor.worker.sender, "send", refuse)
            await monitor.look()
        assert (monitor.open, len(monitor.why)) == (1, 1)
        before = await monitor.sent()
        await monitor.look()
        assert (monitor.open, await monitor.sent(), monitor.why) == (0, before + 1, [])


async def test_look__policy_changed_before_an_evaluation_counted__closed_with_the_reason(
    world: MonitorWorld,
) -> None:
    world.register_version(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        world.change_policy(ONE)
        await monitor.look()
        with monitor.worker.store.session(readonly=True) as session:
            closed = reports_in(session, monitor.worker.monitor, ReportState.REFUSED)
        assert ["Another policy" in row.error for row in closed] == [True]


async def test_look__policy_of_an_open_report_reorganised_away__closed_once_the_other_is_final(
    world: MonitorWorld,
) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()

        def signed_for_another(session: Session) -> None:
            row = session.get(SignedReport, monitor.row(ONE, frame).id)
            assert row is not None
            row.policy = "77" * 32

        await monitor.worker.store.run(signed_for_another)
        mine(world, 13)
        await monitor.look()
        row = monitor.row(ONE, frame)
        assert row.state == "refused"
        assert "took its policy away" in row.error
        assert not await monitor.worker.has_unsettled()
