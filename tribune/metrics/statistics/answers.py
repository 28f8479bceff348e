"""What a classifier's labelled rows say about one outcome, or about all: the parts of performance metrics.

Refuses shares of too few rows: everything needs `min_rows` rows with a label and a prediction, and a share
`min_group` rows below its line, or it could be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.spec import Task
from tribune.metrics.statistics.compared import Found
from tribune.metrics.statistics.intervals import Interval, mean_of, share, total
from tribune.metrics.statistics.outcomes import Judged, sums
from tribune.metrics.value import Value, unavailable, unlabelled
from tribune.wording import counted, too_few

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def enough(profile: Profile, tally: Tally, least: int | None = None) -> Judged | Value:
    """Return the rows that can be judged, or why they do not do; `least` is `min_rows` by default."""
    judged = sums(profile, tally).judged
    needed = profile.spec.min_rows if least is None else least
    if judged.labels == 0:
        return unlabelled(profile)
    if judged.n < needed:
        return unavailable(too_few(judged.n, needed, "with a label"), judged.n)
    return judged


def left_out(profile: Profile, judged: Judged, *, predictions: bool = True) -> str:
    """Say which rows could not be judged: those with an invalid label or, where it matters, prediction."""
    spec = profile.spec
    words = f"neither {spec.negative} nor {spec.positive}"
    words = words if spec.task is Task.BINARY else "none of the classes"
    odd = [(judged.invalid_labels, "label")]
    odd += [(judged.invalid_predictions, "prediction")] if predictions else []
    return "; ".join(f"{counted(n, f'{what} is', f'{what}s are')} {words}" for n, what in odd if n)


@dataclass(frozen=True)
class Answers:
    """How often an outcome was predicted, and predicted rightly.

    Args:
        title: the outcome.
        right: rows with this label and prediction.
        predicted: rows with this prediction.
        labelled: rows with this label.
        n: all rows judged.
        note: what was left out.
        least: rows that a share needs below its line.
    """

    title: str
    right: int
    predicted: int
    labelled: int
    n: int
    note: str
    least: int

    @classmethod
    def of(cls, profile: Profile, judged: Judged, outcome: str, least: int) -> Answers:
        """Take the rows of one outcome."""
        at = profile.spec.outcomes.index(outcome)
        counts = judged.right[at], judged.predicted[at], judged.labelled[at]
        return cls(outcome, *counts, judged.n, left_out(profile, judged), least)

    def precision(self) -> Found | Value:
        """Find the share of these predictions that are right: 0 none, 1 all."""
        return self.share(self.right, self.predicted, f"predicted {self.title}")

    def recall(self) -> Found | Value:
        """Find the share of these labels that were predicted: 0 none, 1 all."""
        return self.share(self.right, self.labelled, f"with the label {self.title}")

    def specificity(self) -> Found | Value:
        """Find the share of other labels that were predicted as others: 0 none, 1 all."""
        others = self.n - self.labelled
        return self.share(
            others - self.predicted + self.right, others, f"with another label than {self.title}"
        )

    def f1(self) -> Found | Value:
        """Find the harmonic mean of precision and recall: 0 never right, 1 always.

        F1 = 2p/(1 + p) with p = TP/(TP + FP + FN), which rises with p: so its bounds are those of p.
        """
        either = self.predicted + self.labelled - self.right
        found = self.share(self.right, either, f"predicted as {self.title} or with the label {self.title}")
        if isinstance(found, Value):
            return found
        right = self.right
        return Found(
            Fraction(2 * right, either + right),
            self.n,
            lambda z: share(right, either, z).through(lambda p: 2 * p / (1 + p)),
            self.note,
        )

    def share(self, hits: int, rows: int, what: str) -> Found | Value:
        """Find hits/rows with Wilson's bounds, or say what there are too few of."""
        if rows < self.least:
            return unavailable(too_few(rows, self.least, what), self.n)
        return Found(Fraction(hits, rows), rows, lambda z: share(hits, rows, z), self.note)


def found_of(
    find: Callable[[Answers], Found | Value], profile: Profile, tally: Tally, outcome: str, least: int
) -> Found | Value:
    """Find a measure of one outcome's answers; `least`: rows that it needs below its line."""
    judged = enough(profile, tally)
    return judged if isinstance(judged, Value) else find(Answers.of(profile, judged, outcome, least))


def mean_found(found: Sequence[Found], n: int, *, independent: bool) -> Found:
    """Return the mean of shares with its bounds.

    Args:
        found: the shares, each with an interval.
        n: rows behind all.
        independent: whether they are of different rows, so that distances may be squared and added.
    """
    part = Fraction(1, len(found))

    def interval(z: int) -> Interval:
        intervals = [one.interval(z) for one in found if one.interval]
        return total((part, one) for one in intervals) if independent else mean_of(intervals)

    value = sum((one.value for one in found if isinstance(one.value, Fraction)), Fraction(0)) * part
    return Found(value, n, interval, found[0].note)
