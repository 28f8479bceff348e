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

from tribune.exceptions import PolicyError
from tribune.ids import Address, Digest, ModelId, VersionNumber
from tribune.language import _
from tribune.metrics.policy import Policy, Rule
from tribune.metrics.value import NOT_AVAILABLE
from tribune.metrics.words import amount, describe_metric
from tribune.reports.words import Subject, case_words
from tribune.store import happenings

if TYPE_CHECKING:
    from tribune.ballots.documents import Documents
    from tribune.chain.facade import Tribune
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

    @classmethod
    def of(cls, event: ChainEvent) -> JudgedReport:
        """Read a stored `ReportJudged`."""
        args, report = event.args, event.args["report"]
        return cls(
            model_id=ModelId(args["model_id"]),
            version=VersionNumber(args["version"]),
            frame=args["frame"],
            digest=args["digest"],
            policy=Digest(bytes.fromhex(report["policy"][2:])),
            evidence=Digest(bytes.fromhex(report["evidence"][2:])),
            values=tuple(None if value == NOT_AVAILABLE else value for value in report["values"]),
            hits=args["hits"],
            case_id=args["case_id"],
            at=event.block_time,
            block=event.block_number,
        )


@dataclass(frozen=True)
class ToldRule:
    """A rule in a report, in words."""

    verdict: Verdict
    text: str


@dataclass(frozen=True)
class ToldReport:
    """A report in words.

    Args:
        report: what was judged.
        name: the model's.
        rules: in the policy's order.
        policy: the rules, for figures; None where one of them is of a newer release.
        rows: decisions that it rests on; None where the evidence could not be read.
        signers: names of the monitors with this result; an address where one has no name.
        others: how many of the panel got another one.
        panel: how many monitors there were.
        document, profile: what it rests on; None where no store gives it.
    """

    report: JudgedReport
    name: str
    rules: tuple[ToldRule, ...]
    policy: Policy | None
    rows: int | None
    signers: tuple[str, ...]
    others: int
    panel: int
    document: Mapping[str, Any] | None
    profile: Profile | None


async def find_report(store: Store, model_id: ModelId, frame: int | None = None) -> JudgedReport | None:
    """Return a frame's judged report, or the newest in service, else of the evaluation; None: there is none.

    Raises:
        StoreError: the index cannot be read.
    """
    event = await store.read(happenings.judged_report, model_id, frame)
    return None if event is None else JudgedReport.of(event)


async def tell_report(
    report: JudgedReport, store: Store, tribune: Tribune, documents: Documents
) -> ToldReport:
    """Say what a report found.

    Raises:
        ChainUnreachableError: the chain cannot be read.
        StoreError: the index cannot be read.
    """
    name = await tribune.model_registry.name(report.model_id)
    version = await tribune.model_registry.version(report.model_id, report.version)
    record = await tribune.policy_book.policy_by_digest(report.model_id, report.policy)
    document = await documents.find(report.evidence)
    profile = await documents.profile(version.details.profile)
    on_chain = record.policy.rules if record is not None else ()
    told, policy = await asyncio.to_thread(_tell_rules, report, name, on_chain, document, profile)
    signed = await store.read(happenings.signatures, report.model_id, report.version, report.frame)
    agreeing = [Address(monitor) for monitor, digest in signed if digest == report.digest]
    return ToldReport(
        report=report,
        name=name,
        rules=told,
        policy=policy,
        rows=_rows(document),
        signers=tuple([await _name(tribune, monitor) for monitor in agreeing]),
        others=len(signed) - len(agreeing),
        panel=len(record.policy.panel) if record is not None else len(signed),
        document=document,
        profile=profile,
    )


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
        told.append(ToldRule(verdict, text))
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


async def _name(tribune: Tribune, monitor: Address) -> str:
    found = await tribune.monitor_registry.monitor(monitor)
    return found.name or monitor
