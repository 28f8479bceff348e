"""A case in plain words, for people who have to vote on it: in Discord, on the ballot page, in a 503.

Every number is computed from the evidence's tally or is the case's own value and limit. Where the evidence
or the profile could not be read the words come from the metric's name, and say that nobody could look.
Decides nothing, and never escapes: who shows the text knows its medium.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from tribune.exceptions import TribuneError
from tribune.language import _, marked, number, plural
from tribune.metrics.policies.policy import Rule
from tribune.metrics.policies.words import amount, describe_metric
from tribune.metrics.profile import Profile
from tribune.metrics.value import NOT_AVAILABLE, MetricName
from tribune.reports import phrases
from tribune.reports.counts import FAULTS, Counts, read_counts, significant
from tribune.reports.phrase import Noun


class Kind(StrEnum):
    """What opened a case."""

    BREACH = "breach"
    GUARDIAN = "guardian"
    STALE = "stale"
    HOLDER_PAUSE = "holder_pause"
    HOLDER_RESUME = "holder_resume"


@dataclass(frozen=True)
class Subject:
    """What a case is about, as far as words need it.

    Args:
        model: the model's name.
        version: the version that the case names.
        kind: what opened the case.
        value: the rule's value in millionths; `NOT_AVAILABLE` or None: it could not be measured.
        limit: the rule's limit in millionths.
        stopped: whether the case suspended the model.
        frame: the frame it was found in, 0 if none.
        start, end: the frame's time, aware; None: not known.
        share: percent of all votes whose holders called for it; None: not known, or the steward called.
    """

    model: str
    version: int
    kind: Kind = Kind.BREACH
    value: int | None = None
    limit: int = 0
    stopped: bool = False
    frame: int = 0
    start: datetime | None = None
    end: datetime | None = None
    share: float | None = None

    @property
    def name(self) -> str:
        """The model and its version, as people read it."""
        return f"{self.model} v{self.version}"


@dataclass(frozen=True)
class CaseWords:
    """A case in words. None of it is escaped for any medium.

    Args:
        headline: one line: what happened and why.
        fault: predicate without its subject: "treats women and men differently"; empty where no rule was hit.
        clause: the same with its subject, or who did what: "the guardian stopped it".
        finding: what was counted, one sentence or two; empty where nobody could look.
        limit_words: value against limit, one sentence.
        sentence: finding and limit together.
        why: the same with its time, for who is asked to vote.
        question: what the vote decides.
        looked: whether evidence and profile could be read.
        rows: decisions in the frame; None where that could not be read.
    """

    headline: str
    fault: str
    clause: str
    finding: str
    limit_words: str
    sentence: str
    why: str
    question: str
    looked: bool
    rows: int | None = None


NOT_LOOKED = marked("The evidence could not be read here, so this is only what the chain says.")


def case_words(
    case: Subject,
    rule: Rule | None,
    evidence: Mapping[str, Any] | None,
    profile: Profile | None,
) -> CaseWords:
    """Say what a case is about.

    Args:
        case: the case.
        rule: the rule that was hit; None where the case has none or it could not be read.
        evidence: the evidence document; for a resume the conclusion, with texts `cause` and `fix`; of a
            guardian, or of holders who ask for a stop, with a text `reason`.
        profile: the version's profile.
    """
    if case.kind is Kind.HOLDER_RESUME:
        return _resume(case, evidence)
    if case.kind is not Kind.BREACH:
        return _without_rule(case, evidence)
    if rule is None:
        return _made(case, _("broke one of the rules you voted"), "", "", looked=False)
    parts = MetricName.parse(rule.metric)
    counts = read_counts(evidence, profile)
    target = parts.target or (_at(evidence, rule.metric) if parts.over == "max" else "")
    if case.value is None or case.value == NOT_AVAILABLE:
        about = _metric_words(rule, profile)
        return _made(
            case,
            _("cannot be measured"),
            _not_measured(rule.na_budget, about),
            plural(
                "The rules you voted bear {n} such frame, no more.",
                "The rules you voted bear {n} such frames, no more.",
                rule.na_budget,
            ).format(n=number(rule.na_budget)),
            looked=counts is not None,
        )
    words = None
    if counts is not None and (target or not parts.over):
        try:
            words = phrases.describe(parts, target, rule, counts)
        except FAULTS:
            words = None
    if words is None:
        fault, noun = phrases.plain_fault(parts, target)
        about = _metric_words(rule, profile)
        found = _("What was measured: {what}.").format(what=about)
        return _made(case, fault, found, _limit(case.value, rule, noun), looked=False)
    return _made(
        case,
        words.fault,
        words.finding,
        _limit(case.value, rule, words.noun),
        looked=True,
        rows=_rows(counts),
    )


def _not_measured(frames: int, what: str) -> str:
    if not frames:
        return _("In this frame nobody could measure {what}.").format(what=what)
    return plural(
        "For more than {n} frame in a row nobody could measure {what}.",
        "For more than {n} frames in a row nobody could measure {what}.",
        frames,
    ).format(n=number(frames), what=what)


def _resume(case: Subject, conclusion: Mapping[str, Any] | None) -> CaseWords:
    texts = [
        title.format(text=text.strip())
        for title, key in ((_("Cause: {text}"), "cause"), (_("Fix: {text}"), "fix"))
        if conclusion is not None and isinstance(text := conclusion.get(key), str) and text.strip()
    ]
    finding = "\n".join(texts)
    looked = bool(texts)
    called = case.share is not None
    if called:
        asks = _("{holders} say that the incident is over and ask to run {name}.")
        clause = _("{holders} ask to run it again")
    else:
        asks = _("Its steward says that the incident is over and asks to run {name}.")
        clause = _("its steward asks to run it again")
    asks = asks.format(holders=_holders(case), name=case.name)
    sentence = finding or _(
        "The conclusion of the incident could not be read here; only its digest is known."
    )
    return CaseWords(
        headline=_("{name}: shall it answer again?").format(name=case.name),
        fault="",
        clause=clause.format(holders=_holders(case)),
        finding=finding,
        limit_words="",
        sentence=sentence,
        why=f"{asks[:1].upper()}{asks[1:]}\n{sentence}",
        question=_("Let {name} answer again?").format(name=case.name),
        looked=looked,
    )


def _without_rule(case: Subject, evidence: Mapping[str, Any] | None) -> CaseWords:
    """Say who stopped a model or asks to, where no rule was hit."""
    if case.kind is Kind.STALE:
        return _told(case, _nobody_since(case), _no_report(case), looked=True)
    said = evidence.get("reason") if evidence is not None else None
    reason = said.strip() if isinstance(said, str) else ""
    if case.kind is Kind.HOLDER_PAUSE:
        called = _("{holders} ask to stop it").format(holders=_holders(case))
        text = (
            _("They say why: “{reason}”") if reason else _("They ask for this vote without a rule being hit.")
        )
        return _told(case, called, text.format(reason=reason), looked=bool(reason))
    acted = _("the guardian stopped it") if case.stopped else _("the guardian asks to stop it")
    text = (
        _("The guardian says why: “{reason}”")
        if reason
        else _("The guardian acted without a rule being hit.")
    )
    told = _told(case, acted, text.format(reason=reason), looked=bool(reason))
    if not case.stopped:
        return told
    return replace(told, headline=_("{name} has been stopped by the guardian").format(name=case.name))


def _told(case: Subject, clause: str, finding: str, *, looked: bool) -> CaseWords:
    sentence = finding if looked else f"{finding} {_(NOT_LOOKED)}"
    return CaseWords(
        headline=_headline(case, clause),
        fault="",
        clause=clause,
        finding=finding,
        limit_words="",
        sentence=sentence,
        why=f"{clause[:1].upper()}{clause[1:]}. {sentence}",
        question=_question(case),
        looked=looked,
    )


def _holders(case: Subject) -> str:
    if case.share is None:
        return _("holders")
    return _("holders of {share} % of all votes").format(share=significant(case.share))


def _nobody_since(case: Subject) -> str:
    if case.start is None:
        return _("nobody has measured it")
    months = (
        *(_("January"), _("February"), _("March"), _("April"), _("May"), _("June")),
        *(_("July"), _("August"), _("September"), _("October"), _("November"), _("December")),
    )
    return _("nobody has measured it since {clock} UTC on {day} {month}").format(
        clock=f"{case.start:%H:%M}", day=case.start.day, month=months[case.start.month - 1]
    )


def _no_report(case: Subject) -> str:
    if case.start is not None and case.end is not None:
        form = _clock(case.start, case.end)
        return _(
            "No report on its decisions between {start} and {end} UTC was accepted in time, so nobody knows "
            "how it does."
        ).format(start=f"{case.start:{form}}", end=f"{case.end:{form}}")
    if case.frame:
        return _(
            "No report on its decisions in frame {frame} was accepted in time, so nobody knows how it does."
        ).format(frame=case.frame)
    return _("No report on its decisions was accepted in time, so nobody knows how it does.")


def _made(
    case: Subject, fault: str, finding: str, limit_words: str, *, looked: bool, rows: int | None = None
) -> CaseWords:
    note = "" if looked else _(NOT_LOOKED)
    sentence = " ".join(part for part in (finding, limit_words, note) if part)
    clause = _("it {fault}").format(fault=fault)
    return CaseWords(
        headline=_headline(case, clause),
        fault=fault,
        clause=clause,
        finding=finding,
        limit_words=limit_words,
        sentence=sentence,
        why=_when(case, sentence),
        question=_question(case),
        looked=looked,
        rows=rows,
    )


def _headline(case: Subject, clause: str) -> str:
    text = _("{name} has been stopped: {why}") if case.stopped else _("{name} needs your vote: {why}")
    return text.format(name=case.name, why=clause)


def _question(case: Subject) -> str:
    return (_("Keep {name} stopped?") if case.stopped else _("Stop {name}?")).format(name=case.name)


def _clock(start: datetime, end: datetime) -> str:
    """Return the form in which times of a frame are told: with seconds where it is short."""
    return "%H:%M" if (end - start).total_seconds() >= 120 else "%H:%M:%S"


def _when(case: Subject, sentence: str) -> str:
    if case.start is not None and case.end is not None:
        form = _clock(case.start, case.end)
        when = _("Between {start} and {end} UTC").format(
            start=f"{case.start:{form}}", end=f"{case.end:{form}}"
        )
    elif case.frame:
        when = _("In frame {frame}").format(frame=case.frame)
    else:
        return sentence
    if sentence.startswith("It "):  # English alone: there the two make one sentence
        return f"{when} it {sentence.removeprefix('It ')}"
    return f"{when}: {sentence}"


def _limit(value: int, rule: Rule, noun: Noun) -> str:
    sure = {"lower": "at least", "upper": "at most"}.get(MetricName.parse(rule.metric).bound, "")
    if rule.m > 1 and not sure:  # the value is the m-th worst: the others are at least as bad
        sure = "at least" if rule.op == ">" else "at most"
    limit, shown = noun.show_pair(rule.limit, value, sure=sure)
    was = {"at least": _("at least {value}"), "at most": _("at most {value}")}.get(sure, "{value}")
    if rule.w > 1:
        text = _("The limit you voted is {noun} of {limit}; in {m} of the last {w} frames it was {was}.")
    else:
        text = _("The limit you voted is {noun} of {limit}; {this} is {was}.")
    return text.format(
        noun=noun.one, this=noun.this, limit=limit, was=was.format(value=shown), m=rule.m, w=rule.w
    )


def _metric_words(rule: Rule, profile: Profile | None) -> str:
    try:
        return describe_metric(rule.metric, profile.spec if profile else None)
    except (TribuneError, KeyError):
        return rule.metric


def _at(evidence: Mapping[str, Any] | None, metric: str) -> str:
    """Return the column that a maximum was found at, as the document says."""
    values = evidence.get("values") if evidence is not None else None
    found = values.get(metric) if isinstance(values, Mapping) else None
    at = found.get("at") if isinstance(found, Mapping) else None
    return at if isinstance(at, str) else ""


def _rows(counts: Counts | None) -> int | None:
    try:
        return counts.rows if counts is not None else None
    except FAULTS:
        return None


__all__ = ["NOT_LOOKED", "CaseWords", "Kind", "Subject", "amount", "case_words"]
