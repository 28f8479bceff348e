"""Evidence stores that are down, full or slow: a report goes on if one works, the others get copies later."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from integration.monitor_world import Monitor, MonitorWorld, monitors
from tribune.exceptions import EvidenceError
from tribune.ids import Cid, ModelId
from tribune.reports.attestation import read_attestation
from tribune.reports.evidence_store import read_evidence
from tribune.reports.signing import HubDomain
from tribune.store.queries import outbox_depth
from tribune_monitors.reporting.stored import document_of

ONE = ModelId(1)


def with_stores(monitor: Monitor, *urls: str) -> Monitor:
    """Return the same monitor, restarted with other evidence stores of its own."""
    worker = monitor.worker
    return replace(monitor, worker=replace(worker, evidence=urls))


def blocked(path: Path) -> str:
    """Return a store that takes nothing: a file stands where its folder should be."""
    path.write_bytes(b"")
    return str(path)


def depth(monitor: Monitor) -> int:
    with monitor.worker.store.session(readonly=True) as session:
        return outbox_depth(session)


def complete(monitor: Monitor, url: str, frame: int) -> bool:
    """Whether a store has both evidence and attestation of a frame."""
    row = monitor.row(ONE, frame)
    domain = HubDomain(monitor.tribune.chain.chain_id, monitor.tribune.report_hub.address)
    read_evidence(url, Cid(row.cid))
    return read_attestation(url, document_of(row, domain).name) is not None


async def test_look__one_of_two_stores_down__reported_and_copied_later(
    world: MonitorWorld, tmp_path: Path
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (made,):
        down, up = tmp_path / "down", str(tmp_path / "up")
        monitor = with_stores(made, blocked(down), up)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
        assert complete(monitor, up, frame)
        assert depth(monitor) == 2
        down.unlink()
        await asyncio.sleep(0.6)  # the outbox's first pause
        await monitor.worker.settle()
        await asyncio.sleep(0.6)
        await monitor.worker.settle()
        assert complete(monitor, str(down), frame)
        assert depth(monitor) == 0
        await monitor.worker.close()


async def test_look__one_store_gone_for_long__the_others_get_theirs_meanwhile(
    world: MonitorWorld, tmp_path: Path
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (made,):
        gone, back, up = tmp_path / "gone", tmp_path / "back", str(tmp_path / "up")
        monitor = with_stores(made, blocked(gone), blocked(back), up)
        await monitor.look()
        back.unlink()
        for _ in range(3):
            await asyncio.sleep(0.6)
            await monitor.worker.settle()
        assert complete(monitor, str(back), frame)
        assert depth(monitor) == 2
        await monitor.worker.close()


async def test_look__all_stores_down__frame_stays_due_and_is_said(
    world: MonitorWorld, tmp_path: Path
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (made,):
        paths = [tmp_path / "one", tmp_path / "two"]
        monitor = with_stores(made, *(blocked(path) for path in paths))
        await monitor.look()
        assert monitor.signed(ONE, frame) is None
        assert ["None of our 2 evidence stores" in text for text in monitor.why] == [True]
        paths[0].unlink()
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
        assert not monitor.why
        await monitor.worker.close()


async def test_look__full_disk__as_one_that_is_down(
    world: MonitorWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    sync = os.fsync

    def full(descriptor: int) -> None:
        if "/full/" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    async with monitors(world, 0) as (made,):
        monitor = with_stores(made, str(tmp_path / "full"), str(tmp_path / "up"))
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
        assert [path for path in (tmp_path / "full").rglob("*") if path.is_file()] == []
        await monitor.worker.close()


@pytest.mark.alone
async def test_look__store_that_never_answers__report_is_a_few_seconds_late(
    world: MonitorWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    mkdir = Path.mkdir

    def slow(path: Path, *args: object, **options: object) -> None:
        if "slow" in path.parts:
            time.sleep(8)
        mkdir(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", slow)
    async with monitors(world, 0) as (made,):
        monitor = with_stores(made, str(tmp_path / "slow"), str(tmp_path / "up"))
        monitor.worker._filing._timeout_s = 0.3
        began = time.monotonic()
        await monitor.look()
        assert time.monotonic() - began < 6
        assert (await monitor.frame(ONE, frame)).reported == {0}
        await monitor.worker.close()


async def test_look__attestation_cannot_be_published__sends_its_own_by_half_the_deadline(
    world: MonitorWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, patience=0.5) as (monitor,):

        async def fail(_: object) -> None:
            raise EvidenceError("None takes it.")

        monkeypatch.setattr(monitor.worker._filing, "publish", fail)
        await monitor.look()
        assert monitor.row(ONE, frame).state == "signed"
        assert monitor.why == ["None takes it."]
        world.pass_deadline(ONE, frame, but_s=100)
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
