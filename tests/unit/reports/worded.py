"""Cases with a real evidence document behind them, for tests of their words."""

from __future__ import annotations

from typing import Any

from support.small_model import Row, tally_of
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy, Profile, Rule, Severity, Tally
from tribune.metrics.scheme import LABEL_NEGATIVE, LABEL_POSITIVE
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from tribune.reports.words import Subject, case_words

YES, NO = LABEL_POSITIVE, LABEL_NEGATIVE
FAIR: dict[Row, int] = {
    (30, "1", "1", YES): 480, (30, "1", "0", NO): 400, (30, "1", "0", YES): 120,
    (30, "2", "1", YES): 480, (30, "2", "0", NO): 400, (30, "2", "1", NO): 120,
}  # fmt: skip
UNFAIR: dict[Row, int] = {
    (30, "1", "1", YES): 530, (30, "1", "0", NO): 470,
    (70, "2", "1", YES): 60, (70, "2", "0", YES): 470, (70, "2", "0", NO): 470,
}  # fmt: skip


def document(profile: Profile, rule: Rule, tally: Tally, labelled: Tally | None = None) -> Any:
    """A real evidence document."""
    context = EvidenceContext(
        31337, ModelId(1), VersionNumber(1), FrameIndex(2), 0, 1, bytes(32), bytes(32), ()
    )
    return build_evidence(context, profile, Policy((rule,)), FrameTallies(tally, labelled)).document


def words_of(profile: Profile, rule: Rule, rows: dict[Row, int], labelled: Any = None, **subject: Any) -> Any:
    """Return the words of a case on that document."""
    made = document(profile, rule, tally_of(rows), tally_of(labelled) if labelled else None)
    value = made["values"][rule.metric]["micro"]
    case = Subject("acs-employment", 1, value=value, limit=rule.limit, **subject)  # value as reported
    return case_words(case, rule, made, profile)


def parity(**other: Any) -> Rule:
    """Return a rule on the gap in positive answers."""
    name = "fairness.demographic_parity_difference.lower/SEX"
    return Rule(name, ">", 100_000, Severity.TRIP, z=3_000_000, **other)
