"""The first profile: binnings fitted to reference rows, and a profile made of them.

Done once, by whoever registers a version; monitors only ever read the result. Refuses a reference in which a
column has no value at all, or in which predictions are not the two outcomes of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path

from tribune.exceptions import DataError
from tribune.metrics.binning import Binning, Categories, Grid, Scheme
from tribune.metrics.profile import Profile, make_profile
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.base import Engine
from tribune_monitors.engines.duckdb_engine import DuckDBEngine, decision_columns

CELLS = 4096
"""Fine cells over the reference's range: KS and Wasserstein within 0.1 %, a column in 32 kB."""
BINS = 10
"""Bins of about equal weight, as PSI is usually read; more bins see less at the same n."""
MAX_VALUES = 64
"""Categories listed by value; further ones are the rest."""


def fit_binnings(
    paths: Sequence[Path], spec: ModelSpec, *, engine: DuckDBEngine | None = None
) -> dict[str, Binning]:
    """Fit a binning per measured column to reference partitions.

    Raises:
        DataError: when there are no rows, a column has no value, or predictions are not the spec's outcomes.
    """
    if not paths:
        raise DataError("Binnings cannot be fitted to no rows.", mend="Give held-out reference partitions.")
    engine = engine or DuckDBEngine()
    cursor = engine.cursor()
    engine.open(cursor, sql.ROWS, paths, decision_columns(spec, with_id=False))
    binnings: dict[str, Binning] = {}
    for column in spec.measured:
        name = sql.quoted(column.name)
        if column.kind is ColumnKind.NUMERIC:
            ((low, high),) = engine.rows(
                cursor,
                f"SELECT min(x), max(x) FROM (SELECT {name} AS x FROM {sql.ROWS}) WHERE isfinite(x)",  # noqa: S608
            )
            if low is None:
                raise _nothing(column)
            plain = grid_over(*_range(column, low, high))
            key = sql.cell_key(column.name, plain)
            counts = engine.rows(cursor, f"SELECT {key}, count(*) FROM {sql.ROWS} GROUP BY 1")  # noqa: S608
            binnings[column.name] = with_bins(plain, counts)
        else:
            seen = list(engine.rows(cursor, f"SELECT {name}, count(*) FROM {sql.ROWS} GROUP BY 1"))  # noqa: S608
            binnings[column.name] = _categories(column, spec, seen)
    return binnings


def fit_profile(
    engine: Engine,
    blocks: Sequence[Sequence[Path]],
    labels: Sequence[Path],
    spec: ModelSpec,
) -> Profile:
    """Make a profile of reference partitions.

    Args:
        engine: counts them.
        blocks: partitions of consecutive time blocks (ten or so), from which overdispersion follows.
        labels: label partitions of all blocks.
        spec: the model's columns.
    """
    paths = [path for block in blocks for path in block]
    binnings = fit_binnings(paths, spec, engine=engine if isinstance(engine, DuckDBEngine) else None)
    scheme = Scheme(spec, binnings)
    tallies = [engine.count(block, labels, scheme) for block in blocks]
    return make_profile(spec, sum(tallies, Tally.zero(scheme)), binnings, tallies if len(tallies) > 1 else ())


def grid_over(low: float, high: float) -> Grid:
    """Return a grid of one bin over a range: at most about 4,096 cells, a power of two to the unit."""
    span = high / 2 - low / 2  # half of it: high - low may overflow
    exponent = math.frexp(span)[1] + 1 if span > 0 else math.frexp(low)[1] if low else 0
    shift = min(max(12 - exponent, -1022), 1022)
    scale = 2.0**shift
    return Grid(shift, (math.floor(low * scale), math.floor(high * scale) + 1))


def with_bins(grid: Grid, counts: Iterable[tuple[float | None, int]]) -> Grid:
    """Return a grid with edges so that each bin holds about a tenth of the rows in range.

    A cell that alone holds a tenth or more begins a bin, so that what lies below it is not lost in it.
    """
    low, high = grid.edges[0], grid.edges[-1]
    cells = [0] * grid.size
    for key, rows in counts:
        if key is not None and math.isfinite(key) and low <= int(key) < high:
            cells[int(key) - low] += rows
    total = sum(cells)
    if not total:
        return grid
    edges = [low]
    reached = 0  # tenths of the rows below the last edge
    for place, below in enumerate(accumulate(cells), start=1):
        heavy = cells[place - 1] * BINS >= total
        if heavy and below > cells[place - 1] and low + place - 1 > edges[-1]:
            edges.append(low + place - 1)
        tenths = below * BINS // total
        if reached < tenths < BINS:
            edges.append(low + place)
            reached = tenths
    return Grid(grid.shift, (*edges, high))


def _range(column: Column, low: float, high: float) -> tuple[float, float]:
    """Return the range to bin; a probability may be anywhere from 0 to 1, whatever the reference had."""
    if column.role is Role.SCORE and low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high


def _categories(column: Column, spec: ModelSpec, seen: Sequence[tuple[str | None, int]]) -> Categories:
    values = sorted(
        ((value, rows) for value, rows in seen if value is not None),
        key=lambda pair: (-pair[1], pair[0].encode()),
    )
    if not values:
        raise _nothing(column)
    if column.role is Role.PREDICTION:
        outcomes = (spec.negative, spec.positive)
        other = [value for value, _ in values if value not in outcomes]
        if other:
            raise DataError(
                f"Column {column.name} says {other[0]!r}, not {' or '.join(outcomes)}.",
                mend="Set negative and positive in the model description.",
                column=column.name,
            )
        return Categories(outcomes)
    return Categories(tuple(value for value, _ in values[:MAX_VALUES]), rest=len(values) > MAX_VALUES)


def _nothing(column: Column) -> DataError:
    return DataError(
        f"Column {column.name} has no value in the reference.",
        mend="Leave it out of the model description, or give a reference that has it.",
        column=column.name,
    )
