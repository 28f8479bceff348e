"""Trailing sums: two groups are compared on the fewest frames, newest first, in which both have their rows.

Small groups need more rows than one frame brings; to leave them out would be to look away. But they must not
blind the others: large groups are compared on the newest frame alone, a small one with each on as many as it
needs itself, always both on the same frames. A group that would not have its rows even in all frames together
is named as too small. A frame without rows adds nothing and is not counted. Refuses to judge old rows alone:
the newest frame must have some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.tally import Tally
from tribune.metrics.value import GroupKey, Pairs

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.value import GroupRows

MOST_FRAMES = 12
"""Frames that a trailing sum may take: a year of months. Older rows say little of the model of today."""


@dataclass(frozen=True)
class Step:
    """A sum of frames, and which groups have their rows only here.

    Args:
        frames: how many it is of.
        tally: the sum.
        pairs: those of which one group has its rows in it and in no smaller sum.
    """

    frames: int
    tally: Tally
    pairs: Pairs


@dataclass(frozen=True)
class Trail:
    """A frame and those before it, to be summed as far back as a metric needs.

    Args:
        profile: by which they were counted.
        newest: the frame that is measured; it has rows.
        earlier: earlier frames that do not overlap, newest first; None: nothing of it can be measured.
    """

    profile: Profile
    newest: Tally
    earlier: Sequence[Tally | None] = ()

    @cached_property
    def added(self) -> tuple[Tally, ...]:
        """Outcomes of the newest 1, 2, … frames that have rows, without columns and scores."""
        cells = self.profile.scheme.outcomes.scores.cells
        rows, outcomes, added = 0, dict[int, int](), list[Tally]()
        for tally in (self.newest, *self.earlier[: MOST_FRAMES - 1]):
            if tally is None or not tally.rows:
                continue
            rows, outcomes = rows + tally.rows, dict(outcomes)
            for index, count in sums(self.profile, tally).grouped.items():
                outcomes[index * cells] = outcomes.get(index * cells, 0) + count
            added.append(Tally(rows, {}, outcomes))
        return tuple(added)

    def steps(self, group_rows: GroupRows, target: str) -> list[Step]:
        """Return the sums at which groups first have `min_group` rows, the fewest frames first.

        The model as a whole needs `min_rows` in each. Where no group ever has its rows: all frames together.
        """
        awaited, ready = self._ready(group_rows, target, self.added[-1]), frozenset[GroupKey]()
        steps: list[Step] = []
        for frames, tally in enumerate(self.added, start=1):
            if ready == awaited:
                break
            if tally.rows < self.profile.spec.min_rows:
                continue
            now = self._ready(group_rows, target, tally)
            if now != ready:
                steps.append(Step(frames, tally, Pairs(now - ready, awaited - now)))
            ready = now
        return steps or [Step(len(self.added), self.added[-1], Pairs())]

    def _ready(self, group_rows: GroupRows, target: str, tally: Tally) -> frozenset[GroupKey]:
        """Return the groups that have their rows; more rows never take one away."""
        rows = group_rows(self.profile, tally, target)
        return frozenset(group for group, count in rows.items() if count >= self.profile.spec.min_group)
