"""Outcomes summed over the axes that a metric does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.metrics.binning import LABEL_INVALID

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def by_group(profile: Profile, tally: Tally, group: str) -> dict[tuple[int, int, int], int]:
    """Return rows per (group position, label, prediction)."""
    layout = profile.scheme.outcomes
    axis = [name for name, _ in layout.groups].index(group)
    counts: dict[tuple[int, int, int], int] = {}
    for index, count in tally.outcomes.items():
        positions = layout.positions(index)
        key = (positions[axis], positions[-3], positions[-2])
        counts[key] = counts.get(key, 0) + count
    return counts


def confusion(profile: Profile, tally: Tally) -> dict[tuple[int, int], int]:
    """Return rows per (label, prediction)."""
    shape = profile.scheme.outcomes.shape
    counts: dict[tuple[int, int], int] = {}
    for index, count in tally.outcomes.items():
        rest = index // shape[-1]
        key = (rest // shape[-2] % shape[-3], rest % shape[-2])
        counts[key] = counts.get(key, 0) + count
    return counts


def by_score(profile: Profile, tally: Tally) -> dict[tuple[int, int], int]:
    """Return rows per (label, score position)."""
    shape = profile.scheme.outcomes.shape
    counts: dict[tuple[int, int], int] = {}
    for index, count in tally.outcomes.items():
        key = (index // shape[-1] // shape[-2] % shape[-3], index % shape[-1])
        counts[key] = counts.get(key, 0) + count
    return counts


def invalid_labels(counts: dict[tuple[int, int], int]) -> int:
    """Return rows whose label is neither value, given `confusion`."""
    return sum(count for (label, _), count in counts.items() if label == LABEL_INVALID)


def by_answer(profile: Profile, tally: Tally) -> dict[tuple[int, int, int], int]:
    """Return rows per (label, prediction, score position)."""
    shape = profile.scheme.outcomes.shape
    counts: dict[tuple[int, int, int], int] = {}
    for index, count in tally.outcomes.items():
        rest = index // shape[-1]
        key = (rest // shape[-2] % shape[-3], rest % shape[-2], index % shape[-1])
        counts[key] = counts.get(key, 0) + count
    return counts
