"""Each monitor recomputes one peer's witness a frame, and keeps the verdict and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from integration.monitor_world import VERSION, Monitor, MonitorWorld, looks, monitors, sharing
from tribune.ids import Address, FrameIndex, ModelId
from tribune.store.queries import peer_verdicts
from tribune_monitors.reporting.stored import digest_of, reported_of

ONE = ModelId(1)


def verdicts(world: MonitorWorld, monitor: Monitor, frame: FrameIndex) -> dict[int, str]:
    """Return by place in the panel what a monitor found in a frame."""
    places: dict[str, int] = {account.address: place for place, account in enumerate(world.chain.monitors)}
    with monitor.worker.store.session(readonly=True) as session:
        found = peer_verdicts(session, monitor.worker.monitor, ONE, VERSION, frame)
    return {places[peer]: str(verdict) for peer, verdict in found.items()}


async def test_look__three_frames__each_peer_found_right_by_the_other_two(world: MonitorWorld) -> None:
    async with sharing(world, 0, 1, 2) as panel:
        for _ in range(3):
            frame = world.sealed(ONE)
            await looks(panel, times=20)
            for monitor in panel:
                await monitor.worker.check_peers()
            peer = frame % 3
            for place, monitor in enumerate(panel):
                assert verdicts(world, monitor, frame) == ({} if place == peer else {peer: "ok"})


async def test_look__peers_stores_not_readable__witness_taken_from_the_chain(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1, 2) as panel:
        frame = world.sealed(ONE)
        for monitor in panel:
            await monitor.look()
        for monitor in panel:
            await monitor.worker.check_peers()
        peer = frame % 3
        assert verdicts(world, panel[(peer + 1) % 3], frame) == {peer: "ok"}


async def test_look__report_waits_for_its_turn__verdict_written_once(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    peer = frame % 3
    async with sharing(world, (peer + 1) % 3, peer, stagger_s=5.0) as (monitor, shown):
        written = []
        run = monitor.worker.store.run

        async def noted(work: Any, *args: Any, **options: Any) -> Any:
            written.append(work.__name__)
            return await run(work, *args, **options)

        monkeypatch.setattr(monitor.worker.store, "run", noted)
        await shown.look()
        for _ in range(4):
            await monitor.look()
        assert monitor.open == 1
        assert written.count("record_peer_check") == 1


async def test_check_peers__peer_silent_until_the_deadline__absent(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    peer = frame % 3
    async with monitors(world, (peer + 1) % 3) as (monitor,):
        await monitor.look()
        assert verdicts(world, monitor, frame) == {}
        world.pass_deadline(ONE, frame)
        await monitor.look()
        assert verdicts(world, monitor, frame) == {peer: "absent"}


async def test_check_peers__restarted_before_the_peer_came__still_checked(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    peer = frame % 3
    async with monitors(world, (peer + 1) % 3) as (monitor,):
        await monitor.look()
    async with monitors(world, (peer + 1) % 3, peer) as (monitor, late):
        await late.look()
        await monitor.look()
        assert verdicts(world, monitor, frame) == {peer: "ok"}


async def test_look__expected_witness_of_a_peer__is_in_no_file(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    peer = frame % 3
    place = (peer + 1) % 3
    async with monitors(world, place) as (monitor,):
        await monitor.look()
        about = reported_of(monitor.row(ONE, frame))
        expected = await monitor.worker.measurer.witness_of(
            about, Address(world.chain.monitors[peer].address)
        )
        assert expected != digest_of(monitor.row(ONE, frame).witness)
    for path in (world.root / f"monitor-{place}").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert data.count(expected) == 0
            assert expected.hex().encode() not in data


async def test_check_peers__signed_while_earlier_rows_are_recalled__checked_too(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    peer = frame % 3
    async with monitors(world, (peer + 1) % 3, peer) as (monitor, shown):
        await shown.look()
        recent = monitor.worker._recent

        async def recalled_before_it_was_signed(*args: Any) -> Any:
            rows = await recent(*args)
            await monitor.worker.look_at(ONE)
            return rows

        with monkeypatch.context() as slow:
            slow.setattr(monitor.worker, "_recent", recalled_before_it_was_signed)
            await monitor.worker.check_peers()
        await monitor.worker.check_peers()
        assert verdicts(world, monitor, frame) == {peer: "ok"}


async def test_check_peers__one_row_breaks__the_others_are_checked(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = world.sealed(ONE)
    while world.current_frame(ONE) % 3 == (first + 1) % 3:  # in which the monitor itself is the peer
        world.chain.warp(100)
    second = world.sealed(ONE)
    peers = (first % 3, second % 3)
    async with monitors(world, (first + 1) % 3, *dict.fromkeys(peers)) as (monitor, *others):
        for one in others:
            await one.look()
        await monitor.worker.look_at(ONE)
        witness_of = monitor.worker.measurer.witness_of

        async def broken(about: Any, peer: Address) -> Any:
            if about.frame == first:
                raise ValueError("not foreseen")
            return await witness_of(about, peer)

        monkeypatch.setattr(monitor.worker.measurer, "witness_of", broken)
        await monitor.worker.check_peers()
        assert (verdicts(world, monitor, first), verdicts(world, monitor, second)) == ({}, {peers[1]: "ok"})
