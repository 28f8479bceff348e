"""Cells for skewed columns: narrow where the reference is dense, wider the further they lie from there.

Over a lognormal column, or amounts of which most are 0, cells of equal width hold nearly all rows in a few;
to halve them all until none does would take more cells than there are rows. Refuses nothing: a column that no
such grid divides better keeps its cells of equal width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from tribune.metrics.binning import EXACT, Grid
from tribune_monitors.engines import sql
from tribune_monitors.engines.counting import Run

HEAVY = 0.002
"""Share of the reference that a cell may hold beside its commonest value: KS and Wasserstein within 0.1 %."""
COMMON = 0.25
"""Share of the reference from which on one value is told apart from those around it."""
DIGITS = 11
"""A cell is a 1,024th to a 2,048th of its distance from the origin: 32 kB tell 2^22 steps either way."""
_APART = 8
"""Bits by which steps are finer around a common value: what lies between it and others is not its own."""
_MOST = 2**15 - 1  # cells on either side of the origin: 2^41 steps
_MAX_SHIFT = 1022
_TRIES = 24


@dataclass(frozen=True)
class Numbers:
    """An expression over rows of the reference.

    Args:
        run: runs statements.
        number: the expression.
        rows: what it is over.
        ends: the least and largest value that a grid should cover.
    """

    run: Run
    number: str
    rows: str
    ends: tuple[float, float]

    @property
    def _values(self) -> str:
        finite = f"isfinite({self.number})"
        return f"(SELECT {self.number} AS x, count(*) AS n FROM {self.rows} WHERE {finite} GROUP BY 1) AS v"  # noqa: S608

    def crowded(self, grid: Grid) -> tuple[float, float]:
        """Return the most rows that a cell holds beside its commonest value, and the key of that cell."""
        by_cell = f"SELECT {sql.cell_of('x', grid)} AS k, sum(n) - max(n) AS n FROM {self._values} GROUP BY 1"  # noqa: S608
        ((beside, key),) = self.run(f"SELECT n, k FROM ({by_cell}) AS c ORDER BY n DESC, k LIMIT 1")  # noqa: S608
        return float(beside), key

    def commonest(self) -> tuple[float, int]:
        """Return the commonest value and its rows."""
        ((value, rows),) = self.run(f"SELECT x, n FROM {self._values} ORDER BY n DESC, x LIMIT 1")  # noqa: S608
        return value, rows

    def nearest(self, origin: float) -> float:
        """Return within what distance of a value so few of the others lie that a cell may hold them."""
        far = f"abs(x - {sql.literal(repr(origin))}::DOUBLE)"
        found = f"SELECT quantile_disc({far}, {HEAVY / 2}) FROM {self._each} WHERE {far} > 0"  # noqa: S608
        ((distance,),) = self.run(found)
        return distance or 0.0

    @property
    def _each(self) -> str:
        return f"(SELECT {self.number} AS x FROM {self.rows} WHERE isfinite({self.number})) AS v"  # noqa: S608

    def on_lattice(self, grid: Grid) -> bool:
        """Whether every value is a whole number of steps."""
        steps = sql.steps_of("x", grid)
        ((off,),) = self.run(f"SELECT count(*) FROM {self._values} WHERE {steps} <> floor({steps})")  # noqa: S608
        return bool(off == 0)

    def cells(self, grid: Grid) -> list[tuple[int, int]]:
        """Return the rows of each cell."""
        keys = f"SELECT {sql.cell_of('x', grid)}, sum(n)::BIGINT FROM {self._values} GROUP BY 1"  # noqa: S608
        return [(grid.cell(int(key)), rows) for key, rows in self.run(keys) if math.isfinite(key)]


def widening(plain: Grid, numbers: Numbers, rows: int) -> Grid | None:
    """Return a grid whose cells widen; None where those of equal width hold too much nowhere, or no less.

    Args:
        plain: the grid of equal width.
        numbers: of the reference.
        rows: their number.
    """
    most, (beside, _) = HEAVY * rows, numbers.crowded(plain)
    value, often = numbers.commonest()
    common = often >= COMMON * rows
    if beside <= most and not common:
        return None
    origin, extra, best = value if common else 0.0, 0, None
    for _ in range(_TRIES):
        grid = _around(origin, extra, numbers, apart=common)
        held, key = numbers.crowded(grid)
        if not math.isfinite(key):  # steps so fine that what lies far overflows
            break
        if best is None or held < best[0]:
            best = held, grid
        if held <= most:
            break
        if abs(key) < 2**DIGITS or common:
            extra += 2
        else:
            origin, extra = float(grid.begin(grid.cell(int(key)))), 0
    return best[1] if best and (best[0] < beside or (common and best[0] <= most)) else None


def _around(origin: float, extra: int, numbers: Numbers, *, apart: bool) -> Grid:
    """Return a grid around a value whose first cells hold little, its steps finer by `extra` bits."""
    near = numbers.nearest(origin)
    shift = 1 - math.frexp(near)[1] if near else 0
    grid = _over(origin, shift + extra, numbers.ends)
    if apart and not numbers.on_lattice(grid):
        grid = _over(origin, shift + extra + _APART, numbers.ends)
    return replace(grid, lattice=numbers.on_lattice(grid))


def _over(origin: float, shift: int, ends: tuple[float, float]) -> Grid:
    """Return a grid over a range, or as far as its cells reach."""
    shift = min(max(shift, -_MAX_SHIFT), _MAX_SHIFT)
    steps = origin * 2.0**shift
    start = math.floor(steps) if abs(steps) < EXACT else 0
    grid = Grid(shift, (-_MOST, _MOST), digits=DIGITS, origin=start)
    low, high = (_cell_of(end, grid) for end in ends)
    return replace(grid, edges=(low, max(low, high) + 1))


def _cell_of(number: float, grid: Grid) -> int:
    steps = (number - grid.origin / grid.scale) * grid.scale
    reach = float(grid.lower(_MOST) - grid.origin)
    return grid.cell(math.floor(min(max(steps, -reach), reach)))
