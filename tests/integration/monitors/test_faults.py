"""What a monitor does where it cannot look: it says why, reports nothing, and goes on with the rest."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from integration.monitor_world import VERSION, MonitorWorld, monitors
from support.anvil import Anvil
from support.processes import environment, variables
from tribune.chain.client import Chain
from tribune.decisions.anchor import (
    Manifest,
    Partition,
    frame_folder,
    log_folder,
    manifest_bytes,
)
from tribune.exceptions import ChainUnreachableError, RevertedError, TribuneError, WrongChainError
from tribune.ids import Cid, Digest, FrameIndex, ModelId
from tribune.reports.canonical import digest
from tribune.reports.evidence_store import read_evidence
from tribune.settings import ChainSettings, KeySource
from tribune.store.tables import SignedReport
from tribune_monitors.app import run

ONE, TWO = ModelId(1), ModelId(2)


def partition(world: MonitorWorld, model_id: ModelId, frame: FrameIndex) -> Path:
    folder = frame_folder(log_folder(world.log, model_id, VERSION), frame)
    return folder / "part-0000.parquet"


async def test_look__partition_changed__says_so_and_reports_nothing(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    path = partition(world, ONE, frame)
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert ["was changed" in text for text in monitor.why] == [True]
        assert monitor.signed(ONE, frame) is None
        path.write_bytes(sealed)
        await monitor.look()
        assert not monitor.why
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__earlier_frame_changed__says_so_and_reports_nothing(world: MonitorWorld) -> None:
    first = world.sealed(ONE)
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        partition(world, ONE, first).unlink()
        await monitor.look()
        assert [text.split(" is ")[-1] for text in monitor.why] == ["missing."] * 2
        assert monitor.signed(ONE, frame) is None


async def test_look__other_manifest_than_anchored__says_so_and_reports_nothing(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    manifest = world.seal(ONE, frame)
    world.anchor(Manifest(**{**vars(manifest), "merkle_root": Digest(b"\7" * 32)}))
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert ["not the one that the chain names" in text for text in monitor.why] == [True]
        assert monitor.signed(ONE, frame) is None


async def test_look__column_missing__is_reported_as_missing_in_all_rows(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    world.anchor(world.seal(ONE, frame, jobs=False))
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert not monitor.why
        assert (await monitor.frame(ONE, frame)).reported == {0}
        evidence = read_evidence(monitor.settings.evidence_urls[0], Cid(monitor.row(ONE, frame).cid))
        assert evidence["values"]["quality.missing_rate/job"]["micro"] == 1_000_000


async def test_look__partition_is_no_parquet__says_so_and_serves_other_models(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    folder = log_folder(world.log, ONE, VERSION)
    frame_folder(folder, frame).mkdir(parents=True)
    path = partition(world, ONE, frame)
    path.write_bytes(b"not parquet")
    start, end = world.grid(ONE).bounds(frame)
    named = Partition(str(path.relative_to(folder)), digest(path.read_bytes()), 5)
    manifest = Manifest(ONE, VERSION, frame, start, end, (named,), (), Digest(b"\1" * 32), 5)
    (path.parent / "manifest.json").write_bytes(manifest_bytes(manifest))
    others = world.sealed(TWO)
    world.anchor(manifest)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert ["cannot be read" in text for text in monitor.why] == [True]
        assert monitor.signed(ONE, frame) is None
        assert (await monitor.frame(TWO, others)).reported == {0}


async def test_look__unforeseen_error__other_models_served(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sealed(ONE)
    others = world.sealed(TWO)
    async with monitors(world, 0) as (monitor,):
        measure = monitor.worker.measurer.measure

        async def fail_on_one(due):  # type: ignore[no-untyped-def]
            if due.model_id == ONE:
                raise KeyError("bug")
            return await measure(due)

        monkeypatch.setattr(monitor.worker.measurer, "measure", fail_on_one)
        await monitor.look()
        assert monitor.why == ["KeyError: 'bug'"]
        assert (await monitor.frame(TWO, others)).reported == {0}


async def test_look__fault_until_the_deadline__forgotten_then(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    partition(world, ONE, frame).unlink()
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert monitor.why
        world.pass_deadline(ONE, frame)
        await monitor.look()
        assert not monitor.why


async def test_look__profile_nowhere__says_whom_to_ask(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    for path in world.steward_store.iterdir():
        path.unlink()
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert ["No store holds the profile" in text for text in monitor.why] == [True]
        assert monitor.signed(ONE, frame) is None


async def test_look__unknown_model__says_so_and_serves_the_others(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, models=[99, ONE]) as (monitor,):
        await monitor.look()
        assert monitor.why == ["There is no model 99 on this chain. Check TRIBUNE_MONITOR__MODELS."]
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__key_cannot_pay__says_so_and_sends_once_funded(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        world.chain.rpc("anvil_setBalance", monitor.worker.monitor, hex(1))
        await monitor.look()
        assert ["cannot pay" in text for text in monitor.why] == [True]
        assert monitor.row(ONE, frame).state == "published"
        world.chain.rpc("anvil_setBalance", monitor.worker.monitor, hex(10**18))
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__node_gone_in_mid_work__raises_and_the_next_look_goes_on(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, timeout_s=0.3) as (monitor,):
        measure = monitor.worker.measurer.measure

        async def measure_and_cut(due):  # type: ignore[no-untyped-def]
            measured = await measure(due)
            monkeypatch.setattr(monitor.worker.measurer, "measure", measure)
            world.chain.anvil.pause()
            return measured

        monkeypatch.setattr(monitor.worker.measurer, "measure", measure_and_cut)
        try:
            with pytest.raises(ChainUnreachableError):
                await monitor.look()
            with pytest.raises(ChainUnreachableError):
                await monitor.look()
        finally:
            world.chain.anvil.unpause()
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
        assert monitor.row(ONE, frame).state == "counted"


async def test_look__another_chain_answers__refused(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        with Anvil.start(chain_id=5) as other, monkeypatch.context() as patched:
            there = Chain(other.http_url, chain_id=31337)
            patched.setattr(monitor.tribune.chain, "rpc", there.rpc)
            with pytest.raises(WrongChainError):
                await monitor.look()
            await there.close()
        assert monitor.signed(ONE, frame) is None


async def test_run__another_chain__refused_with_its_mend(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MONITOR_KEY", world.chain.monitors[0].key.hex())
    settings = world.settings("wrong", keys={"monitor": KeySource(env="TEST_MONITOR_KEY")})
    with Anvil.start(chain_id=5) as other:
        wrong = settings.model_copy(update={"chain": ChainSettings(http_url=other.http_url)})
        with pytest.raises(WrongChainError, match="TRIBUNE_CHAIN__HTTP_URL"):
            await run(wrong, asyncio.Event())


async def test_run__no_key__refused_with_its_mend(world: MonitorWorld) -> None:
    with pytest.raises(TribuneError, match="TRIBUNE_KEYS__MONITOR"):
        await run(world.settings("keyless"), asyncio.Event())


async def test_run__as_a_process__reports_and_stops_at_sigterm(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    world.pass_deadline(ONE, frame, but_s=60)  # past half of it, a monitor waits for no other
    key = world.chain.monitors[2].key.hex()
    given = environment(
        **variables(world.settings("monitor-2")),
        TRIBUNE_FRAMES_POLL_S="0.1",
        TRIBUNE_KEYS__MONITOR__ENV="MONITOR_KEY",
        MONITOR_KEY=key,
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tribune.cli", "monitor", "run",
        cwd=world.root, env=given, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with monitors(world, 0) as (watcher,), asyncio.timeout(30):
            while 2 not in (await watcher.frame(ONE, frame)).reported:
                assert process.returncode is None
                await asyncio.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert b"Traceback" not in said
    assert key.removeprefix("0x").encode() not in said


async def test_look__a_node_refuses_once_what_the_contract_would_take__sent_at_the_next_look(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)

    async def refuse(*_: object) -> int:
        raise RevertedError("The policy is another one.", error="ReportWrongPolicy")

    async with monitors(world, 0) as (monitor,):
        with monkeypatch.context() as behind:  # a node that has not seen the latest blocks
            behind.setattr(monitor.tribune.chain, "estimate", refuse)
            await monitor.look()
        assert ["another one" in text for text in monitor.why] == [True]
        await monitor.look()
        assert monitor.row(ONE, frame).state == "counted"


async def test_look__one_report_cannot_be_brought_on__the_next_one_is(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [world.sealed(ONE), world.sealed(ONE)]
    async with monitors(world, 0) as (monitor,):
        settling = monitor.worker._settling
        settle = settling.settle

        async def nothing(row: SignedReport, *_: object, **__: object) -> SignedReport:
            return row

        async def odd(row: SignedReport, *given: Any, **named: Any) -> SignedReport:
            if row.frame == frames[0]:
                raise ValueError("nobody foresaw this")
            return await settle(row, *given, **named)

        monkeypatch.setattr(settling, "settle", nothing)
        await monitor.look()
        monkeypatch.setattr(settling, "settle", odd)
        await monitor.look()
        assert monitor.row(ONE, frames[1]).state == "counted"
        assert ["nobody foresaw" in text for text in monitor.why] == [True]


async def test_look__versions_cannot_be_asked_for__the_frame_counts_all_the_same(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):

        async def fail(_: ModelId) -> int:
            raise ChainUnreachableError("The node does not answer.", mend="Wait.")

        monkeypatch.setattr(monitor.tribune.model_registry, "version_count", fail)
        with pytest.raises(ChainUnreachableError):
            await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}
