"""`ReportHub`: reports, their judgement, and silence."""

from __future__ import annotations

from dataclasses import replace

from tribune.chain.cases import STALE_RULE
from tribune.chain.enums import CaseKind, Outcome, Oversight, Severity, State
from tribune.chain.report_hub import AttestationSkipped, Attested, FrameDisputed, FrameStale, ReportJudged
from tribune.chain.switch_events import CaseOpened, StateChanged
from tribune.ids import CaseId
from tribune.reports.signing import report_digest
from unit.chain.place import MODEL, V1, Place, address, attest, breach, digest, reportable, silence


async def test_submit__breach__suspended_with_case_and_events(place: Place) -> None:
    tribune = place.tribune
    receipt, report, frame = await breach(place)
    hub = tribune.report_hub.events(receipt.logs)
    assert [e.monitor for e in hub if isinstance(e, Attested)] == [address(7), address(8)]
    (judged,) = [e for e in hub if isinstance(e, ReportJudged)]
    assert judged.report == report
    assert (judged.hits, judged.case_id, judged.digest) == (frozenset({0}), 1, report_digest(report))
    switch = tribune.kill_switch.events(receipt.logs)
    (opened,) = [e for e in switch if isinstance(e, CaseOpened)]
    (changed,) = [e for e in switch if isinstance(e, StateChanged)]
    assert (changed.previous, changed.current) == (State.ACTIVE, State.SUSPENDED)
    case = await tribune.kill_switch.case(CaseId(1))
    assert opened.case.case_id == case.case_id
    assert (case.kind, case.severity, case.outcome) == (CaseKind.BREACH, Severity.TRIP, Outcome.OPEN)
    assert (case.value, case.limit, case.rule, case.frame, case.evidence) == (
        50_000,
        20_000,
        0,
        frame,
        digest(9),
    )
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.case_id, status.until) == (State.SUSPENDED, 1, case.bound)
    record = await tribune.report_hub.frame(MODEL, V1, frame, report.policy)
    assert (record.reported, record.agreement, record.judged, record.breached) == (
        frozenset({0, 1}),
        2,
        True,
        True,
    )
    assert await tribune.kill_switch.budget_used_s(MODEL) > 0


async def test_submit__signature_of_nobody__mined_and_skipped(place: Place) -> None:
    hub = place.tribune.report_hub
    report, frame = await reportable(place)
    (ours,) = attest(place, report, [0])
    receipt = await place.send(hub.submit(report, [replace(ours, index=1)]))
    (skipped,) = hub.events(receipt.logs)
    assert isinstance(skipped, AttestationSkipped)
    assert (skipped.frame, skipped.index) == (frame, 1)
    assert (await hub.frame(MODEL, V1, frame, report.policy)).reported == frozenset()


async def test_submit__no_two_monitors_agree__disputed(place: Place) -> None:
    hub = place.tribune.report_hub
    report, frame = await reportable(place)
    for place_in_panel in range(3):
        told = replace(report, values=(place_in_panel,))
        receipt = await place.send(hub.submit(told, attest(place, told, [place_in_panel])))
    (disputed,) = [e for e in hub.events(receipt.logs) if isinstance(e, FrameDisputed)]
    assert (disputed.model_id, disputed.version, disputed.frame) == (MODEL, V1, frame)
    record = await hub.frame(MODEL, V1, frame, report.policy)
    assert (record.disputed, record.judged, record.agreement) == (True, False, 1)
    assert await hub.oversight(MODEL) is Oversight.DISPUTED
    assert (await place.tribune.kill_switch.status(MODEL)).oversight is Oversight.DISPUTED


async def test_poke_stale__frame_that_nobody_reported__is_a_case(place: Place) -> None:
    tribune = place.tribune
    frame = await silence(place)
    assert await tribune.report_hub.oversight(MODEL) is Oversight.STALE
    receipt = await place.send(tribune.report_hub.poke_stale(MODEL, frame))
    (stale,) = tribune.report_hub.events(receipt.logs)
    assert isinstance(stale, FrameStale)
    assert (stale.model_id, stale.version, stale.frame, stale.case_id) == (MODEL, V1, frame, 1)
    case = await tribune.kill_switch.case(CaseId(1))
    assert (case.kind, case.rule, case.severity, case.frame) == (
        CaseKind.STALE,
        STALE_RULE,
        Severity.VOTE,
        frame,
    )
    assert (await tribune.report_hub.frame(MODEL, V1, frame, case.policy)).stale
