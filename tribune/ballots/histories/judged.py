"""A judged report as people read it: each rule's value against its limit, who signed it, what it rests on.

The values, the verdicts and the signers are the chain's, as the index has them; the counts in words are the
evidence's. Where that cannot be read, that is said, and the values stand alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import digest_of, utc
from tribune.exceptions import PolicyError
from tribune.ids import Address, Digest, ModelId, VersionNumber
from tribune.language import _, number, plural
from tribune.metrics.policies.policy import Policy, Rule
from tribune.metrics.policies.words import amount, describe, describe_metric
from tribune.metrics.value import NOT_AVAILABLE
from tribune.reports.words import Subject, case_words
from tribune.store import happenings
from tribune.store.reports import ReportFacts, report_event, report_facts

if TYPE_CHECKING:
    from tribune.ballots.documents import Documents
    from tribune.metrics.profile import Profile
    from tribune.store.session import Store
    from tribune.store.tables import ChainEvent


class Verdict(StrEnum):
    """What became of a rule in a report."""

    BROKEN = "broken"
    KEPT = "kept"
    UNKNOWN = "unknown"
    """Its value was not available, within what the rule bears."""


@dataclass(frozen=True)
class JudgedReport:
    """A report that the hub judged."""

    model_id: ModelId
    version: VersionNumber
    frame: int
    digest: str
    policy: Digest
    evidence: Digest
    values: tuple[int | None, ...]
    """Per rule in millionths; None where it was not available."""
    hits: int
    """Bit i is set where rule i was hit."""
    case_id: int
    """The case that it opened or joined, 0 if none."""
    at: datetime
    block: int
    tx: str

    @classmethod
    def of(cls, event: ChainEvent) -> JudgedReport:
        """Read a stored `ReportJudged`."""
        args, report = event.args, event.args["report"]
        return cls(
            model_id=ModelId(args["model_id"]),
            version=VersionNumber(args["version"]),
            frame=args["frame"],
            digest=args["digest"],
            policy=digest_of(report["policy"]),
            evidence=digest_of(report["evidence"]),
            values=tuple(None if value == NOT_AVAILABLE else value for value in report["values"]),
            hits=args["hits"],
            case_id=args["case_id"],
            at=event.block_time,
            block=event.block_number,
            tx=event.tx_hash,
        )


@dataclass(frozen=True)
class ToldRule:
    """A rule in a report, in words.

    Args:
        verdict: what became of it.
        text: value and limit in a sentence; where it was broken, what was found.
        metric: its metric's name.
        rule: what it says, in a sentence; empty where it is of a newer release.
        measured: on how many rows, and between which bounds; empty where no evidence could be read.
    """

    verdict: Verdict
    text: str
    metric: str
    rule: str
    measured: str


class Said(StrEnum):
    """What a monitor of the panel said of a frame."""

    THIS = "this"
    """Exactly this result."""
    ANOTHER = "another"
    NOTHING = "nothing"


@dataclass(frozen=True)
class PanelMember:
    """A monitor that was to measure the frame."""

    address: Address
    name: str
    """Empty where it has none."""
    said: Said
    at: datetime | None
    """When its signature was counted."""

    @property
    def shown(self) -> str:
        """Its name, or its address."""
        return self.name or self.address


@dataclass(frozen=True)
class ToldReport:
    """A report in words.

    Args:
        report: what was judged.
        name: the model's.
        rules: in the policy's order.
        policy: the rules, for figures; None where one of them is of a newer release.
        rows: decisions that it rests on; None where the evidence could not be read.
        monitors: who was to measure it, and what each said, those with this result first.
        document, profile: what it rests on; None where no store gives it.
    """

    report: JudgedReport
    name: str
    rules: tuple[ToldRule, ...]
    policy: Policy | None
    rows: int | None
    monitors: tuple[PanelMember, ...]
    document: Mapping[str, Any] | None
    profile: Profile | None

    @property
    def verdict(self) -> str:
        """Return what it found in a few words: "2 rules broken"."""
        broken = sum(rule.verdict is Verdict.BROKEN for rule in self.rules)
        if not broken:
            return _("no rule broken")
        return plural("{n} rule broken", "{n} rules broken", broken).format(n=number(broken))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """From when until when the decisions were made; None for an evaluation, or without evidence."""
        try:
            start, end = (int(self.document[name]) for name in ("start", "end"))  # type: ignore[index]
            return (utc(start // 1_000_000), utc(end // 1_000_000)) if end else None
        except (KeyError, TypeError, ValueError, OverflowError):  # a document of another form, or none
            return None

    @property
    def signers(self) -> tuple[str, ...]:
        """Names of the monitors with this result; an address where one has no name."""
        return tuple(one.shown for one in self.monitors if one.said is Said.THIS)

    @property
    def others(self) -> int:
        """How many of the panel got another result."""
        return sum(one.said is Said.ANOTHER for one in self.monitors)

    @property
    def panel(self) -> int:
        """How many monitors there were."""
        return len(self.monitors)


async def find_report(store: Store, model_id: ModelId, frame: int | None = None) -> JudgedReport | None:
    """Return a frame's judged report, or the newest in service, else of the evaluation; None: there is none.

    Raises:
        StoreError: the index cannot be read.
    """
    event = await store.read(happenings.judged_report, model_id, frame)
    return None if event is None else JudgedReport.of(event)


async def find_version_report(store: Store, model_id: int, version: int, frame: int) -> JudgedReport | None:
    """Return the judged report of a version's frame (0: its evaluation); None: there is none.

    Raises:
        StoreError: the index cannot be read.
    """
    event = await store.read(report_event, model_id, version, frame)
    return None if event is None else JudgedReport.of(event)


async def tell_report(report: JudgedReport, store: Store, documents: Documents) -> ToldReport:
    """Say what a report found.

    Raises:
        StoreError: the index cannot be read.
    """
    policy = "0x" + report.policy.hex()
    facts = await store.read(report_facts, report.model_id, report.version, report.frame, policy)
    document = await documents.find(report.evidence)
    profile = None
    if facts.profile is not None:
        profile = await documents.profile(digest_of(facts.profile))
    judged_by = None if facts.policy is None else PolicyInput.read(facts.policy["policy"])
    on_chain = judged_by.rules if judged_by is not None else ()
    told, known = await asyncio.to_thread(_tell_rules, report, facts.name, on_chain, document, profile)
    return ToldReport(
        report=report,
        name=facts.name,
        rules=told,
        policy=known,
        rows=_rows(document),
        monitors=_monitors(report, facts, () if judged_by is None else judged_by.panel),
        document=document,
        profile=profile,
    )


def _monitors(report: JudgedReport, facts: ReportFacts, panel: Sequence[str]) -> tuple[PanelMember, ...]:
    signed = {one.monitor: one for one in facts.signed}
    found = []
    for address in dict.fromkeys((*signed, *panel)):
        one = signed.get(address)
        said = Said.NOTHING if one is None else Said.THIS if one.digest == report.digest else Said.ANOTHER
        at = None if one is None else one.at
        found.append(PanelMember(Address(address), facts.names.get(address, ""), said, at))
    return tuple(sorted(found, key=lambda one: list(Said).index(one.said)))


def _tell_rules(
    report: JudgedReport,
    name: str,
    on_chain: Sequence[Any],
    document: Mapping[str, Any] | None,
    profile: Profile | None,
) -> tuple[tuple[ToldRule, ...], Policy | None]:
    told, known = [], []
    for place, (rule, value) in enumerate(zip(on_chain, report.values, strict=False)):
        hit = bool(report.hits >> place & 1)
        try:
            judged: Rule | None = Rule.from_chain(rule.on_chain())
        except PolicyError:
            judged = None
        if judged is not None:
            known.append(judged)
        verdict = Verdict.BROKEN if hit else Verdict.UNKNOWN if value is None else Verdict.KEPT
        if hit:
            subject = Subject(name, report.version, value=value, limit=rule.limit, frame=report.frame)
            text = case_words(subject, judged, document, profile).sentence or rule.metric
        else:
            text = _unbroken(rule.metric, judged, value, profile)
        says = "" if judged is None else describe(judged, None if profile is None else profile.spec)
        told.append(ToldRule(verdict, text, rule.metric, says, _measured(rule.metric, document)))
    return tuple(told), Policy(tuple(known)) if len(known) == len(on_chain) else None


def _unbroken(metric: str, rule: Rule | None, value: int | None, profile: Profile | None) -> str:
    if rule is None:
        return metric
    words = describe_metric(metric, None if profile is None else profile.spec)
    subject = words[:1].upper() + words[1:]
    limit = amount(metric, rule.limit)
    if value is None:
        return _("{subject}: not measured (limit {limit})").format(subject=subject, limit=limit)
    least = {
        "lower": _("{subject}: at least {value}, limit {limit}"),
        "upper": _("{subject}: at most {value}, limit {limit}"),
    }.get(metric.partition("/")[0].removesuffix(".max").removesuffix(".share").rpartition(".")[2])
    told = least or _("{subject}: {value}, limit {limit}")
    return told.format(subject=subject, value=amount(metric, value), limit=limit)


def _rows(document: Mapping[str, Any] | None) -> int | None:
    try:
        return None if document is None else int(document["tally"]["rows"])
    except (KeyError, TypeError, ValueError):  # a document of another form
        return None


def _measured(metric: str, document: Mapping[str, Any] | None) -> str:
    """Return on how many rows a metric was measured in this frame and its bounds, or why it was not."""
    try:
        value = document["values"][metric]  # type: ignore[index]
        micro, rows, bounds = value["micro"], int(value["n"]), (value["lower"], value["upper"])
        text = plural("measured on {n} row", "measured on {n} rows", rows).format(n=number(rows))
        if micro is None:
            return _("not measured in this frame: {reason}").format(reason=value["reason"])
        if None not in bounds:
            lower, upper = (amount(metric, one) for one in bounds)
            text = _("{measured}; between {lower} and {upper}").format(
                measured=text, lower=lower, upper=upper
            )
    except (KeyError, TypeError, ValueError, PolicyError):  # a document of another form, or none
        return ""
    return text
