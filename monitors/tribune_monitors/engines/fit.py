"""The first profile: binnings fitted to reference rows, and a profile made of them.

Done once, by whoever registers a version; monitors only ever read the result. Refuses a reference in which a
column has no value at all, or in which predictions are not the two outcomes of the model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
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
from tribune_monitors.engines.counting import TOGETHER, WIDE, Run, decision_columns, label_columns, row_count
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.schema import Wanted, check, read_schemas
from tribune_monitors.engines.sql import Labels
from tribune_monitors.engines.widening import HEAVY, Numbers, widening

CELLS = 4096
"""Fine cells over most of the reference's values: KS and Wasserstein within 0.1 %, a column in 32 kB."""
_FAR = 0.001
"""Share of values at either end that does not decide how fine cells are: an outlier must not coarsen all."""
_WIDE = 16
"""Times the ten interquartile ranges around the middle half that values may span and still decide it: what
lies further (a sentinel such as 9999999) says nothing of the others."""
_MAX_SHIFT = 1022
_LARGEST = 2.0**1000  # a mean of doubles may overflow; the shift ends long before
_VALUES = 8_000_000
"""Values that one statement looks at where it looks at several columns: some 64 MB, whatever the rows."""
BINS = 10
"""Bins of about equal weight, as PSI is usually read; more bins see less at the same n."""
MAX_VALUES = 64
"""Categories listed by value; further ones are the rest."""
_OFTEN = 50
"""Rows that a value must have to be listed where not all are. The most frequent of many rare values are so by
chance: their shares fall in any other rows, which would be taken for drift."""


class NoValueError(DataError):
    """A column of the model has no value in the reference; `ids` names it."""


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
    from concurrent.futures import ThreadPoolExecutor

    engine = engine or DuckDBEngine()
    where = Labels.of(labels, inline_labels)
    wanted = decision_columns(spec, where)
    views: dict[str, tuple[Sequence[Path], Sequence[Wanted]]] = {sql.ROWS: (paths, wanted)}
    if labels:
        views[sql.LABELS] = (labels, label_columns(spec))
    with engine.cursor() as cursor:
        for files, columns in views.values():
            check(read_schemas(cursor, files), columns)
    run = engine.runner(views)
    together = _together(run, len(spec.measured))
    binnings: dict[str, Binning] = {}
    with ThreadPoolExecutor(engine.threads) as pool:
        numbers = [column for column in spec.measured if column.kind is ColumnKind.NUMERIC]
        others = [column for column in spec.measured if column.kind is not ColumnKind.NUMERIC]
        fitted = [pool.submit(_numbers, run, some) for some in _parts(numbers, together)]
        fitted += [pool.submit(_texts, run, some, spec) for some in _parts(others, together)]
        for future in fitted:
            binnings |= future.result()
    if spec.has_errors:
        column = spec.column(spec.label_name)
        rows, label = sql.labelled_rows(spec, where)
        (labelled,) = _grids(run, [column], [label], rows)
        binnings[column.name] = labelled
        error = f"r.{sql.quoted(spec.prediction.name)} - {label}"
        found = _error_grid(run, error, rows)
        finer = min(labelled.shift + 12, _MAX_SHIFT)  # no error to judge by: far below what labels can show
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
    plain = Grid(min(max(shift, -_MAX_SHIFT), _MAX_SHIFT), (-1, 1))
    scaled = _scaled("x", plain)
    ((off,),) = run(f"SELECT count(*) FROM {values} AND {scaled} <> floor({scaled})")  # noqa: S608
    return replace(plain, lattice=off == 0)


def _together(run: Run, columns: int) -> int:
    """Return how many columns one statement looks at: several, where a table is wide and not long."""
    if columns <= WIDE:
        return 1
    return max(1, min(TOGETHER, _VALUES // max(1, row_count(run))))


def _parts(columns: Sequence[Column], size: int) -> Iterator[Sequence[Column]]:
    return (columns[place : place + size] for place in range(0, len(columns), size))


def _numbers(run: Run, columns: Sequence[Column]) -> dict[str, Binning]:
    grids = _grids(run, columns, [sql.quoted(column.name) for column in columns], sql.ROWS)
    return {column.name: grid for column, grid in zip(columns, grids, strict=True)}


def _texts(run: Run, columns: Sequence[Column], spec: ModelSpec) -> dict[str, Binning]:
    seen: list[list[tuple[str | None, int]]] = [[] for _ in columns]
    values = sql.apart([sql.quoted(column.name) for column in columns], sql.ROWS)
    for place, value, rows in run(f"SELECT g, k, count(*) FROM {values} GROUP BY g, k"):  # noqa: S608
        seen[int(place)].append((value, rows))
    return {column.name: _categories(column, spec, some) for column, some in zip(columns, seen, strict=True)}


def _grids(run: Run, columns: Sequence[Column], numbers: Sequence[str], rows: str) -> list[Grid]:
    """Fit a grid to each of some expressions over some rows."""
    shares = [_FAR, 0.25, 0.75, 1 - _FAR]
    values = f"{sql.apart(numbers, rows)} WHERE isfinite(k) GROUP BY g"
    found = {
        int(place): ranges
        for place, *ranges in run(f"SELECT g, min(k), max(k), quantile_disc(k, {shares}) FROM {values}")  # noqa: S608
    }
    ends: list[tuple[float, float]] = []
    grids: list[Grid] = []
    for place, column in enumerate(columns):
        if place not in found:
            raise _nothing(column)
        low, high, quantiles = found[place]
        ends.append(_range(column, low, high))
        grids.append(grid_over(*ends[-1], *_most(*quantiles)))
    counts, off = _counted(run, numbers, grids, rows)
    return [
        (_widened(run, grid, counts[place], numbers[place], rows, ends[place]) if place in off else None)
        or with_bins(replace(grid, lattice=place not in off), counts[place])
        for place, grid in enumerate(grids)
    ]


def _widened(
    run: Run,
    grid: Grid,
    counts: Sequence[tuple[float, int]],
    number: str,
    rows: str,
    ends: tuple[float, float],
) -> Grid | None:
    """Return a grid of cells that widen, where some of equal width hold too much of the reference."""
    n = sum(held for _, held in counts)
    if max(held for _, held in counts) <= HEAVY * n:
        return None
    values = Numbers(run, number, rows, ends)
    found = widening(grid, values, n)
    return with_bins(found, values.cells(found)) if found else None


def _counted(
    run: Run, numbers: Sequence[str], grids: Sequence[Grid], rows: str
) -> tuple[list[list[tuple[float, int]]], set[int]]:
    """Return the rows per cell of each expression, and which expressions have values beside a lattice."""
    counts: list[list[tuple[float, int]]] = [[] for _ in grids]
    off: set[int] = set()
    scaled = [_scaled(number, grid) for number, grid in zip(numbers, grids, strict=True)]
    values = f"{sql.apart(scaled, rows)} WHERE isfinite(k) GROUP BY g, floor(k)"
    between = "count(*) FILTER (k <> floor(k))"
    for place, cell, n, beside in run(f"SELECT g, floor(k), count(*), {between} FROM {values}"):  # noqa: S608
        counts[int(place)].append((cell, n))
        if beside:
            off.add(int(place))
    return counts, off


def _scaled(number: str, grid: Grid) -> str:
    return f"{number} * CAST({sql.literal(repr(grid.scale))} AS DOUBLE)"


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
    return make_profile(spec, Tally.total(tallies), binnings, tallies if len(tallies) > 1 else ())


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
    shift = min(max(12 - exponent, -_MAX_SHIFT), _MAX_SHIFT)
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
    return replace(grid, edges=(*edges, high))


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


def _nothing(column: Column) -> NoValueError:
    return NoValueError(
        f"Column {column.name} has no value in the reference.",
        mend="Leave it out of the model description, or give a reference that has it.",
        column=column.name,
    )
