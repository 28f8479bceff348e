"""Groups of people: the rows of each, by one group column or by several crossed, and their names.

Refuses to lose anyone: values that the profile does not know, and missing ones, are groups of their own,
which no metric judges and every metric names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from tribune.metrics.binning import Categories
from tribune.metrics.statistics.outcomes import sums

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.scheme import OutcomeLayout
    from tribune.metrics.tally import Tally

Place = tuple[int, ...]
"""A group: its position in each of the target's columns."""
Outcome = tuple[int, int]
"""(label, prediction); of a regression model (0, statistic)."""

_NAMED = 20
"""Groups that one reason names: crossed columns may have thousands, and a reason is read by people."""


def targets(profile: Profile) -> tuple[str, ...]:
    """Return what fairness is measured by: each group column, then each intersection as "A&B"."""
    spec = profile.spec
    return (*(column.name for column in spec.groups), *("&".join(names) for names in spec.intersections))


def outcomes_by_group(profile: Profile, tally: Tally, target: str) -> Mapping[Place, Mapping[Outcome, int]]:
    """Return, per group, its rows (or sums) by label and prediction; groups without rows are left out.

    Found once per tally: crossed group columns may have a hundred thousand cells, and dozens of metrics ask.
    """
    kept, key = sums(profile, tally).found, (outcomes_by_group, target)
    if key not in kept:
        kept[key] = _by_group(profile, tally, target)
    found: Mapping[Place, Mapping[Outcome, int]] = kept[key]
    return found


def _by_group(profile: Profile, tally: Tally, target: str) -> dict[Place, dict[Outcome, int]]:
    layout, columns = profile.scheme.outcomes, _columns(profile, target)
    answers = layout.labels * layout.predictions
    places: dict[int, dict[Outcome, int]] = {}
    found: dict[Place, dict[Outcome, int]] = {}
    for index, count in sums(profile, tally).grouped.items():
        joint, answer = divmod(index, answers)
        counts = places.get(joint)
        if counts is None:
            counts = places[joint] = found.setdefault(_place(layout, columns, joint), {})
        outcome = divmod(answer, layout.predictions)
        counts[outcome] = counts.get(outcome, 0) + count
    return found


def _columns(profile: Profile, target: str) -> tuple[str, ...]:
    if any(column.name == target for column in profile.spec.groups):
        return (target,)
    return next(names for names in profile.spec.intersections if "&".join(names) == target)


def _place(layout: OutcomeLayout, columns: Sequence[str], joint: int) -> Place:
    positions: dict[str, int] = {}
    for name, length in reversed(layout.groups):
        joint, positions[name] = divmod(joint, length)
    return tuple(positions[name] for name in columns)


def is_known(profile: Profile, target: str, place: Place) -> bool:
    """Whether each part of a group is a value that the profile lists."""
    columns = _columns(profile, target)
    return all(at < len(_values(profile, name)) for name, at in zip(columns, place, strict=True))


def known_places(profile: Profile, target: str) -> list[Place]:
    """Return the groups that the profile lists, in order."""
    return list(product(*(range(len(_values(profile, name))) for name in _columns(profile, target))))


def title(profile: Profile, target: str, place: Place) -> str:
    """Return a group's name for people: "women", "women, Black people", "other sex", "no sex"."""
    return ", ".join(
        _title(profile, name, at) for name, at in zip(_columns(profile, target), place, strict=True)
    )


def _title(profile: Profile, name: str, at: int) -> str:
    values, column = _values(profile, name), profile.spec.column(name)
    if at < len(values):
        return column.value_title(values[at])
    return f"other {column.title}" if at == len(values) else f"no {column.title}"


def _values(profile: Profile, name: str) -> tuple[str, ...]:
    binning = profile.binnings[name]
    assert isinstance(binning, Categories)  # noqa: S101 - a group's kind is checked by ModelSpec
    return binning.values


def left_out(profile: Profile, target: str, rows: Mapping[tuple[str, Place], int], what: str) -> str:
    """Name groups that were not judged, each with the count that was too small.

    `rows` is by (class for people or "", group); `what` says what they are, as in "rows:".
    """
    shown = sorted(rows, key=lambda key: (-rows[key], key))[:_NAMED]
    named = [
        f"{title(profile, target, place)}{f' for {kind}' if kind else ''} ({what} {rows[kind, place]})"
        for kind, place in sorted(shown, key=lambda key: key[::-1])
    ]
    if len(shown) < len(rows):
        hidden = sum(rows.values()) - sum(rows[key] for key in shown)
        named.append(f"{len(rows) - len(shown)} smaller groups ({what} {hidden})")
    return f"not judged: {', '.join(named)}" if named else ""
