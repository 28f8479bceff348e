"""Which rates of groups a fairness metric compares, and which groups have the rows for it.

Refuses to compare a group that has too few rows, or whose value is not known; names it instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.scheme import LABEL_POSITIVE
from tribune.metrics.spec import Task
from tribune.metrics.statistics.groups import Place, is_known, left_out, outcomes_by_group
from tribune.metrics.value import GroupKey, Value, unavailable, unlabelled

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

Rate = tuple[int, int]
"""(rows that …, rows)."""


@dataclass(frozen=True)
class Comparison:
    """Rates of groups that are compared with each other.

    Args:
        subject: the class that stands against the rest, for people; empty where there is but one comparison.
        rates: for each kind of rate, by group.
    """

    subject: str
    rates: tuple[Mapping[Place, Rate], ...]

    def rows(self) -> dict[Place, int]:
        """Return the rows of each group in the rate in which it has the fewest."""
        places = {place for rates in self.rates for place in rates}
        return {place: min(rates.get(place, (0, 0))[1] for rates in self.rates) for place in sorted(places)}

    def among(self, places: Set[Place]) -> Comparison:
        """Return the same between some groups only."""
        rates = tuple({p: rate for p, rate in rates.items() if p in places} for rates in self.rates)
        return Comparison(self.subject, rates)

    def shares(self) -> list[dict[Place, Fraction]]:
        """Return each kind of rate's shares by group, exact."""
        return [{place: Fraction(*rate) for place, rate in rates.items()} for rates in self.rates]

    @property
    def n(self) -> int:
        """Rows behind it."""
        return sum(rows for rates in self.rates for _, rows in rates.values())


Compare = Callable[["Profile", "Tally", str], list[Comparison]]


@dataclass(frozen=True)
class Kind:
    """A kind of rates that groups are compared in.

    Args:
        compare: gives the comparisons, one per class of a multiclass model.
        needed: what a group needs `min_group` of, for people.
        counted: what the count of a smaller group is of.
        nothing: what to say where no row can be compared; empty: labels are wanting.
    """

    compare: Compare
    needed: str
    counted: str
    nothing: str = ""

    def group_rows(self, profile: Profile, tally: Tally, target: str) -> dict[tuple[str, Place], int]:
        """Return the rows of each known group per comparison: what a trailing sum waits for."""
        return {
            (one.subject, place): rows
            for one in self.compare(profile, tally, target)
            for place, rows in one.rows().items()
            if is_known(profile, target, place)
        }

    def judged(
        self, profile: Profile, tally: Tally, target: str, later: Set[GroupKey] = frozenset()
    ) -> tuple[list[Comparison], str]:
        """Return the comparisons of groups that have their rows, and a note on all others but `later`."""
        found, least = self.compare(profile, tally, target), profile.spec.min_group
        alike = all(one.rows() == found[0].rows() for one in found)
        small: dict[tuple[str, Place], int] = {}
        judged = []
        for one in found:
            rows = one.rows()
            large = {p for p, n in rows.items() if n >= least and is_known(profile, target, p)}
            few = {p: n for p, n in rows.items() if p not in large and (one.subject, p) not in later}
            small |= {("" if alike else one.subject, p): n for p, n in few.items()}
            judged.append(one.among(large))
        return judged, left_out(profile, target, small, f"{self.counted}:")

    def too_few(self, profile: Profile, judged: Sequence[Comparison], note: str) -> Value:
        """Return why nothing can be compared."""
        n = max(one.n for one in judged)
        if not n and not note:
            return unavailable(self.nothing) if self.nothing else unlabelled(profile)
        return unavailable(
            joined(f"fewer than two groups have {profile.spec.min_group} {self.needed}", note), n
        )


def _one_against_rest(
    profile: Profile, tally: Tally, target: str, *conditions: Callable[[int, int], bool]
) -> list[Comparison]:
    """Compare shares of rows that were predicted to be a class, among rows whose label fits a condition."""
    spec, known = profile.spec, len(profile.spec.outcomes)
    groups = outcomes_by_group(profile, tally, target)
    many, titles = spec.task is Task.MULTICLASS, dict(spec.prediction.values)
    found = []
    for number in range(known) if many else (LABEL_POSITIVE,):
        rates: list[dict[Place, Rate]] = [{} for _ in conditions]
        for place, counts in groups.items():
            for kind, fits in zip(rates, conditions, strict=True):
                rows = hits = 0
                for (label, said), count in counts.items():
                    if said < known and fits(label, number):
                        rows, hits = rows + count, hits + (count if said == number else 0)
                if rows:
                    kind[place] = hits, rows
        subject = titles.get(spec.outcomes[number], spec.outcomes[number]) if many else ""
        found.append(Comparison(subject, tuple(rates)))
    return found


def _selection(profile: Profile, tally: Tally, target: str) -> list[Comparison]:
    return _one_against_rest(profile, tally, target, lambda label, number: True)


def _true(profile: Profile, tally: Tally, target: str) -> list[Comparison]:
    return _one_against_rest(profile, tally, target, lambda label, number: label == number)


def _true_and_false(profile: Profile, tally: Tally, target: str) -> list[Comparison]:
    known = len(profile.spec.outcomes)
    return _one_against_rest(
        profile,
        tally,
        target,
        lambda label, number: label == number,
        lambda label, number: label != number and label < known,
    )


def _right(profile: Profile, tally: Tally, target: str) -> list[Comparison]:
    known, rates = len(profile.spec.outcomes), dict[Place, Rate]()
    for place, counts in outcomes_by_group(profile, tally, target).items():
        judged = {outcome: n for outcome, n in counts.items() if max(outcome) < known}
        if judged:
            right = sum(n for (label, said), n in judged.items() if label == said)
            rates[place] = right, sum(judged.values())
    return [Comparison("", (rates,))]


SELECTION = Kind(_selection, "rows", "rows", "no valid predictions")
OPPORTUNITY = Kind(_true, "positive labels", "positive labels")
ODDS = Kind(_true_and_false, "rows of either label", "rows of its rarer label")
ACCURACY = Kind(_right, "rows with a label", "rows with a label")


def joined(*texts: str) -> str:
    """Return what a value's reason says."""
    return "; ".join(text for text in texts if text)
