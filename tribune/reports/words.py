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
from tribune.metrics.policy import Rule
from tribune.metrics.profile import Profile
from tribune.metrics.value import NOT_AVAILABLE, MetricName
from tribune.metrics.words import amount, describe_metric
from tribune.reports import phrases
from tribune.reports.counts import FAULTS, Counts, read_counts
from tribune.reports.phrase import Noun
from tribune.wording import counted


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


NOT_LOOKED = "The evidence could not be read here, so this is only what the chain says."


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
        return _made(case, "broke one of the rules you voted", "", "", looked=False)
    parts = MetricName.parse(rule.metric)
    counts = read_counts(evidence, profile)
    target = parts.target or (_at(evidence, rule.metric) if parts.over == "max" else "")
    if case.value is None or case.value == NOT_AVAILABLE:
        about = _metric_words(rule, profile)
        return _made(
            case,
            "cannot be measured",
            f"{_borne(rule.na_budget)} nobody could measure {about}.",
            f"The rules you voted bear {counted(rule.na_budget, 'such frame')}, no more.",
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
        found = f"What was measured: {about}."
        return _made(case, fault, found, _limit(case.value, rule, noun), looked=False)
    return _made(
        case,
        words.fault,
        words.finding,
        _limit(case.value, rule, words.noun),
        looked=True,
        rows=_rows(counts),
    )


def _borne(frames: int) -> str:
    if frames:
        return f"For more than {counted(frames, 'frame')} in a row"
    return "In this frame"


def _resume(case: Subject, conclusion: Mapping[str, Any] | None) -> CaseWords:
    texts = [
        f"{title}: {text.strip()}"
        for title, key in (("Cause", "cause"), ("Fix", "fix"))
        if conclusion is not None and isinstance(text := conclusion.get(key), str) and text.strip()
    ]
    finding = "\n".join(texts)
    looked = bool(texts)
    called = case.share is not None
    asks = (
        f"{_holders(case)} say that the incident is over and ask to run {case.name}."
        if called
        else f"Its steward says that the incident is over and asks to run {case.name}."
    )
    sentence = finding or "The conclusion of the incident could not be read here; only its digest is known."
    return CaseWords(
        headline=f"{case.name}: shall it answer again?",
        fault="",
        clause=f"{_holders(case)} ask to run it again" if called else "its steward asks to run it again",
        finding=finding,
        limit_words="",
        sentence=sentence,
        why=f"{asks[:1].upper()}{asks[1:]}\n{sentence}",
        question=f"Let {case.name} answer again?",
        looked=looked,
    )


def _without_rule(case: Subject, evidence: Mapping[str, Any] | None) -> CaseWords:
    """Say who stopped a model or asks to, where no rule was hit."""
    if case.kind is Kind.STALE:
        finding = (
            f"No report on its decisions{_in_frame(case)} was accepted in time, so nobody knows how it does."
        )
        return _told(case, f"nobody has measured it{_since(case)}", finding, looked=True)
    said = evidence.get("reason") if evidence is not None else None
    reason = said.strip() if isinstance(said, str) else ""
    if case.kind is Kind.HOLDER_PAUSE:
        called = f"{_holders(case)} ask to stop it"
        finding = f"They say why: {reason}" if reason else "They ask for this vote without a rule being hit."
        return _told(case, called, finding, looked=bool(reason))
    acted = "the guardian stopped it" if case.stopped else "the guardian asks to stop it"
    finding = f"The guardian says why: {reason}" if reason else "The guardian acted without a rule being hit."
    told = _told(case, acted, finding, looked=bool(reason))
    return replace(told, headline=f"{case.name} has been stopped by the guardian") if case.stopped else told


def _told(case: Subject, clause: str, finding: str, *, looked: bool) -> CaseWords:
    sentence = finding if looked else f"{finding} {NOT_LOOKED}"
    return CaseWords(
        headline=f"{case.name} {_what(case)}: {clause}",
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
    return "holders" if case.share is None else f"holders of {case.share:.3g} % of all votes"


def _since(case: Subject) -> str:
    return "" if case.start is None else f" since {case.start:%H:%M} UTC on {case.start.day} {case.start:%B}"


def _in_frame(case: Subject) -> str:
    if case.start is not None and case.end is not None:
        form = _clock(case.start, case.end)
        return f" between {case.start:{form}} and {case.end:{form}} UTC"
    return f" in frame {case.frame}" if case.frame else ""


def _made(
    case: Subject, fault: str, finding: str, limit_words: str, *, looked: bool, rows: int | None = None
) -> CaseWords:
    note = "" if looked else NOT_LOOKED
    sentence = " ".join(part for part in (finding, limit_words, note) if part)
    return CaseWords(
        headline=f"{case.name} {_what(case)}: it {fault}",
        fault=fault,
        clause=f"it {fault}",
        finding=finding,
        limit_words=limit_words,
        sentence=sentence,
        why=_when(case, sentence),
        question=_question(case),
        looked=looked,
        rows=rows,
    )


def _what(case: Subject) -> str:
    return "has been stopped" if case.stopped else "needs your vote"


def _question(case: Subject) -> str:
    return f"Keep {case.name} stopped?" if case.stopped else f"Stop {case.name}?"


def _clock(start: datetime, end: datetime) -> str:
    """Return the form in which times of a frame are told: with seconds where it is short."""
    return "%H:%M" if (end - start).total_seconds() >= 120 else "%H:%M:%S"


def _when(case: Subject, sentence: str) -> str:
    if case.start is not None and case.end is not None:
        form = _clock(case.start, case.end)
        when = f"Between {case.start:{form}} and {case.end:{form}} UTC"
    elif case.frame:
        when = f"In frame {case.frame}"
    else:
        return sentence
    if sentence.startswith("It "):
        return f"{when} it {sentence.removeprefix('It ')}"
    return f"{when}: {sentence}"


def _limit(value: int, rule: Rule, noun: Noun) -> str:
    sure = {"lower": "at least", "upper": "at most"}.get(MetricName.parse(rule.metric).bound, "")
    if rule.m > 1 and not sure:  # the value is the m-th worst: the others are at least as bad
        sure = "at least" if rule.op == ">" else "at most"
    limit, shown = noun.show_pair(rule.limit, value, sure=sure)
    voted = f"The limit you voted is {noun.article}{noun.name} of {limit}"
    was = f"{sure} {shown}".strip()
    if rule.w > 1:
        frames = f"{rule.m} of the last {rule.w} frames"
        return f"{voted}; in {frames} it was {was}."
    return f"{voted}; this {noun.name} is {was}."


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
