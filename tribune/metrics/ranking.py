"""Do scores put cases in order? The area under the ROC curve, on the fine cells of the score.

Rows of a cell count as ties, so the area lies within 1e-5 of the raw scores' as a rule. Refuses to count rows
whose score is no number, and says how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.answers import left_out
from tribune.metrics.compared import Found, both
from tribune.metrics.intervals import score
from tribune.metrics.outcomes import Ranked, sums
from tribune.metrics.spec import Task
from tribune.metrics.value import Value, unavailable, unlabelled
from tribune.wording import counted, too_few

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def area(cells: Sequence[tuple[int, int]]) -> tuple[Fraction, Fraction]:
    """Return the area under the ROC curve, ties as a half, and DeLong's variance of it, both exact.

    Cells are (negatives, positives) from the lowest score to the highest; rows of one cell are ties.
    DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837: the variance of the share of negatives below a
    positive, over the positives, and the reverse over the negatives. There are two of either at least.
    """
    n, p = (sum(rows) for rows in zip(*cells, strict=True))
    below = above_sum = above_squares = 0
    over_sum = over_squares = 0
    positives_left = p
    for negatives, positives in cells:
        placed = 2 * below + negatives  # twice the negatives below a positive here
        above_sum += positives * placed
        above_squares += positives * placed * placed
        positives_left -= positives
        passed = 2 * positives_left + positives  # twice the positives above a negative here
        over_sum += negatives * passed
        over_squares += negatives * passed * passed
        below += negatives
    of_positives = (Fraction(above_squares) - Fraction(above_sum**2, p)) / ((p - 1) * 4 * n * n)
    of_negatives = (Fraction(over_squares) - Fraction(over_sum**2, n)) / ((n - 1) * 4 * p * p)
    return Fraction(above_sum, 2 * n * p), of_positives / p + of_negatives / n


def found_area(ranked: Ranked, title: str, least: int, note: str) -> Found | Value:
    """Find the AUC of one outcome against the rest, or say of what there are too few rows.

    Its bounds are Wilson's of as many independent rows as would vary like it (AUC·(1 − AUC)/variance): unlike
    the plain normal interval they stay within 0 and 1, and do not close where the order is perfect; there,
    the rows of the rarer label count.
    """
    needed = max(2, least)
    for rows, what in ((ranked.own, f"the label {title}"), (ranked.others, f"another label than {title}")):
        if rows < needed:
            return unavailable(too_few(rows, needed, f"with a score and {what}"), ranked.n)
    auc, variance = area([(others, own) for _, others, own in ranked.cells])
    rows_like = auc * (1 - auc) / variance if variance else Fraction(min(ranked.others, ranked.own))
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
