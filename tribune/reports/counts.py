"""The few counts that a sentence about a case needs, read from an evidence document's tallies.

Refuses nothing loudly: what a document does not hold comes out as None, and the caller says that it could
not look. It never computes a metric's value; those are the document's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tribune.exceptions import TribuneError
from tribune.metrics import drift, performance, quality
from tribune.metrics.binning import (
    LABEL_NEGATIVE,
    LABEL_POSITIVE,
    PREDICTION_INVALID,
    PREDICTION_POSITIVE,
    Categories,
    Grid,
)
from tribune.metrics.outcomes import by_group
from tribune.metrics.profile import Profile
from tribune.metrics.tally import NumericCounts, Tally

Rate = tuple[int, int]
"""(rows that …, rows)."""


@dataclass(frozen=True)
class Counts:
    """Tallies of a frame beside the profile they were counted by.

    Args:
        profile: the reference.
        tally: the frame's rows.
        labelled: rows of the frame that metrics with labels cover; None: no labels.
    """

    profile: Profile
    tally: Tally
    labelled: Tally | None = None

    def title(self, column: str) -> str:
        """Return a column's name for people."""
        return self.profile.spec.column(column).title

    def outcome(self) -> str:
        """Return what a positive prediction says."""
        spec = self.profile.spec
        return spec.outcome or spec.prediction.value_title(spec.positive)

    def positive_rates(self, group: str) -> dict[str, Rate]:
        """Return (positive predictions, rows) per group large enough to be judged."""
        counts = {
            k: n for k, n in by_group(self.profile, self.tally, group).items() if k[2] != PREDICTION_INVALID
        }
        return self._large(group, counts)

    def error_rates(self, group: str) -> tuple[dict[str, Rate], dict[str, Rate]]:
        """Return positive predictions among the positives, and among the negatives, per large group."""
        if self.labelled is None:
            return {}, {}
        counts = by_group(self.profile, self.labelled, group)
        sides = []
        for label in (LABEL_POSITIVE, LABEL_NEGATIVE):
            side = {k: n for k, n in counts.items() if k[1] == label and k[2] != PREDICTION_INVALID}
            sides.append(self._large(group, side))
        true, false = sides
        both = true.keys() & false.keys()
        return {k: true[k] for k in true if k in both}, {k: false[k] for k in false if k in both}

    def _large(self, group: str, counts: Mapping[tuple[int, int, int], int]) -> dict[str, Rate]:
        binning, column = self.profile.binnings[group], self.profile.spec.column(group)
        values = binning.values if isinstance(binning, Categories) else ()
        rates: dict[str, Rate] = {}
        for place, value in enumerate(values):
            rows = sum(n for k, n in counts.items() if k[0] == place)
            hits = sum(n for k, n in counts.items() if k[0] == place and k[2] == PREDICTION_POSITIVE)
            if rows >= self.profile.spec.min_group:
                rates[column.value_title(value)] = (hits, rows)
        return rates

    def quality(self, measure: str, column: str) -> tuple[Rate, Rate]:
        """Return (rows concerned, rows) of a quality measure now and in the reference."""
        count = {
            "missing_rate": quality.missing_rows,
            "unseen_rate": quality.unseen_rows,
            "out_of_range_rate": quality.out_of_range_rows,
        }.get(measure, quality.invalid_rows)
        now, then = self.tally, self.profile.reference
        return (count(self.profile, now, column), now.rows), (count(self.profile, then, column), then.rows)

    def medians(self, column: str) -> tuple[float, float] | None:
        """Return the median now and in the reference, to a cell's width; None for categories or tails."""
        binning = self.profile.binnings[column]
        if not isinstance(binning, Grid):
            return None
        pair = [
            _median(binning, NumericCounts.of(binning, tally.columns[column]))
            for tally in (self.tally, self.profile.reference)
        ]
        return (pair[0], pair[1]) if pair[0] is not None and pair[1] is not None else None

    def most_changed(self, column: str) -> tuple[str, Rate, Rate] | None:
        """Return the category whose share changed most: its name, its rate now and in the reference."""
        binning = self.profile.binnings[column]
        if not isinstance(binning, Categories):
            return None
        now, then = (
            drift.cells(binning, tally.columns[column]) for tally in (self.tally, self.profile.reference)
        )
        n, m = sum(now), sum(then)
        if not n or not m:
            return None
        names = [self.profile.spec.column(column).value_title(value) for value in binning.values]
        names += ["other values"] * (len(now) - len(names))
        at = max(range(len(now)), key=lambda i: abs(now[i] * m - then[i] * n))
        return names[at], (now[at], n), (then[at], m)

    def right(self) -> tuple[Rate | None, Rate]:
        """Return (rows predicted right, labelled rows) now (None: no labels) and in the reference."""
        now = performance.right_of(self.profile, self.labelled) if self.labelled is not None else None
        return now, performance.right_of(self.profile, self.profile.reference)


def _median(grid: Grid, counts: NumericCounts) -> float | None:
    total = counts.low + counts.valid + counts.high
    below = counts.low
    if not total or 2 * below >= total:
        return None
    for offset, count in enumerate(counts.cells):
        below += count
        if 2 * below >= total:
            return (grid.edges[0] + offset) / grid.scale
    return None


def read_counts(evidence: Mapping[str, Any] | None, profile: Profile | None) -> Counts | None:
    """Return the counts of an evidence document; None where either is missing or they do not fit."""
    if evidence is None or profile is None:
        return None
    try:
        tally = Tally.from_json(evidence["tally"], profile.scheme)
        labelled = evidence.get("labelled")
        return Counts(profile, tally, None if labelled is None else Tally.from_json(labelled, profile.scheme))
    except (TribuneError, KeyError, TypeError, AttributeError):
        return None
