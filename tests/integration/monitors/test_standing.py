"""The same key started twice: one process acts, the other stands down and says why."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from datetime import UTC, datetime, timedelta

from integration.monitor_world import MonitorWorld, monitors, sharing
from tribune.ids import ModelId
from tribune.store.leases import lease_of
from tribune.store.session import Session
from tribune.store.tables import Lease
from tribune_monitors.reporting.standing import LEASE, this_machine

ONE = ModelId(1)


async def test_look__same_key_on_the_same_store__the_second_stands_down_and_says_who_acts(
    world: MonitorWorld,
) -> None:
    async with monitors(world, 0) as (first,), monitors(world, 0) as (second,):
        frame = world.sealed(ONE)
        await asyncio.gather(first.look(), second.look())
        standing = [monitor for monitor in (first, second) if monitor.why]
        assert len(standing) == 1
        assert "Another process acts for" in standing[0].why[0]
        assert str(os.getpid()) in standing[0].why[0]
        assert (await first.frame(ONE, frame)).reported == {0}


async def test_look__the_first_ends__the_second_takes_over(world: MonitorWorld) -> None:
    async with monitors(world, 0) as (second,):
        async with monitors(world, 0) as (first,):
            await first.look()
            await second.look()
            assert second.why
        frame = world.sealed(ONE)
        await second.look()
        assert not second.why
        assert (await second.frame(ONE, frame)).reported == {0}


async def test_look__the_first_was_killed__the_second_takes_over_at_once(world: MonitorWorld) -> None:
    waiting = (sys.executable, "-c", "input()")
    process = await asyncio.create_subprocess_exec(*waiting, stdin=asyncio.subprocess.PIPE)
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):

        def held_by_it(session: Session) -> None:
            name, holder = f"monitor/{monitor.worker.monitor.lower()}", f"{this_machine()}/other"
            until = datetime.now(UTC) + LEASE
            session.add(Lease(name=name, holder=holder, host=platform.node(), pid=process.pid, until=until))

        await monitor.worker.store.run(held_by_it)
        await monitor.look()
        assert [str(process.pid) in text for text in monitor.why] == [True]
        process.kill()
        await process.wait()
        await monitor.look()
        assert not monitor.why
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__the_first_runs_on_another_machine__waited_for(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        until = datetime.now(UTC) + timedelta(seconds=3)

        def held_elsewhere(session: Session) -> None:
            name = f"monitor/{monitor.worker.monitor.lower()}"
            session.add(Lease(name=name, holder="there/x", host="there", pid=2**22 + 1, until=until))

        await monitor.worker.store.run(held_elsewhere)
        await monitor.look()
        assert ["on there" in text for text in monitor.why] == [True]
        await asyncio.sleep((until - datetime.now(UTC)).total_seconds() + 0.1)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__chain_tells_a_time_far_ahead__the_lease_ends_as_soon_as_ever(
    world: MonitorWorld,
) -> None:
    world.chain.warp(86_400)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        held = await monitor.worker.store.read(lease_of, f"monitor/{monitor.worker.monitor.lower()}")
        assert held is not None
        assert held.until <= datetime.now(UTC) + LEASE


async def test_look__same_key_on_two_stores__the_second_signs_nothing_and_says_why(
    world: MonitorWorld,
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (first,), monitors(world, 0, own="-copy") as (second,):
        await first.look()
        await second.look()
        assert second.signed(ONE, frame) is None
        assert ["on the chain" in text and "same key" in text for text in second.why] == [True]
        await second.look()
        assert second.signed(ONE, frame) is None
        later = world.sealed(ONE)
        await first.look()
        await second.look()
        assert (second.signed(ONE, later), len(second.why)) == (None, 2)


async def test_look__same_key_on_two_stores_and_not_on_chain_yet__seen_in_the_evidence_store(
    world: MonitorWorld,
) -> None:
    frame = world.sealed(ONE)
    async with (
        sharing(world, 0) as (first,),
        sharing(world, 0, own="-copy") as (second,),
    ):
        await first.look()
        assert first.row(ONE, frame).state == "published"
        await second.look()
        assert second.signed(ONE, frame) is None
        assert ["in an evidence store" in text for text in second.why] == [True]


async def test_look__own_evidence_stores_cannot_be_read__frame_waits_unsigned(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with sharing(world, 0) as (first,), sharing(world, 0, own="-copy") as (second,):
        await first.look()
        own = world.root / "monitor-0" / "evidence"
        own.rename(own.with_name("away"))
        theirs = world.root / "monitor-0-copy" / "evidence"
        theirs.write_bytes(b"")  # a file where the folder should be: nothing can be looked into
        await second.look()
        assert second.signed(ONE, frame) is None
        assert ["can be looked into" in text for text in second.why] == [True]
        own.with_name("away").rename(own)
        theirs.unlink()
        await second.look()
        assert ["in an evidence store" in text for text in second.why] == [True]
