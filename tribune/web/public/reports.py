"""`/models/{model}/reports` and `/reports/{model}/{version}/{frame}`: what monitors agreed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tribune.ballots.histories.judged import JudgedReport, Verdict
from tribune.reports.canonical import cid
from tribune.store.audit import Wanted
from tribune.store.reports import ReportFacts, report_event, report_facts
from tribune.web.public.models import RuleItem, rule_of
from tribune.web.public.operation import Look, Operation, unknown
from tribune.web.public.paging import located, page_of_events
from tribune.web.public.shapes import (
    Account,
    Asked,
    Fixed,
    Hex32,
    Indexed,
    Located,
    Moment,
    Number,
    NumberOr0,
    Page,
    Paged,
    Shape,
    fixed,
)

if TYPE_CHECKING:
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent


class ReportItem(Shape):
    """A report that enough monitors signed, so that the rules were applied to it."""

    model: int
    """Number of the model."""
    version: int
    """Version of the model."""
    frame: int
    """The frame that was measured, counted from 1; 0 is the version's evaluation before service."""
    digest: Hex32
    """What the monitors signed (the report's struct hash, EIP-712)."""
    policy: Hex32
    """Digest of the policy that it was judged by."""
    manifest: Hex32
    """The anchored word of the log that it was measured on."""
    evidence: Hex32
    """sha-256 of the evidence document."""
    evidence_cid: str
    """The same as a CID: `tribune verify report CID` recomputes it."""
    values: tuple[Fixed | None, ...]
    """What was measured, in the order of the policy's rules; null where it was not available."""
    hits: tuple[int, ...]
    """Places of the rules that were broken, from 0."""
    case: int | None
    """The case that it opened or joined; null where it did neither."""
    at: Located
    """Where it was judged."""


class JudgedRule(Shape):
    """A rule in a report."""

    rule: RuleItem
    """The rule."""
    value: Fixed | None
    """What was measured, in the unit of the metric; null where it was not available."""
    verdict: Verdict
    """What became of it."""


class Signer(Shape):
    """A monitor that signed a report of the frame."""

    monitor: Account
    """Its account."""
    agrees: bool
    """Whether it got exactly the result that was judged."""
    at: Moment
    """When its signature was counted."""


class Report(ReportItem):
    """A judged report with its rules and who signed."""

    rules: tuple[JudgedRule, ...]
    """In the order of the values; empty where the index has no such policy."""
    signers: tuple[Signer, ...]
    """In the order in which they signed."""
    panel: tuple[Account, ...]
    """The monitors that were asked; empty where the index has no such policy."""
    index: Indexed
    """Up to where the chain was read."""


class AskedReports(Paged):
    """Which reports."""

    model: Number
    """Number of the model."""


class AskedReport(Asked):
    """Which report."""

    model: Number
    """Number of the model."""
    version: Number
    """Version of the model."""
    frame: NumberOr0
    """The frame; 0 for the evaluation."""


async def _list(look: Look, asked: AskedReports) -> Page[ReportItem]:
    if asked.model not in look.listing.models:
        raise unknown(f"/models/{asked.model}")
    wanted = Wanted(names=frozenset(("ReportJudged",)), model_id=asked.model)
    return await page_of_events(look, asked, wanted, lambda event: ReportItem(**_facts(event)))


async def _one(look: Look, asked: AskedReport) -> Report:
    found = await look.store.read(_read, asked)
    if found is None:
        raise unknown(f"/reports/{asked.model}/{asked.version}/{asked.frame}")
    event, around = found
    facts, report = _facts(event), JudgedReport.of(event)
    policy = {} if around.policy is None else around.policy["policy"]
    judged = []
    for place, (raw, value) in enumerate(zip(policy.get("rules", ()), facts["values"], strict=False)):
        kept = Verdict.UNKNOWN if value is None else Verdict.KEPT
        verdict = Verdict.BROKEN if report.hits >> place & 1 else kept
        judged.append(JudgedRule(rule=rule_of(raw), value=value, verdict=verdict))
    return Report(
        **facts,
        rules=tuple(judged),
        signers=tuple(
            Signer(monitor=one.monitor, agrees=one.digest == report.digest, at=one.at)
            for one in around.signed
        ),
        panel=tuple(policy.get("panel", ())),
        index=look.index,
    )


def _read(session: Session, asked: AskedReport) -> tuple[ChainEvent, ReportFacts] | None:
    version = (asked.model, asked.version, asked.frame)
    event = report_event(session, *version)
    return None if event is None else (event, report_facts(session, *version, event.args["report"]["policy"]))


def _facts(event: ChainEvent) -> dict[str, Any]:
    report, raw = JudgedReport.of(event), event.args["report"]
    return {
        "model": report.model_id,
        "version": report.version,
        "frame": report.frame,
        "digest": report.digest,
        "policy": raw["policy"],
        "manifest": raw["manifest"],
        "evidence": raw["evidence"],
        "evidence_cid": cid(report.evidence),
        "values": tuple(fixed(value) for value in raw["values"]),
        "hits": tuple(place for place in range(len(raw["values"])) if report.hits >> place & 1),
        "case": report.case_id or None,
        "at": located(event),
    }


OPERATIONS = (
    Operation(
        "/models/{model}/reports",
        "listReports",
        "A model's reports, newest first",
        AskedReports,
        Page[ReportItem],
        _list,
    ),
    Operation(
        "/reports/{model}/{version}/{frame}",
        "getReport",
        "A report with its rules and signers",
        AskedReport,
        Report,
        _one,
    ),
)
