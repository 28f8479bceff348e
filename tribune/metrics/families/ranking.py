"""Do scores put cases in order? The area under the ROC curve, on the fine cells of the score.

Rows of a cell count as ties; cells are so fine that the area is within 0.00001 of that of raw scores. Refuses
to count rows whose score is no number, and says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from operator import add, mul
from typing import TYPE_CHECKING

from tribune.metrics.spec import Task
from tribune.metrics.statistics.answers import left_out
from tribune.metrics.statistics.compared import Found, both
from tribune.metrics.statistics.intervals import score
from tribune.metrics.statistics.outcomes import Ranked, sums
from tribune.metrics.value import Value, unavailable, unlabelled
from tribune.wording import counted, too_few

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def area(others: Sequence[int], own: Sequence[int]) -> tuple[Fraction, Fraction]:
    """Return the area under the ROC curve, ties as a half, and DeLong's variance of it, both exact.

    Rows with another label and rows with the own one, per cell from the lowest score to the highest; rows of
    one cell are ties. DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837: the variance of the share of
    the others below an own one, over the own, and the reverse over the others. There are two of either at
    least.
    """
    n, p = sum(others), sum(own)
    below, up_to = accumulate(others, initial=0), accumulate(own)
    placed = list(map(add, below, accumulate(others)))  # twice the others below an own one here
    passed = [2 * p - 2 * reached + here for reached, here in zip(up_to, own, strict=True)]  # and vice versa
    above, over = list(map(mul, own, placed)), list(map(mul, others, passed))
    total = sum(above)
    of_own = (sum(map(mul, above, placed)) - Fraction(total**2, p)) / ((p - 1) * 4 * n * n)
    of_others = (sum(map(mul, over, passed)) - Fraction(total**2, n)) / ((n - 1) * 4 * p * p)
    return Fraction(total, 2 * n * p), of_own / p + of_others / n


def found_area(ranked: Ranked, title: str, least: int, note: str) -> Found | Value:
    """Find the AUC of one outcome against the rest, or say of what there are too few rows.

    Its bounds are Wilson's of as many independent rows as would vary like it (AUC·(1 − AUC)/variance): unlike
    the plain normal interval they stay within 0 and 1, and do not close where the order is perfect; there,
    the rows of the rarer label count.
    """
    needed, own, others = max(2, least), sum(ranked.own), sum(ranked.others)
    for rows, what in ((own, f"the label {title}"), (others, f"another label than {title}")):
        if rows < needed:
            return unavailable(too_few(rows, needed, f"with a score and {what}"), ranked.n)
    auc, variance = area(ranked.others, ranked.own)
    rows_like = auc * (1 - auc) / variance if variance else Fraction(min(others, own))
    return Found(auc, ranked.n, lambda z: score(auc, rows_like, z), note)


def auc(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the area under the ROC curve: 0.5 no better than chance, 1 perfect order, 0 reversed."""
    if profile.spec.score is None:
        return unavailable("the model logs no score")
    return area_of(profile, tally, profile.spec.score.name, profile.spec.min_group)


def area_of(profile: Profile, tally: Tally, name: str, least: int) -> Found | Value:
    """Find the AUC of a score, its outcome against all others."""
    ranked = scored(profile, tally, name)
    if isinstance(ranked, Value):
        return ranked
    return found_area(ranked, profile.spec.outcome_of(name), least, note_of(profile, tally, name))


def scored(profile: Profile, tally: Tally, name: str) -> Ranked | Value:
    """Return labelled rows per cell of a score, or why there are too few."""
    judged, ranked = sums(profile, tally).judged, sums(profile, tally).ranked(name)
    if judged.labels == 0:
        return unlabelled(profile)
    if ranked.n < profile.spec.min_rows:
        needed = profile.spec.min_rows
        return unavailable(too_few(ranked.n, needed, "with a label and a score"), ranked.n)
    return ranked


def note_of(profile: Profile, tally: Tally, name: str) -> str:
    """Say which rows with a label have no place among the scores."""
    judged = sums(profile, tally).judged
    unscored = judged.labels - judged.invalid_labels - sums(profile, tally).ranked(name).n
    notes = [left_out(profile, judged, predictions=False)]
    if unscored:
        notes.append(f"{counted(unscored, 'row')} with a label but no score")
    return "; ".join(filter(None, notes))


METRICS = both(
    "auc",
    auc,
    "the chance that scores order two cases rightly (AUC)",
    "the AUC",
    frozenset({Task.BINARY}),
    percent=False,
)
"""Definitions of this family that need the order of scores."""
