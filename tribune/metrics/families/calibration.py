"""Do scores mean what they say? Brier score, calibration, and accuracy among cases of like score.

On the fine cells of the score, each standing for its middle (or its value, where scores lie on a lattice).
Refuses scores that are no probabilities where these are needed, and rows whose score is no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.families.ranking import note_of, scored
from tribune.metrics.fixed import MICRO, exact, micro
from tribune.metrics.scheme import LABEL_POSITIVE, PREDICTION_INVALID
from tribune.metrics.spec import Task
from tribune.metrics.statistics.answers import enough, left_out
from tribune.metrics.statistics.compared import Found, both, plain
from tribune.metrics.statistics.intervals import Interval, mean, share, total
from tribune.metrics.statistics.outcomes import by_answer
from tribune.metrics.value import Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

BINS = 10
"""Bins of scores, as calibration is usually read."""


def brier(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the mean squared distance of scores from outcomes: 0 certain and right, 1 certain and wrong.

    Brier 1950, Monthly Weather Review 78:1. The bounds are the normal ones of a mean.
    """
    found = _probabilities(profile, tally)
    if isinstance(found, Value):
        return found
    cells, one = found
    n = sum(negatives + positives for _, negatives, positives in cells)
    squares = Fraction(sum(k * v**2 + p * (one - v) ** 2 for v, k, p in cells), one**2)
    fourths = Fraction(sum(k * v**4 + p * (one - v) ** 4 for v, k, p in cells), one**4)

    def interval(z: int) -> Interval:
        return mean(squares, fourths, n, z).within(0, 1)

    return Found(squares / n, n, interval if n > 1 else None, _note(profile, tally))


def calibration_gap(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the expected calibration error: 0 scores come true as often as they say, 1 never.

    Ten bins of equal width over 0 to 1, a score cell belonging to the bin of its middle: the mean over rows
    of |mean score − share of positives| of their bin (Naeini et al. 2015). It has no bounds, since noise
    alone makes it rise: compare it at the same n.
    """
    found = _probabilities(profile, tally)
    if isinstance(found, Value):
        return found
    cells, one = found
    gaps = [0] * BINS
    for value, negatives, positives in cells:
        gaps[min(BINS - 1, value * BINS // one)] += (negatives + positives) * value - positives * one
    n = sum(negatives + positives for _, negatives, positives in cells)
    return Found(Fraction(sum(map(abs, gaps)), one * n), n, note=_note(profile, tally))


def accuracy_gap_by_score(profile: Profile, tally: Tally, target: str, z: int | None) -> Value:
    """Measure how much accuracy fell among cases of like score: 0 as before, 1 from all right to all wrong.

    Scores alike but truth not is a sign of concept drift, which a mere change of cases is not. Score cells
    are cut into ten bins where the profile's judged rows reach each tenth; a bin takes part with `min_group`
    judged rows in both. The value is Σ (rows of the bin now / rows of all bins now)·(accuracy then − now),
    its bounds from squared and added Wilson distances.
    """
    judged, reference = enough(profile, tally), enough(profile, profile.reference, 1)
    if profile.spec.score is None:
        return unavailable("the model logs no score")
    if isinstance(judged, Value):
        return judged
    if isinstance(reference, Value):
        return unavailable("the profile has no labels", judged.n)
    then, now = _right_by_cell(profile, profile.reference), _right_by_cell(profile, tally)
    bins = [
        (before, after)
        for before, after in _tenths(then, now)
        if min(before[1], after[1]) >= profile.spec.min_group
    ]
    n = sum(after[1] for _, after in bins)
    if not bins:
        least = profile.spec.min_group
        return unavailable(
            f"no tenth of the scores has {least} rows with a label, here and in the profile", n
        )
    value = sum((Fraction(b[1], n) * (Fraction(*a) - Fraction(*b)) for a, b in bins), Fraction(0))
    notes = [left_out(profile, judged)]
    if len(bins) < BINS:
        notes.append(f"{len(bins)} of {BINS} ranges of scores have enough rows")
    note = "; ".join(filter(None, notes))
    if z is None:
        return Value(micro(value), n, reason=note)
    with exact():
        interval = total((Fraction(b[1], n), share(*a, z) - share(*b, z)) for a, b in bins)
        return Value(micro(value), n, micro(interval.lower), micro(interval.upper), reason=note)


Rate = tuple[int, int]
"""Rows predicted right, rows judged."""


def _right_by_cell(profile: Profile, tally: Tally) -> list[Rate]:
    rates = [(0, 0)] * (profile.scheme.outcomes.score_cells - 1)
    for (label, said, cell), rows in by_answer(profile, tally).items():
        if label <= LABEL_POSITIVE and said != PREDICTION_INVALID and cell < len(rates):
            right, n = rates[cell]
            rates[cell] = right + rows * (label == said), n + rows
    return rates


def _tenths(then: Sequence[Rate], now: Sequence[Rate]) -> list[tuple[Rate, Rate]]:
    """Join cells into bins that end where the rows of `then` reach each tenth."""
    whole, reached = sum(n for _, n in then), 0
    bins = [((0, 0), (0, 0)) for _ in range(BINS)]
    for before, after in zip(then, now, strict=True):
        place = min(BINS - 1, reached * BINS // whole) if whole else 0
        (right, n), (right_now, n_now) = bins[place]
        bins[place] = (right + before[0], n + before[1]), (right_now + after[0], n_now + after[1])
        reached += before[1]
    return bins


def _probabilities(profile: Profile, tally: Tally) -> tuple[list[tuple[int, int, int]], int] | Value:
    """Return (score, negatives, positives) of cells and the score of 1, or why scores cannot be read so.

    Scores are in half cells, so that all sums are of integers.
    """
    if profile.spec.score is None:
        return unavailable("the model logs no score")
    ranked = scored(profile, tally, profile.spec.score.name)
    if isinstance(ranked, Value):
        return ranked
    grid = profile.scheme.grid(profile.spec.score.name)
    first, last, one = grid.edges[0], grid.edges[-1] - 1, 2 ** (max(0, grid.shift) + 1)
    if grid.lower(first) < 0 or grid.shift < 0 or 2 * grid.lower(last) > one:
        return unavailable("the scores are no probabilities: they go beyond 0 to 1", ranked.n)
    rows = tally.scores[profile.spec.score.name].by_column_cell()
    return [
        (min(grid.half_cells(min(max(cell, first), last)), one), *sides) for cell, sides in rows.items()
    ], one


def _note(profile: Profile, tally: Tally) -> str:
    return note_of(profile, tally, profile.spec.score.name) if profile.spec.score else ""


_TASKS = frozenset({Task.BINARY})
METRICS = (
    *both(
        "brier",
        brier,
        "the mean squared error of scores (Brier score)",
        "the Brier score",
        _TASKS,
        percent=False,
        error=True,
    ),
    Metric(
        "performance.calibration_gap",
        0,
        MICRO,
        plain(calibration_gap),
        None,
        "how far scores are from how often they come true",
        labels=True,
        tasks=_TASKS,
    ),
    Metric(
        "performance.accuracy_gap_by_score",
        -MICRO,
        MICRO,
        accuracy_gap_by_score,
        None,
        "the fall of right answers among cases of like score",
        True,
        labels=True,
        tasks=_TASKS,
    ),
)
"""Definitions of this family that need scores."""
