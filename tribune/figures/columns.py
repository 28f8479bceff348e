"""A column's published cells beside the reference's, as shares with names for people.

Cells of few rows are published together: their names are joined, and so are the reference's rows. Refuses
nothing loudly: a column that the document does not hold has no shares. It never computes a metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tribune.figures.distribution import Share
from tribune.metrics.binning import Categories, Grid
from tribune.metrics.profile import Profile
from tribune.metrics.published import column_cells, read_column, unmerged

MOST_SHARES = 10
"""Rows of a figure that are readable on a phone; neighbouring ranges, or rare values, are joined to fit."""
_HOLES = ("missing", "not a number", "+∞", "−∞")


@dataclass(frozen=True)
class _Part:
    """Cells that are shown together: their places, rows in the frame and in the reference."""

    places: tuple[int, ...]
    now: int
    then: int

    def joined(self, other: _Part) -> _Part:
        return _Part((*self.places, *other.places), self.now + other.now, self.then + other.then)


def shares_of(
    document: Mapping[str, Any], profile: Profile, name: str
) -> tuple[list[Share], tuple[int, int]]:
    """Return a column's shares in order, and all rows of the frame and of the reference.

    Args:
        document: evidence of this profile.
        profile: the reference.
        name: a measured column.
    """
    rows = (int(document["tally"]["rows"]), profile.reference.rows)
    cells = list(read_column(document, profile, name).values())
    then = column_cells(profile, profile.reference, name)
    parts = [_Part(places, now, sum(then[place] for place in places)) for places, now in unmerged(cells)]
    binning = profile.binnings[name]
    if isinstance(binning, Grid):
        ranges = _ranges_joined(parts, first_hole=len(binning.edges) + 1)
        return [Share(_range_name(binning, p.places), p.now, p.then) for p in ranges], rows
    titles = dict(profile.spec.column(name).values)
    kept, rest = _values_kept(parts, rows)
    shares = [Share(_value_name(binning, titles, part.places), part.now, part.then) for part in kept]
    if rest is not None:
        shares.append(Share(f"{len(rest.places)} other values", rest.now, rest.then))
    return shares, rows


def _ranges_joined(parts: Sequence[_Part], first_hole: int) -> list[_Part]:
    """Leave out empty tails and holes, and join neighbouring ranges, the smallest first, until they fit."""
    tails = {0, first_hole - 1}
    shown = [
        part
        for part in parts
        if part.now or part.then or not (tails.issuperset(part.places) or min(part.places) >= first_hole)
    ]
    while len(shown) > MOST_SHARES:
        pairs = [
            (shown[at].now + shown[at + 1].now + shown[at].then + shown[at + 1].then, at)
            for at in range(len(shown) - 1)
            if max(shown[at + 1].places) < first_hole
        ]
        if not pairs:
            break
        at = min(pairs)[1]
        shown[at : at + 2] = [shown[at].joined(shown[at + 1])]
    return shown


def _values_kept(parts: Sequence[_Part], rows: tuple[int, int]) -> tuple[list[_Part], _Part | None]:
    """Return the values that are shown, in order, and the others together: those that changed least."""
    present = [part for part in parts if part.now or part.then]
    if len(present) <= MOST_SHARES:
        return present, None
    now, then = rows
    by_change = sorted(
        present,
        key=lambda p: (abs(p.now * then - p.then * now), max(p.now * then, p.then * now)),
        reverse=True,
    )
    others = by_change[MOST_SHARES - 1 :]
    rest = others[0]
    for part in others[1:]:
        rest = rest.joined(part)
    return [part for part in present if part not in others], rest


def _value_name(categories: Categories, titles: Mapping[str, str], places: Sequence[int]) -> str:
    known = categories.values
    other = "other values" if categories.rest else "values never seen before"
    ends = {len(known): other, len(known) + 1: "missing"}
    named = [ends.get(place) or titles.get(known[place]) or known[place] or "(empty)" for place in places]
    return " or ".join(named) if len(named) <= 3 else f"{len(named)} rare values"


def _range_name(grid: Grid, places: Sequence[int]) -> str:
    """Name a range: place 0 is the low tail, i the bin from edge i − 1, then the high tail and holes."""
    high_tail = len(grid.edges)
    ranges = [place for place in places if place <= high_tail]
    holes = [place - high_tail - 1 for place in places if place > high_tail]
    if not ranges:
        return " or ".join(_HOLES[hole] for hole in holes)
    hole = _HOLES[holes[0]] if len(holes) == 1 else "no number" if holes else ""
    lowest = [grid.lower(edge) for edge in grid.edges]
    edges = readable([float(grid.begin(edge)) for edge in grid.edges])
    low, high = min(ranges), max(ranges)
    whole = grid.lattice and grid.shift == 0
    if low == 0 and high == high_tail:
        named = "any number"
    elif low == 0:
        named = f"below {edges[high]}"
    elif high == high_tail:
        named = f"{edges[low - 1]} or more"
    elif whole and lowest[high] - lowest[low - 1] == 1:
        named = edges[low - 1]
    elif whole:
        named = f"{edges[low - 1]} to {_short(lowest[high] - 1, 3)}"
    else:
        named = f"{edges[low - 1]} to under {edges[high]}"
    return f"{named}, or {hole}" if hole else named


def readable(numbers: Sequence[float]) -> list[str]:
    """Return ascending numbers with as few digits as still tell them apart (at least three)."""
    for digits in range(3, 17):
        shown = [_short(number, digits) for number in numbers]
        if len(set(shown)) == len(shown):
            return shown
    return [repr(number) for number in numbers]


def _short(number: float, digits: int) -> str:
    if abs(number) >= 10**6 or 0 < abs(number) < 10**-4:
        return f"{number:.{digits}g}"
    if number == int(number):
        return f"{int(number):,}"
    whole = len(str(abs(int(number)))) if abs(number) >= 1 else 0
    shown = f"{number:,.{max(0, digits - whole)}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
