"""Trailing sums: the fewest frames, newest first, in which every group has its rows.

Small groups need more rows than one frame brings; to leave them out would be to look away. A group that would
not have its rows even in all frames together does not hold the others up: it is named as too small. A frame
without rows adds nothing and is not counted. Refuses to judge old rows alone: the newest frame must have
some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tribune.metrics.outcomes import sums
from tribune.metrics.tally import Tally

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.value import GroupRows

MOST_FRAMES = 12
"""Frames that a trailing sum may take: a year of months. Older rows say little of the model of today."""


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

    def fewest(self, group_rows: GroupRows, target: str) -> tuple[Tally, int]:
        """Return the sum of the fewest frames that suffice, and how many they are.

        They suffice when each group that can have `min_group` rows in all frames together has them, and the
        model as a whole `min_rows`; where that cannot be, all frames are summed.
        """
        everything, spec = self.added[-1], self.profile.spec
        most = group_rows(self.profile, everything, target)
        awaited = [group for group, rows in most.items() if rows >= spec.min_group]
        for frames, tally in enumerate(self.added[:-1], start=1):
            if tally.rows < spec.min_rows:
                continue
            rows = group_rows(self.profile, tally, target)
            if all(rows.get(group, 0) >= spec.min_group for group in awaited):
                return tally, frames
        return everything, len(self.added)
