"""Three monitors on a real chain: evaluations, healthy and breaching frames, windows, restarts."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from integration.monitor_world import (
    ACCURACY,
    DRIFT,
    INVALID,
    SUSPENSION,
    VERSION,
    Monitor,
    MonitorWorld,
    monitors,
)
from tribune.chain.enums import CaseKind, Oversight, State
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Cid, FrameIndex, ModelId
from tribune.metrics import NOT_AVAILABLE
from tribune.reports.evidence_store import read_evidence, write_evidence
from tribune.store.queries import reports_in
from tribune.store.session import Session
from tribune.store.states import ReportState
from tribune.store.tables import SignedReport
from tribune_monitors.measurement.recheck import recheck

ONE = ModelId(1)
ANOTHERS = ModelId(3)


async def test_look__new_version__evaluated_and_passed(world: MonitorWorld) -> None:
    async with monitors(world, 0) as (watcher,):
        frame = await watcher.frame(ONE, 0)
        assert (frame.judged, frame.breached) == (True, False)
        assert await watcher.tribune.model_registry.active_version(ONE) == VERSION


async def test_look__second_version__evaluated_while_the_first_serves(world: MonitorWorld) -> None:
    version = world.register_version(ONE)
    async with monitors(world, 0, 1) as panel:
        for monitor in panel:
            await monitor.look()
        assert await panel[0].tribune.report_hub.evaluation_passed(ONE, version)
    world.activate(ONE, version)


async def test_look__policy_changed_before_activation__evaluated_under_each(world: MonitorWorld) -> None:
    version = world.register_version(ONE)
    async with monitors(world, 0, 1) as panel:
        for monitor in panel:
            await monitor.look()
        world.change_policy(ONE)
        hub = panel[0].tribune.report_hub
        assert not await hub.evaluation_passed(ONE, version)
        for monitor in panel:
            await monitor.look()
        assert await hub.evaluation_passed(ONE, version)


async def test_look__policy_changed__each_frame_under_the_policy_of_its_start(world: MonitorWorld) -> None:
    former = world.sealed(ONE)
    world.change_policy(ONE)
    frame = world.sealed(ONE)
    async with monitors(world, 0, 1) as panel:
        for monitor in panel:
            await monitor.look()
        for one in (former, frame):
            assert (await panel[0].frame(ONE, one)).judged
        assert panel[0].row(ONE, former).policy != panel[0].row(ONE, frame).policy


async def test_look__healthy_frame__three_equal_digests(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, 1, 2) as panel:
        await asyncio.gather(*(monitor.look() for monitor in panel))
        rows = [monitor.row(ONE, frame) for monitor in panel]
        record = await panel[0].frame(ONE, frame)
    assert len({row.digest for row in rows}) == 1
    assert len({row.witness for row in rows}) == 3
    assert {row.state for row in rows} == {"counted"}
    assert (record.reported, record.agreement) == (frozenset({0, 1, 2}), 3)
    assert (record.judged, record.breached) == (True, False)


async def test_look__breaching_frame__two_of_three_suspend(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, age=10_000.0)
    async with monitors(world, 0, 1, 2) as panel:
        switch = panel[0].tribune.kill_switch
        await panel[0].look()
        assert (await switch.status(ONE)).state is State.ACTIVE
        await panel[1].look()
        status = await switch.status(ONE)
        assert (status.state, status.oversight) == (State.SUSPENDED, Oversight.BREACHED)
        case = await switch.case(status.case_id)
        assert (case.model_id, case.version, case.kind) == (ONE, VERSION, CaseKind.BREACH)
        row = panel[0].row(ONE, frame)
        assert (case.frame, case.rule, case.value) == (frame, INVALID, row.report_values[INVALID])
        assert case.value > case.limit == 20_000
        assert status.until is not None
        assert (status.until - await panel[0].tribune.chain.block_time()).total_seconds() >= SUSPENSION - 1
        await panel[2].look()
        assert (await panel[2].frame(ONE, frame)).agreement == 3


async def test_look__one_monitor_absent__two_agree(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, 2) as panel:
        for monitor in panel:
            await monitor.look()
        record = await panel[0].frame(ONE, frame)
    assert (record.reported, record.judged) == (frozenset({0, 2}), True)


async def test_look__two_models__both_reported(world: MonitorWorld) -> None:
    frames = {model: world.current_frame(model) for model in (ONE, ModelId(2))}
    sealed = [world.seal(model, frame) for model, frame in frames.items()]
    for manifest in sealed:
        world.anchor(manifest)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        for model, frame in frames.items():
            assert (await monitor.frame(model, frame)).reported == {0}


async def test_look__missed_frames__caught_up_oldest_first(world: MonitorWorld) -> None:
    frames = [world.sealed(ONE) for _ in range(3)]
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        rows = [monitor.row(ONE, frame) for frame in frames]
    assert sorted(row.id or 0 for row in rows) == [row.id for row in rows]


async def test_look__nothing_new__one_request(world: MonitorWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        await monitor.look()
        asked = monitor.requests(monkeypatch)
        await monitor.look()
    assert asked == ["eth_getBlockByNumber"]


async def test_settle__report_waits_for_its_finality__asks_nothing_of_it(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        world.chain.rpc("anvil_mine", hex(monitor.tribune.chain.finality_blocks))  # evaluations are final
        await monitor.look()
        asked = monitor.requests(monkeypatch)

        async def requests() -> list[str]:
            world.chain.rpc("evm_mine")
            asked.clear()
            await monitor.worker.settle()
            return list(asked)

        counted = await requests()
        assert monitor.row(ONE, frame).state == ReportState.COUNTED
        world.chain.rpc("anvil_mine", hex(monitor.tribune.chain.finality_blocks))
        assert len(await requests()) > len(counted)
        assert monitor.row(ONE, frame).state == ReportState.FINAL
        assert await requests() == counted


async def test_look__frame_without_anchor__nothing_due(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    world.seal(ONE, frame)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert monitor.signed(ONE, frame) is None
        assert not monitor.why


async def test_look__deadline_over__not_reported(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    world.pass_deadline(ONE, frame)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert monitor.signed(ONE, frame) is None


async def test_look__last_second_of_deadline__reported(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    world.pass_deadline(ONE, frame, but_s=20)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert (await monitor.frame(ONE, frame)).reported == {0}


async def test_look__policy_of_another_panel__nothing_due(world: MonitorWorld) -> None:
    async with monitors(world, 0, models=[ANOTHERS]) as (monitor,):
        await monitor.look()
        assert monitor.signed(ANOTHERS, FrameIndex(0)) is None
        assert not monitor.why


async def test_look__empty_frame__reported_as_not_available(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, n=0)
    async with monitors(world, 0, 1) as panel:
        for monitor in panel:
            await monitor.look()
        row = panel[0].row(ONE, frame)
        assert (await panel[0].frame(ONE, frame)).judged
    assert row.report_values == [NOT_AVAILABLE] * 4
    values = evidence(panel[0], row.cid)["values"]
    assert values["quality.invalid_rate_increase.lower.max"]["reason"] == "no rows"


async def test_look__late_labels__measured_on_the_frame_that_they_are_of(world: MonitorWorld) -> None:
    first = world.sealed(ONE)
    second = world.sealed(ONE, labels=world.samples[first].labels)
    third = world.sealed(ONE, labels=world.samples[second].labels)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        found = [
            evidence(monitor, monitor.row(ONE, frame).cid)["values"]["performance.accuracy"]["micro"]
            for frame in (first, second, third)
        ]
    accuracies = (Decimal(world.samples[frame].accuracy) for frame in (first, second))
    assert found == [None, *(round(accuracy * 1_000_000) for accuracy in accuracies)]
    # m = 2 of w = 3, "<": the second smallest, once two are available
    assert monitor.row(ONE, second).report_values[ACCURACY] == NOT_AVAILABLE
    assert monitor.row(ONE, third).report_values[ACCURACY] == max(found[1], found[2])


async def test_look__frame_between_not_anchored__counts_as_no_hit(world: MonitorWorld) -> None:
    frames = [world.sealed(ONE, age=55.0)]
    gap = world.current_frame(ONE)
    world.seal(ONE, gap, age=55.0)
    frames += [world.sealed(ONE, age=55.0) for _ in range(2)]
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        values = [monitor.row(ONE, frame).report_values[DRIFT] for frame in frames]
        read = evidence(monitor, monitor.row(ONE, frames[1]).cid)["manifests"]
    assert values[0] == values[1] == NOT_AVAILABLE  # m = 2 of w = 2, and the one before has no anchor
    assert values[2] > 300_000
    assert [frame for frame, _ in read] == [frames[0], frames[1]]


async def test_look__earlier_frame_anchored_late__same_digest_before_and_after(world: MonitorWorld) -> None:
    world.sealed(ONE)
    late_frame = world.current_frame(ONE)
    late = world.seal(ONE, late_frame)
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (early,):
        await early.look()
        world.anchor(late)
        async with monitors(world, 1, 2) as starters:
            for monitor in starters:
                await monitor.look()
            record = await early.frame(ONE, frame)
        await early.look()
        assert early.signed(ONE, late_frame) is not None
    assert (record.agreement, record.judged) == (3, True)


async def test_recheck__report_with_a_history__the_same(world: MonitorWorld) -> None:
    first = world.sealed(ONE)
    late = world.seal(ONE, world.current_frame(ONE))
    frame = world.sealed(ONE, labels=world.samples[first].labels)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        world.anchor(late)
        last = world.sealed(ONE, labels=world.samples[frame].labels)
        await monitor.look()
        for about in (FrameIndex(0), frame, last):
            cid = monitor.row(ONE, about).cid if about else evaluation_cid(world)
            outcome = await recheck(monitor.settings, Cid(cid))
            assert outcome.same, outcome.words


async def test_recheck__policy_voted_again__the_same(world: MonitorWorld) -> None:
    world.change_policy(ONE)
    world.sealed(ONE, n=30)
    world.change_policy(ONE)  # the very same: sums over frames begin anew all the same
    frame = world.sealed(ONE, n=30)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        outcome = await recheck(monitor.settings, Cid(monitor.row(ONE, frame).cid))
    assert outcome.same, outcome.words


async def test_recheck__evidence_that_says_another_time__is_told_apart(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        store = monitor.settings.evidence_urls[0]
        document = read_evidence(store, monitor.row(ONE, frame).cid)
        forged = write_evidence(store, {**document, "start": document["start"] - 1})
        outcome = await recheck(monitor.settings, forged)
    assert not outcome.same
    assert "start" in outcome.words


async def killed_before_sending(
    monitor: Monitor, frame: FrameIndex, monkeypatch: pytest.MonkeyPatch
) -> SignedReport:
    """Let a monitor sign a frame's report and be killed before it sends it; return what it stored."""

    async def die(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(monitor.worker.sender, "send", die)
    with pytest.raises(asyncio.CancelledError):
        await monitor.look()
    return monitor.row(ONE, frame)


async def test_look__killed_between_signing_and_sending__sends_the_stored_signature(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (killed,):
        stored = await killed_before_sending(killed, frame, monkeypatch)
        assert (stored.state, (await killed.frame(ONE, frame)).reported) == ("published", frozenset())
    async with monitors(world, 0) as (again,):

        async def measure(_: object) -> None:
            raise AssertionError("measured twice")

        monkeypatch.setattr(again.worker.measurer, "measure", measure)
        await again.look()
        sent = again.row(ONE, frame)
        assert not again.why
        assert (sent.id, sent.signature, sent.state) == (stored.id, stored.signature, "counted")
        assert (await again.frame(ONE, frame)).reported == {0}


async def test_look__stored_signature_does_not_count__mined_but_not_taken_as_counted(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (killed,):
        stored = await killed_before_sending(killed, frame, monkeypatch)

        def spoil(session: Session) -> None:
            kept = session.get(SignedReport, stored.id)
            assert kept is not None
            kept.signature = "11" * 65

        await killed.worker.store.run(spoil)
    async with monitors(world, 0) as (again,):
        await again.look()
        row = again.row(ONE, frame)
        assert row.state == "refused"
        assert row.tx_hash
        assert (await again.frame(ONE, frame)).reported == frozenset()


async def test_look__sent_but_killed_before_it_was_noted__not_sent_again(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (killed,):
        send = killed.worker.sender.send

        async def send_and_lose(*args: object, **options: object) -> None:
            await send(*args, **options)  # type: ignore[arg-type]
            raise ChainUnreachableError("The node does not answer.")

        monkeypatch.setattr(killed.worker.sender, "send", send_and_lose)
        with pytest.raises(ChainUnreachableError):
            await killed.look()
    async with monitors(world, 0) as (again,):
        nonce = await again.tribune.chain.nonce(again.worker.monitor)
        await again.look()
        assert again.row(ONE, frame).state == "counted"
        assert await again.tribune.chain.nonce(again.worker.monitor) == nonce


def evidence(monitor: Monitor, cid: str) -> dict[str, Any]:
    return read_evidence(monitor.settings.evidence_urls[0], cid)


def evaluation_cid(world: MonitorWorld) -> str:
    """Name of the evaluation's evidence, which the monitor made before this test began."""
    for path in (world.root / "monitor-0" / "evidence").glob("bafkrei*"):
        document = read_evidence(path.parent, path.name)
        if document["frame"] == 0 and document["model"] == ONE:
            return path.name
    raise AssertionError("no evaluation")


async def test_look__version_and_frame_due__frame_signed_first(world: MonitorWorld) -> None:
    world.register_version(ONE)
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        with monitor.worker.store.session(readonly=True) as session:
            rows = reports_in(session, monitor.worker.monitor, *ReportState)
        first = monitor.row(ONE, frame).id or 0
        assert [row.frame for row in rows if (row.id or 0) >= first] == [frame, 0]
