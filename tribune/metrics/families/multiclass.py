"""Performance of models with several classes: each class against the rest, and the mean over classes.

Refuses a share of fewer than `min_group` rows for a class; a mean is over the classes that have any rows, and
names the others. Accuracy and Matthews' correlation are those of `performance`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tribune.metrics.families.ranking import area_of
from tribune.metrics.spec import Task
from tribune.metrics.statistics.answers import Answers, found_of, mean_found
from tribune.metrics.statistics.compared import Finder, Found, both, drop, once
from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.value import Metric, Value, unavailable

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally

Part = Callable[[int], Finder]
"""From the rows that a class needs to how its measure is found."""


def _share(of: Callable[[Answers], Found | Value]) -> Part:
    """Return the part that finds a share of one class's answers."""
    return lambda least: lambda profile, tally, target: found_of(of, profile, tally, target, least)


def _area(least: int) -> Finder:
    """Return how to find the AUC of a class's score, its rows against all others."""

    def find(profile: Profile, tally: Tally, target: str) -> Found | Value:
        names = {column.of_class: column.name for column in profile.spec.class_scores}
        if target not in names:
            return unavailable("the model logs no scores of its classes")
        return area_of(profile, tally, names[target], least)

    return find


def _of_class(part: Part) -> Finder:
    """Return the measure of one class, which needs `min_group` rows."""
    return lambda profile, tally, target: part(profile.spec.min_group)(profile, tally, target)


def _macro(find: Finder, *, independent: bool) -> Finder:
    """Return the unweighted mean over the classes for which something is found; the others are named."""

    def macro(profile: Profile, tally: Tally, target: str) -> Found | Value:
        found: list[Found] = []
        reasons: dict[str, str] = {}
        for name in profile.spec.classes:
            one = find(profile, tally, name)
            if isinstance(one, Found):
                found.append(one)
            else:
                reasons[name] = one.reason
        n = sums(profile, tally).judged.n
        if len(found) < 2:
            return unavailable("; ".join(dict.fromkeys(reasons.values())), n)
        mean = mean_found(found, n, independent=independent)
        notes = [mean.note, *(f"not in the mean: {name} ({reason})" for name, reason in reasons.items())]
        return replace(mean, note="; ".join(filter(None, notes)))

    return macro


def _classes(profile: Profile) -> tuple[str, ...]:
    return profile.spec.classes


def _scored_classes(profile: Profile) -> tuple[str, ...]:
    return tuple(column.of_class for column in profile.spec.class_scores)


def _measures(
    name: str, part: Part, words: str, term: str, *, independent: bool, percent: bool
) -> tuple[Metric, ...]:
    """Return a measure's metrics: of each class, their mean, and the falls of both against the profile."""
    tasks = frozenset({Task.MULTICLASS})
    any_rows = once(part(1))
    every = _macro(any_rows, independent=independent)
    some = _macro(drop(any_rows), independent=independent)
    return (
        *both(
            f"class_{name}",
            _of_class(part),
            words,
            f"the {term} of {{target}}",
            tasks,
            targets=_scored_classes if name == "auc" else _classes,
            percent=percent,
        ),
        *both(
            f"macro_{name}",
            every,
            f"the mean {term} of classes",
            f"the mean {term} of classes",
            tasks,
            changed=some,
            percent=percent,
        ),
    )


METRICS = (
    *_measures(
        "precision",
        _share(Answers.precision),
        "the share of answers of {target} that are right (precision)",
        "precision",
        independent=True,
        percent=True,
    ),
    *_measures(
        "recall",
        _share(Answers.recall),
        "the share of cases of {target} found (recall)",
        "recall",
        independent=True,
        percent=True,
    ),
    *_measures(
        "f1", _share(Answers.f1), "the F1 score of {target}", "F1 score", independent=False, percent=False
    ),
    *_measures(
        "auc",
        _area,
        "the chance that scores set {target} apart (AUC)",
        "AUC",
        independent=False,
        percent=False,
    ),
)
"""Definitions of this family for models with several classes."""
