"""Who sends a report, when, and with whose signatures: three monitors that read each other's stores."""

from __future__ import annotations

import asyncio

import pytest

from integration.monitor_world import DEADLINE, STEP, Monitor, MonitorWorld, looks, monitors, sharing
from tribune.chain.enums import State
from tribune.exceptions import ChainUnreachableError
from tribune.ids import FrameIndex, ModelId

ONE = ModelId(1)


async def transactions(panel: list[Monitor]) -> int:
    return sum([await monitor.sent() for monitor in panel])


async def test_look__three_healthy_monitors__one_transaction_a_frame_with_all_three(
    world: MonitorWorld,
) -> None:
    async with sharing(world, 0, 1, 2, stagger_s=1.0) as panel:
        before = await transactions(panel)
        for turn in range(3):
            frame = world.sealed(ONE)
            await looks(panel, times=40)
            assert (await panel[0].frame(ONE, frame)).reported == {0, 1, 2}
            rows = [monitor.row(ONE, frame) for monitor in panel]
            assert {row.state for row in rows} == {"counted"}
            assert len({row.tx_hash for row in rows}) == 1
            assert await transactions(panel) - before == turn + 1


async def test_look__evaluation__one_transaction_with_all_three(world: MonitorWorld) -> None:
    version = world.register_version(ONE)
    async with sharing(world, 0, 1, 2, stagger_s=1.0) as panel:
        before = await transactions(panel)
        await looks(panel, times=40)
        assert await panel[0].tribune.report_hub.evaluation_passed(ONE, version)
        assert await transactions(panel) - before == 1


async def test_look__one_monitor_absent__one_transaction_with_the_two(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0, 2, stagger_s=1.0) as panel:
        before = await transactions(panel)
        await looks(panel, times=60)
        assert (await panel[0].frame(ONE, frame)).reported == {0, 2}
        assert await transactions(panel) - before == 1


async def test_look__breach_seen_by_two__brought_without_waiting_for_the_third(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, age=10_000.0)
    async with sharing(world, *((frame + n) % 3 for n in range(2)), stagger_s=60.0) as panel:
        await looks(panel, times=3)
        first = panel[0]
        first.worker._settling.quorum._waiting.clear()  # its turn to look for the others again
        await first.look()
        assert (await first.tribune.kill_switch.status(ONE)).state is State.SUSPENDED


async def test_look__comes_after_the_quorum__counts_by_its_own_transaction(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0, 1, 2) as panel:
        await looks(panel[:2])
        assert (await panel[0].frame(ONE, frame)).reported == {0, 1}
        await looks(panel)
        record = await panel[0].frame(ONE, frame)
        assert (record.reported, record.agreement) == (frozenset({0, 1, 2}), 3)


async def test_look__whose_turn_it_is_cannot_send__the_next_does(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0, 1, 2) as panel:
        first = panel[frame % 3]

        async def fail(*_: object, **__: object) -> None:
            raise ChainUnreachableError("The node does not answer.")

        monkeypatch.setattr(first.worker.sender, "send", fail)
        others = [monitor for monitor in panel if monitor is not first]
        before = await first.sent()
        for _ in range(8):
            await asyncio.gather(*(m.look() for m in others), first.look(), return_exceptions=True)
            await asyncio.sleep(0.05)
        assert (await others[0].frame(ONE, frame)).reported == {0, 1, 2}
        assert (first.row(ONE, frame).state, await first.sent()) == ("counted", before)


async def test_look__no_quorum__waits_until_half_the_deadline_then_sends_its_own(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await looks([monitor], times=4)
        assert monitor.row(ONE, frame).state == "published"
        world.until(world.grid(ONE).bounds(frame)[1] // 1_000_000 + DEADLINE // 2 - 40)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == frozenset()
        world.chain.warp(41)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
        assert monitor.row(ONE, frame).state == "counted"


async def test_look__restarted_while_waiting__signs_nothing_anew_and_counts(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        signed = monitor.row(ONE, frame)
    async with sharing(world, 0, 1) as panel:
        await looks(panel)
        row = panel[0].row(ONE, frame)
    assert (row.id, row.signature, row.state) == (signed.id, signed.signature, "counted")


async def test_look__kth_signature_in_a_block_of_its_own__gas_suffices_to_judge_and_suspend(
    world: MonitorWorld,
) -> None:
    frame = world.sealed(ONE, age=10_000.0)
    async with monitors(world, 0, 1) as panel:  # each sends its own
        world.chain.rpc("evm_setAutomine", False)
        try:
            looking = [asyncio.create_task(monitor.look()) for monitor in panel]
            async with asyncio.timeout(20):
                while int(world.chain.rpc("txpool_status")["pending"], 16) < 2:  # noqa: ASYNC110 - anvil's
                    await asyncio.sleep(0.05)
            world.chain.rpc("evm_mine")
            await asyncio.gather(*looking)
        finally:
            world.chain.rpc("evm_setAutomine", True)
        assert (await panel[0].frame(ONE, frame)).judged
        assert (await panel[0].tribune.kill_switch.status(ONE)).state is State.SUSPENDED
        blocks = {monitor.row(ONE, frame).block_number for monitor in panel}
    assert len(blocks) == 1


async def test_look__deadline_over_while_waiting__given_up_and_said(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (monitor,):
        await monitor.look()
        world.pass_deadline(ONE, frame)
        before = await monitor.sent()
        await monitor.look()
        row = monitor.row(ONE, frame)
        assert (row.state, await monitor.sent()) == ("refused", before)
        assert "deadline was over" in row.error


async def test_look__deadline_over_while_measuring__not_signed(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        measure = monitor.worker.measurer.measure

        async def slowly(due):  # type: ignore[no-untyped-def]
            measured = await measure(due)
            world.pass_deadline(ONE, frame)
            return measured

        monkeypatch.setattr(monitor.worker.measurer, "measure", slowly)
        await monitor.look()
        assert monitor.signed(ONE, frame) is None


async def test_look__frames_over_while_catching_up__not_measured(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [world.sealed(ONE) for _ in range(3)]
    async with monitors(world, 0) as (monitor,):
        measure, measured = monitor.worker.measurer.measure, []

        async def first_takes_long(due):  # type: ignore[no-untyped-def]
            measured.append(due.frame)
            if due.frame == frames[0]:
                world.pass_deadline(ONE, FrameIndex(frames[1]))
            return await measure(due)

        monkeypatch.setattr(monitor.worker.measurer, "measure", first_takes_long)
        await monitor.look()
    assert measured == [frames[0], frames[2]]
    assert DEADLINE > 2 * STEP
