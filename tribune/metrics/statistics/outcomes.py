"""Outcomes and scores summed over the axes that a metric does not need, each sum made once per tally.

Dozens of metrics read the same few sums of tens of thousands of cells, so these are kept as long as their
tally lives. Nobody may change what is returned here.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

from tribune.metrics.scheme import Scheme
from tribune.metrics.scores import Scores

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

K = TypeVar("K")
Confusion = Mapping[tuple[int, int], int]
"""Rows per (label, prediction)."""


@dataclass(frozen=True)
class Judged:
    """Rows of a classifier whose label and prediction are both known outcomes, per outcome.

    Args:
        labelled: rows with this label.
        predicted: rows with this prediction.
        right: rows with both.
        labels: rows that a label came for, whatever it says.
        invalid_labels: of these, rows whose label is no outcome.
        invalid_predictions: rows whose prediction is no outcome, with a label or without.
    """

    labelled: tuple[int, ...]
    predicted: tuple[int, ...]
    right: tuple[int, ...]
    labels: int
    invalid_labels: int
    invalid_predictions: int

    @cached_property
    def n(self) -> int:
        """Rows judged."""
        return sum(self.labelled)


@dataclass(frozen=True)
class Ranked:
    """Rows by fine cell of a score, from low to high; cells without rows are left out.

    Args:
        others: rows with another label, per cell.
        own: rows with the label that the score is for, per cell.
    """

    others: tuple[int, ...]
    own: tuple[int, ...]

    @cached_property
    def n(self) -> int:
        """All these rows."""
        return sum(self.others) + sum(self.own)


class Sums:
    """A tally's outcomes and scores, summed.

    Args:
        scheme: by which it was counted.
        outcomes: of the tally.
        scores: of the tally.
    """

    def __init__(self, scheme: Scheme, outcomes: Mapping[int, int], scores: Mapping[str, Scores]) -> None:
        self.scheme, self.layout = scheme, scheme.outcomes
        self._outcomes, self._scores = outcomes, scores
        self._groups: dict[str, dict[tuple[int, int, int], int]] = {}
        self._ranked: dict[str, Ranked] = {}
        self.found: dict[tuple[object, str], Any] = {}
        """What `tribune.metrics.statistics.compared.once` found of the tally."""

    @cached_property
    def grouped(self) -> dict[int, int]:
        """Rows per cell without its score: index // score cells."""
        cells = self.layout.score_cells
        return _added((index // cells, count) for index, count in self._outcomes.items())

    @cached_property
    def answers(self) -> dict[tuple[int, int, int], int]:
        """Rows per (label, prediction, score position)."""
        labels, predictions, cells = self.layout.shape[-3:]
        places = labels * predictions * cells
        plain = _added((index % places, count) for index, count in self._outcomes.items())
        return {
            (index // cells // predictions, index // cells % predictions, index % cells): count
            for index, count in plain.items()
        }

    @cached_property
    def confusion(self) -> dict[tuple[int, int], int]:
        """Rows per (label, prediction)."""
        return _added(((label, said), count) for (label, said, _), count in self.answers.items())

    @cached_property
    def judged(self) -> Judged:
        """Rows that can be judged right or wrong; none for a model that is no classifier."""
        layout = self.layout
        size = max(0, layout.labels - 2)
        labelled, predicted, right = [0] * size, [0] * size, [0] * size
        labels = invalid_labels = invalid_predictions = 0
        for (label, said), count in self.confusion.items() if size else ():
            labels += count * (label != layout.label_unknown)
            invalid_labels += count * (label == layout.label_invalid)
            invalid_predictions += count * (said == layout.prediction_invalid)
            if label < size and said < size:
                labelled[label] += count
                predicted[said] += count
                right[label] += count * (label == said)
        sides = tuple(labelled), tuple(predicted), tuple(right)
        return Judged(*sides, labels, invalid_labels, invalid_predictions)

    @cached_property
    def scored(self) -> dict[tuple[int, int], int]:
        """Rows per (label, score position)."""
        return _added(((label, cell), count) for (label, _, cell), count in self.answers.items())

    def ranked(self, score: str) -> Ranked:
        """Return a score's rows that have a label and a score, by fine cell."""
        if score not in self._ranked:
            table = self._scores[score]
            others, own = table.others.get, table.own.get
            cells = sorted({**table.others, **table.own})
            self._ranked[score] = Ranked(
                tuple(others(cell, 0) for cell in cells), tuple(own(cell, 0) for cell in cells)
            )
        return self._ranked[score]

    @cached_property
    def statistics(self) -> tuple[int, ...]:
        """A regression model's statistics, `ERRORS` to `FOURTHS`."""
        return tuple(self.confusion.get((0, place), 0) for place in range(self.layout.predictions))

    def by_group(self, group: str) -> dict[tuple[int, int, int], int]:
        """Return rows per (group position, label, prediction)."""
        if group not in self._groups:
            labels, predictions = self.layout.shape[-3:-1]
            answers = labels * predictions
            axis = [name for name, _ in self.layout.groups].index(group)
            step = answers * prod(length for _, length in self.layout.groups[axis + 1 :])
            length = self.layout.groups[axis][1]
            self._groups[group] = _added(
                ((index // step % length, index % answers // predictions, index % predictions), count)
                for index, count in self.grouped.items()
            )
        return self._groups[group]


def _added(counts: Iterable[tuple[K, int]]) -> dict[K, int]:
    total: dict[K, int] = {}
    for key, count in counts:
        total[key] = total.get(key, 0) + count
    return total


_kept: dict[int, tuple[weakref.ref[Tally], Sums]] = {}
"""By identity of a living tally: a sum is a pure function of it, this only saves making it again."""


def sums(profile: Profile, tally: Tally) -> Sums:
    """Return a tally's sums, made on demand and kept until the tally is gone."""
    key, scheme = id(tally), profile.scheme
    kept = _kept.get(key)
    if kept is not None and (kept[1].scheme is scheme or kept[1].scheme == scheme):
        return kept[1]
    made = Sums(scheme, tally.outcomes, tally.scores)
    _kept[key] = weakref.ref(tally, lambda _: _kept.pop(key, None)), made
    return made


def by_group(profile: Profile, tally: Tally, group: str) -> Mapping[tuple[int, int, int], int]:
    """Return rows per (group position, label, prediction)."""
    return sums(profile, tally).by_group(group)


def by_answer(profile: Profile, tally: Tally) -> Mapping[tuple[int, int, int], int]:
    """Return rows per (label, prediction, score position)."""
    return sums(profile, tally).answers


def confusion(profile: Profile, tally: Tally) -> Confusion:
    """Return rows per (label, prediction)."""
    return sums(profile, tally).confusion


def by_score(profile: Profile, tally: Tally) -> Mapping[tuple[int, int], int]:
    """Return rows per (label, score position)."""
    return sums(profile, tally).scored
