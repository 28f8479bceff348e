"""What the cells and tails of a numeric column say of its values: sums, ranks, distances; exact rationals.

Values that are missing, NaN or infinite are no part of it. A tail, beyond the reference's range, has no
cells but its count and the exact sums of its values and of their squares. Refuses to invent where in a tail a
single value lies: it says between what.
"""

from __future__ import annotations

import weakref
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import accumulate, pairwise, repeat
from operator import mul, sub
from threading import Lock
from typing import TYPE_CHECKING

from tribune.metrics.binning import Grid
from tribune.metrics.fixed import decimal
from tribune.metrics.tally import NumericCounts

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


@dataclass(frozen=True)
class Ranked:
    """The value of a rank, or what is known of it in a tail.

    Args:
        value: itself; in a tail the tail's mean.
        low, high: between which it surely lies.
        beyond: whether it lies in a tail.
    """

    value: Decimal
    low: Decimal
    high: Decimal
    beyond: bool = False


@dataclass(frozen=True)
class Tail:
    """Values beyond the range: how many, and the sums of what they are and of its square, in half cells."""

    rows: int
    total: int
    squares: int

    @property
    def mean(self) -> Fraction:
        """Mean in half cells; there are rows."""
        return Fraction(self.total, self.rows)


class Numbers:
    """A column's finite values. What is asked of them is worked out once.

    Args:
        grid: their cells.
        column: of a tally.
    """

    def __init__(self, grid: Grid, column: Sequence[int]) -> None:
        counts = NumericCounts.of(grid, column)
        self.grid = grid
        self.cells = counts.cells
        self.low = self._tail(counts.low, counts.low_sum, counts.low_squares)
        self.high = self._tail(counts.high, counts.high_sum, counts.high_squares)
        self.n = sum(counts.cells) + counts.low + counts.high
        """Number of values."""
        self._apart: tuple[Numbers, int, int] | None = None

    def _tail(self, rows: int, cells: int, squares: int) -> Tail:
        if self.grid.digits:
            return Tail(rows, cells, squares)
        if self.grid.lattice:
            return Tail(rows, 2 * cells, 4 * squares)
        return Tail(rows, 2 * cells + rows, 4 * (squares + cells) + rows)

    @cached_property
    def reached(self) -> list[int]:
        """Values below the range, then up to and with each cell."""
        return list(accumulate(self.cells, initial=self.low.rows))

    @cached_property
    def sums(self) -> tuple[Fraction, Fraction]:
        """The sum of the values and of their squares."""
        places, unit = self.grid.places, self.grid.half_cell
        weighted = list(map(mul, places, self.cells))
        total = sum(weighted) + self.low.total + self.high.total
        squares = sum(map(mul, places, weighted)) + self.low.squares + self.high.squares
        return total * unit, squares * unit * unit

    def apart(self, other: Numbers) -> tuple[int, int]:
        """Return maximum of |F − G|·n·m, and the area under it from first to last cell, in half cells.

        F and G are the distribution functions.
        """
        if self._apart is None or self._apart[0] is not other:
            ours = map(mul, self.reached, repeat(other.n))
            theirs = map(mul, other.reached, repeat(self.n))
            differences = list(map(abs, map(sub, ours, theirs)))
            inner = differences[1:-1]
            if self.grid.digits:
                gaps = map(sub, self.grid.places[1:], self.grid.places)
                self._apart = other, max(differences), sum(map(mul, inner, gaps))
            else:
                self._apart = other, max(differences), 2 * sum(inner)
        return self._apart[1:]

    def ranked(self, rank: int) -> Ranked:
        """Return the value of a rank from 1, the least, to n (inside `exact`)."""
        first, last = (self.grid.value(edge) for edge in (self.grid.edges[0] - 1, self.grid.edges[-1]))
        if rank <= self.low.rows:
            found = self._in_tail(self.low, rank)
            return Ranked(found.value, found.low, min(found.high, decimal(first)), beyond=True)
        if rank > self.n - self.high.rows:
            found = self._in_tail(self.high, rank - self.n + self.high.rows)
            return Ranked(found.value, max(found.low, decimal(last)), found.high, beyond=True)
        place = bisect_left(self.reached, rank) - 1
        cell = self.grid.edges[0] + place
        value = decimal(self.grid.value(cell))
        if self.grid.lattice and self.grid.lower(cell + 1) - self.grid.lower(cell) == 1:
            return Ranked(value, value, value)
        return Ranked(value, decimal(self.grid.begin(cell)), decimal(self.grid.begin(cell + 1)))

    def _in_tail(self, tail: Tail, rank: int) -> Ranked:
        """Bound a rank by mean and deviation: Arnold & Groeneveld 1979, Annals of Statistics 7:220."""
        deviation = decimal(Fraction(tail.squares, tail.rows) - tail.mean**2).sqrt()
        down = deviation * decimal(Fraction(tail.rows - rank, rank)).sqrt()
        up = deviation * decimal(Fraction(rank - 1, tail.rows - rank + 1)).sqrt()
        mean, unit = decimal(tail.mean), decimal(self.grid.half_cell)
        return Ranked(mean * unit, (mean - down) * unit, (mean + up) * unit, beyond=True)


def distance(one: Numbers, other: Numbers) -> Fraction:
    """Return the Wasserstein distance ∫ |F − G| of two samples, each with at least one value.

    Exact for what cells and tails stand for: beyond the range of the one, the other's tail counts by its mean
    alone. Where both have the same tail this holds as long as one of the two lies further out throughout.
    """
    grid, n, m = one.grid, one.n, other.n
    first, last = grid.places[0], grid.places[-1]
    area = Fraction(one.apart(other)[1])
    for edge, tail, other_tail in ((first, one.low, other.low), (last, one.high, other.high)):
        masses = [(tail, tail.rows * m), (other_tail, -other_tail.rows * n)]
        area += _beyond([(abs(side.mean - edge), mass) for side, mass in masses if mass])
    return area * grid.half_cell / (n * m)


def _beyond(masses: list[tuple[Fraction, int]]) -> Fraction:
    """Return the area between two tails, given how far out each mass stands."""
    area, mass = Fraction(0), 0
    for (far, weight), (near, _) in pairwise([*sorted(masses, reverse=True), (Fraction(0), 0)]):
        mass += weight
        area += abs(mass) * (far - near)
    return area


_MOST = 128
"""Columns whose numbers are kept, of some 200 kB each: those of a profile and of a frame."""
_kept: dict[tuple[int, str], tuple[weakref.ref[Tally], Numbers]] = {}
"""By identity of a living tally: numbers are a pure function of it, this only saves making them again."""
_lock = Lock()


def numbers_of(profile: Profile, tally: Tally, target: str) -> Numbers:
    """Return the finite values of a numeric column, kept a while for the metrics that follow."""
    key, grid = (id(tally), target), profile.scheme.grid(target)
    kept = _kept.get(key)
    if kept is not None and (kept[1].grid is grid or kept[1].grid == grid):
        return kept[1]
    made = Numbers(grid, tally.columns[target])
    with _lock:
        _kept[key] = weakref.ref(tally, lambda _: _kept.pop(key, None)), made
        if len(_kept) > _MOST:
            oldest, *_ = tuple(_kept)  # at once: other threads may add and tallies may go meanwhile
            _kept.pop(oldest, None)
    return made
