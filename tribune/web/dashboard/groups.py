"""How a report's groups fared: rates as its evidence has them, beside what the profile calls them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.figures.groups import GroupRate, bars_of
from tribune.reports.counts import FAULTS

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile


@dataclass(frozen=True)
class GroupTable:
    """One rate of all groups.

    Args:
        title: what is counted, by what.
        bars: groups, the highest rate first.
        first: whether it is the first that is told of these groups.
    """

    title: str
    bars: tuple[GroupRate, ...]
    first: bool


def group_tables(document: Mapping[str, Any] | None, profile: Profile | None) -> list[GroupTable]:
    """Return a report's rates by group; none where evidence or profile are missing or of another form."""
    if document is None or profile is None:
        return []
    from tribune.figures.reading import rates_of
    from tribune.figures.report import rate_kinds, rates_title
    from tribune.metrics.published import check_profile
    from tribune.metrics.statistics.groups import targets

    found = []
    try:
        check_profile(document, profile)
        for group in targets(profile):
            first = True
            for kind, _metric, words in rate_kinds(profile):
                if rates := rates_of(document, profile, group, kind):
                    title = rates_title(profile, group, words)
                    found.append(GroupTable(title, tuple(bars_of(rates)), first))
                    first = False
    except FAULTS:
        return []
    return found
