"""The first profile: binnings fitted to reference rows, and a profile made of them.

Done once, by whoever registers a version; monitors only ever read the result. Refuses a reference in which a
column has no value at all, or in which predictions are not the two outcomes of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from tribune.exceptions import DataError
from tribune.metrics.binning import MAX_CELLS, Binning, Categories, Grid
from tribune.metrics.profile import Profile, make_profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role
from tribune.metrics.tally import Tally
from tribune_monitors.engines import sql
from tribune_monitors.engines.base import Engine
from tribune_monitors.engines.counting import Run, decision_columns, label_columns
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.schema import Wanted, check, read_schemas
from tribune_monitors.engines.sql import Labels

CELLS = 4096
"""Fine cells over most of the reference's values: KS and Wasserstein within 0.1 %, a column in 32 kB."""
_FAR = 0.001
"""Share of values at either end that does not decide how fine cells are: an outlier must not coarsen all."""
_WIDE = 16
"""Times the ten interquartile ranges around the middle half that values may span and still decide it: what
lies further (a sentinel such as 9999999) says nothing of the others."""
_LARGEST = 2.0**1000  # a mean of doubles may overflow; the shift ends long before
BINS = 10
"""Bins of about equal weight, as PSI is usually read; more bins see less at the same n."""
MAX_VALUES = 64
"""Categories listed by value; further ones are the rest."""
_OFTEN = 50
"""Rows that a value must have to be listed where not all are. The most frequent of many rare values are so by
chance: their shares fall in any other rows, which would be taken for drift."""


def fit_binnings(
    paths: Sequence[Path],
    spec: ModelSpec,
    *,
    labels: Sequence[Path] = (),
    inline_labels: bool = False,
    engine: DuckDBEngine | None = None,
) -> dict[str, Binning]:
    """Fit a binning per counted column to reference partitions, and one of a regression model's errors.

    Raises:
        DataError: when there are no rows, a column is missing, unfit or has no value, or predictions are not
            the spec's outcomes.
    """
    if not paths:
        raise DataError("Binnings cannot be fitted to no rows.", mend="Give held-out reference partitions.")
    engine = engine or DuckDBEngine()
    where = Labels.JOINED if labels else Labels.INLINE if inline_labels else Labels.NONE
    wanted = decision_columns(spec, where)
    views: dict[str, tuple[Sequence[Path], Sequence[Wanted]]] = {sql.ROWS: (paths, wanted)}
    if labels:
        views[sql.LABELS] = (labels, label_columns(spec))
    with engine.cursor() as cursor:
        for files, columns in views.values():
            check(read_schemas(cursor, files), columns)
    run = engine.runner(views)
    binnings: dict[str, Binning] = {}
    for column in spec.measured:
        if column.kind is ColumnKind.NUMERIC:
            values = sql.quoted(column.name)
            binnings[column.name] = _grid(run, column, values, sql.ROWS)
        else:
            statement = f"SELECT {sql.quoted(column.name)}, count(*) FROM {sql.ROWS} GROUP BY 1"  # noqa: S608
            binnings[column.name] = _categories(column, spec, list(run(statement)))
    if spec.has_errors:
        column = spec.column(spec.label_name)
        rows, label = sql.labelled_rows(spec, where)
        labelled = binnings[column.name] = _grid(run, column, label, rows)
        error = f"r.{sql.quoted(spec.prediction.name)} - {label}"
        found = _error_grid(run, error, rows)
        finer = min(labelled.shift + 12, 1022)  # no error to judge by: far below what labels can show
        binnings[spec.error_name] = found or Grid(finer, (-1, 1), lattice=True)
    return binnings


def _error_grid(run: Run, error: str, rows: str) -> Grid | None:
    """Fit the grid of errors: cells of at most a 4,096th of the mean absolute error; None where that is 0.

    Its edges bound nothing, since errors are summed and not binned: so cells may be as fine as the mean asks,
    however far the largest errors lie, and however many are almost 0.
    """
    values = f"(SELECT {error} AS x FROM {rows}) AS v WHERE isfinite(x)"  # noqa: S608 - names are quoted
    ((mean,),) = run(f"SELECT avg(abs(x)) FROM {values}")  # noqa: S608
    if not mean:
        return None
    shift = 12 - math.frexp(min(mean, _LARGEST))[1] + 1
    plain = Grid(min(max(shift, -1022), 1022), (-1, 1))
    return replace(plain, lattice=_on_lattice(run, plain, values))


def _grid(run: Run, column: Column, number: str, rows: str) -> Grid:
    """Fit a grid to an expression over some rows."""
    values = f"(SELECT {number} AS x FROM {rows}) AS v WHERE isfinite(x)"  # noqa: S608 - names are quoted
    shares = [_FAR, 0.25, 0.75, 1 - _FAR]
    ((low, high, quantiles),) = run(
        f"SELECT min(x), max(x), quantile_disc(x, {shares}) FROM {values}",  # noqa: S608
    )
    if low is None:
        raise _nothing(column)
    plain = grid_over(*_range(column, low, high), *_most(*quantiles))
    plain = replace(plain, lattice=_on_lattice(run, plain, values))
    counts = run(f"SELECT floor({_scaled(plain)}), count(*) FROM {values} GROUP BY 1")  # noqa: S608
    return with_bins(plain, counts)


def _scaled(grid: Grid) -> str:
    return f"x * CAST({sql.literal(repr(grid.scale))} AS DOUBLE)"


def _on_lattice(run: Run, grid: Grid, values: str) -> bool:
    """Whether all values are whole multiples of a cell."""
    scaled = _scaled(grid)
    ((off,),) = run(f"SELECT count(*) FROM {values} AND {scaled} <> floor({scaled})")  # noqa: S608
    return bool(off == 0)


def fit_profile(
    engine: Engine,
    blocks: Sequence[Sequence[Path]],
    labels: Sequence[Path],
    spec: ModelSpec,
    *,
    inline_labels: bool = False,
) -> Profile:
    """Make a profile of reference partitions.

    Args:
        engine: counts them.
        blocks: partitions of consecutive time blocks (ten or so), from which overdispersion follows.
        labels: label partitions of all blocks.
        spec: the model's columns.
        inline_labels: labels stand in the rows' own files.
    """
    paths = [path for block in blocks for path in block]
    own = engine if isinstance(engine, DuckDBEngine) else None
    binnings = fit_binnings(paths, spec, labels=labels, inline_labels=inline_labels, engine=own)
    scheme = Scheme(spec, binnings)
    tallies = [engine.count(block, labels, scheme, inline_labels=inline_labels) for block in blocks]
    return make_profile(spec, sum(tallies, Tally.zero(scheme)), binnings, tallies if len(tallies) > 1 else ())


def grid_over(low: float, high: float, most_low: float | None = None, most_high: float | None = None) -> Grid:
    """Return a grid of one bin over a range: about 4,096 cells over most of it, a power of two to the unit.

    `most_low` to `most_high` is the range of most values, by default all of it. The far rest has cells of the
    same width as long as there are not too many; what lies beyond belongs to the tails.
    """
    most_low, most_high = low if most_low is None else most_low, high if most_high is None else most_high
    if most_low >= most_high:
        most_low, most_high = low, high
    span = most_high / 2 - most_low / 2  # half of it: high - low may overflow
    exponent = math.frexp(span)[1] + 1 if span > 0 else math.frexp(low)[1] if low else 0
    shift = min(max(12 - exponent, -1022), 1022)
    scale = 2.0**shift
    spare = max(0, (MAX_CELLS - 2 - (most_high * scale - most_low * scale)) // 2)
    first = math.floor(max(low * scale, most_low * scale - spare))
    return Grid(shift, (first, max(first, math.floor(min(high * scale, most_high * scale + spare))) + 1))


def _most(low: float, first: float, third: float, high: float) -> tuple[float, float]:
    """Return the range that decides how fine cells are, from the quantiles of the values."""
    reach = 10 * (third - first)
    near = max(low, first - reach), min(high, third + reach)
    return (low, high) if high / 2 - low / 2 <= _WIDE * (near[1] / 2 - near[0] / 2) or not reach else near


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
    return Grid(grid.shift, (*edges, high), grid.lattice)


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
        outcomes = spec.outcomes
        other = [value for value, _ in values if value not in outcomes]
        if other:
            raise DataError(
                f"Column {column.name} says {other[0]!r}, not {' or '.join(outcomes)}.",
                mend="Set negative and positive, or classes, in the model description.",
                column=column.name,
            )
        return Categories(outcomes)
    beyond = len(values) > MAX_VALUES
    often = not beyond or column.role is Role.GROUP
    listed = [value for value, rows in values[:MAX_VALUES] if often or rows >= _OFTEN] or [values[0][0]]
    if column.positive and column.positive not in listed:  # its rate is measured, however rare it is
        beyond = len({value for value, _ in values} - {*listed, column.positive}) > 0
        listed.append(column.positive)
    return Categories(tuple(listed), rest=beyond)


def _nothing(column: Column) -> DataError:
    return DataError(
        f"Column {column.name} has no value in the reference.",
        mend="Leave it out of the model description, or give a reference that has it.",
        column=column.name,
    )
