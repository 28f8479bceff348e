"""The few statements that count, the same text on every engine.

Written as text, not as Ibis expressions (docs/decisions.md says why). Never a branch on NaN or on float
order, never a round, a cast from float or a case fold (each broke equality between engines); only a whole
number may be cast, to sixteen bits, where what does not fit ends the statement. Every name that comes from a
profile is quoted, and no text that comes from data or profile stands between single quotes: engines differ
in what a backslash there means.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import Enum
from itertools import zip_longest
from pathlib import Path

from tribune.metrics.binning import MAX_CELLS, Binning, Categories, Grid
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import ModelSpec

ROWS, LABELS = "tribune_rows", "tribune_labels"
"""Views that an engine provides: numbers as DOUBLE, categories and ids as STRING, times as BIGINT."""
ROW_COUNT = f"SELECT count(*) FROM {ROWS}"  # noqa: S608 - a constant
"""Counts the rows."""
FLOOR = "tribune_floor"
"""Function that an engine provides: floor of a DOUBLE as a DOUBLE, which leaves NaN and ±inf as they are."""
SHORT = range(-(2**15), 2**15)
"""Keys of sixteen bits, by which an engine may count in a table without hashing."""
_FARTHEST = 2.0**900
"""Steps from the origin beyond which cells get no wider."""
LABEL = "tribune_label"
"""Name of the label in the view of rows, where it stands in their own files."""
_INLINE, _CAME = f"r.{LABEL}", f"r.{LABEL} IS NOT NULL"


class Labels(Enum):
    """Where labels come from."""

    NONE = "none"
    INLINE = "inline"
    JOINED = "joined"

    @classmethod
    def of(cls, labels: Sequence[Path], inline: bool) -> Labels:
        """Return where labels come from: partitions of their own, else the rows themselves, or nowhere."""
        return cls.JOINED if labels else cls.INLINE if inline else cls.NONE


_NO_TEXT, _NO_NUMBER = "CAST(NULL AS STRING)", "CAST(NULL AS DOUBLE)"
_FIRST_LABELS = (
    "SELECT id, label FROM (SELECT id, label, "  # noqa: S608 - constants only
    "row_number() OVER (PARTITION BY id ORDER BY time NULLS LAST, label NULLS LAST) AS place "
    f"FROM {LABELS} WHERE id IS NOT NULL) AS f WHERE place = 1"
)


def quoted(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a string."""
    return "'" + text.replace("'", "''") + "'"


def cell_of(number: str, grid: Grid) -> str:
    """Return the key of an expression's cell; the scale is a power of two, so its text is exact."""
    return finer_cell_of(number, grid, 0)


def finer_cell_of(number: str, grid: Grid, finer: int) -> str:
    """Return the key of an expression's cell with `finer` bits, scaled twice: each `finer` rounds alike."""
    steps = steps_of(number, grid) + (f" * {_double(2.0**finer)}" if finer else "")
    return _rounded_down(f"({steps})", grid.digits + finer) if grid.digits else f"{FLOOR}({steps})"


def steps_of(number: str, grid: Grid) -> str:
    """Return the distance of an expression from a grid's origin in its steps, not yet whole."""
    if grid.digits:
        number = f"({number} - {_double(grid.origin / grid.scale)})"
    return f"{number} * {_double(grid.scale)}"


def _rounded_down(steps: str, digits: int) -> str:
    """Keep so many binary digits of the whole steps, by what IEEE arithmetic does exactly everywhere.

    The highest power of two in a number a is q − (1 − 2^-53)·q, with q = (2^52 + 1)·a (Rump, Ogita & Oishi
    2008, SIAM Journal on Scientific Computing 31:189, algorithm 3.5). `least` keeps infinities and what would
    overflow out of this; they, NaN and null then stay what they are, whatever it makes of them.
    """
    far = f"least(abs({steps}), {_double(_FARTHEST)}) * {_double((2.0**52 + 1) * 2.0 ** (1 - digits))}"
    width = f"greatest({far} - {far} * {_double(1 - 2.0**-53)}, {_double(1.0)})"
    return f"{FLOOR}({steps} / {width}) * {width}"


def _double(number: float) -> str:
    return f"CAST({literal(repr(number))} AS DOUBLE)"


def column_counts(scheme: Scheme, name: str, *, short: bool = False) -> str:
    """Count rows by the fine cell of a number; a cell may come more than once.

    Args:
        scheme: by which to count.
        name: of the column.
        short: count by steps in sixteen bits, where `has_short_keys`. Fails for NaN, infinities and what is
            farther from the origin.
    """
    grid = scheme.grid(name)
    if _is_near(grid):
        return _widened(quoted(name), grid, short)
    key = cell_of(quoted(name), grid)
    return _grouped([_short(key)], ["CAST(k0 AS DOUBLE)"], ROWS) if short else _grouped([key], ["k0"], ROWS)


def has_short_keys(grid: Grid) -> bool:
    """Whether all of a grid's range lies within so few steps of its origin that sixteen bits hold each."""
    return all(grid.lower(edge) - grid.origin in SHORT for edge in grid.edges)


def _is_near(grid: Grid) -> bool:
    """Whether cells widen, but cover so few steps that rows may be counted by these first."""
    return bool(grid.digits) and max(abs(grid.lower(edge) - grid.origin) for edge in grid.edges) <= MAX_CELLS


def _widened(number: str, grid: Grid, short: bool) -> str:
    """Count rows by step, and what lies far by cell; then steps by cell: few rows pay for what widens them.

    Whichever branch an engine takes for a row, it ends in the same cell.
    """
    steps = f"({steps_of(number, grid)})"
    key, step = f"{FLOOR}{steps}", "k0"
    if short:
        key, step = _short(key), "CAST(k0 AS DOUBLE)"
    else:
        key = f"CASE WHEN abs({steps}) < {_double(MAX_CELLS)} THEN {key} ELSE {cell_of(number, grid)} END"
    counted = _grouped([key], [f"{_rounded_down(step, grid.digits)} AS k"], ROWS)
    return f"SELECT k, CAST(sum(n) AS BIGINT) FROM ({counted}) AS w GROUP BY 1"  # noqa: S608 - quoted


def _short(key: str) -> str:
    return f"CAST({key} AS SMALLINT)"


def few_counts(scheme: Scheme, names: Sequence[str]) -> str:
    """Count rows by the value of each of a few columns, in one scan: place, value or fine cell, rows.

    They are categories, or whole numbers that the view has as in the files: grouped by as they are. A cell
    may come more than once.
    """
    keys = [f"k{place}" for place in range(len(names))]
    selected = ", ".join(f"{quoted(name)} AS {key}" for name, key in zip(names, keys, strict=True))
    places = " ".join(f"WHEN GROUPING({key}) = 0 THEN {place}" for place, key in enumerate(keys))
    values = ", ".join(_given(key, scheme.binnings[name]) for name, key in zip(names, keys, strict=True))
    sets = ", ".join(f"({key})" for key in keys)
    return (  # all but one of a row's keys are null
        f"SELECT CASE {places} END, coalesce({values}), count(*) "  # noqa: S608 - names are quoted
        f"FROM (SELECT {selected} FROM {ROWS}) AS c GROUP BY GROUPING SETS ({sets})"
    )


def _given(key: str, binning: Binning) -> str:
    """Return what rows of a key as in the files are counted by."""
    return _text(key) if isinstance(binning, Categories) else cell_of(f"CAST({key} AS DOUBLE)", binning)


def columns_counts(scheme: Scheme, names: Sequence[str]) -> str:
    """Count rows by the key of each of some columns of one kind, in one scan: place (`apart`), key, rows."""
    values = apart([_key(scheme, name) for name in names], ROWS)
    return f"SELECT g, k, count(*) AS n FROM {values} GROUP BY g, k"  # noqa: S608 - names are quoted


def apart(expressions: Sequence[str], rows: str) -> str:
    """Return rows (g, k), one for each of some expressions of a type: its place ("0", "1" …), its value."""
    named = [quoted(str(place)) for place in range(len(expressions))]
    selected = ", ".join(f"{one} AS {name}" for one, name in zip(expressions, named, strict=True))
    return (
        f"(SELECT {selected} FROM {rows}) AS c "  # noqa: S608 - names are quoted
        f"UNPIVOT INCLUDE NULLS (k FOR g IN ({', '.join(named)})) AS u"
    )


def _key(scheme: Scheme, name: str) -> str:
    binning = scheme.binnings[name]
    return cell_of(quoted(name), binning) if isinstance(binning, Grid) else quoted(name)


def outcome_counts(scheme: Scheme, labels: Labels) -> str:
    """Count rows by what outcomes need: `outcome_keys`, then rows. Labels need no join."""
    keys = outcome_keys(scheme, labels)
    return _grouped(keys, _outcomes_given(scheme.spec), f"{ROWS} AS r", _told(keys))


def outcome_keys(scheme: Scheme, labels: Labels) -> list[str]:
    """Return what outcomes need of rows r.

    Each group, whether a label came, the label, the prediction, a fine cell. The fine cell is the first of
    those that the score's cell joins; for a regression model label and prediction are null and it is that of
    prediction less label.
    """
    spec = scheme.spec
    came, label = _label(spec, labels)
    keys = [f"r.{quoted(column.name)}" for column in spec.groups]
    if spec.has_errors:
        error = f"r.{quoted(spec.prediction.name)} - {label}"
        keys += [came, _NO_TEXT, _NO_TEXT, cell_of(f"({error})", scheme.grid(spec.error_name))]
    elif spec.outcomes:
        keys += [came, label, f"r.{quoted(spec.prediction.name)}"]
        keys.append(_score_cell(scheme) if spec.score else _NO_NUMBER)
    else:
        keys += ["FALSE", _NO_TEXT, _NO_TEXT, _NO_NUMBER]
    return keys


def _outcomes_given(spec: ModelSpec) -> list[str]:
    """Return `outcome_keys` by the names k0, k1 …, texts cast: only now that they are few."""
    places = range(len(spec.groups) + 4)
    came, cell = len(spec.groups), len(spec.groups) + 3
    return [f"k{place}" if place in (came, cell) else _text(f"k{place}") for place in places]


LABELLED_MOST = f"SELECT least((SELECT count(*) FROM {ROWS}), (SELECT count(*) FROM {LABELS}))"  # noqa: S608
"""Counts rows that may have a label of a label partition: there are no more of them."""


def joined_counts(scheme: Scheme, finer: int, most: int | None = None) -> str:
    """Count rows by all that needs their label, with one join for all of it.

    Columns: `outcome_keys`; the cell of each score, or of a label that is a number; the finer cells of all
    scores; for each of the cells whether it is left out of this row's key (1); rows. Rows with one of them in
    their key are counted by it and its finer one, by whether a label came and by the label; the others by
    `outcome_keys`. The least (time, label) of an id is its label; one without time or label comes last.

    Args:
        scheme: by which to count.
        finer: bits by which scores are counted finer than their columns.
        most: take labels as they are, and no more joined rows than this: right where no id has two labels,
            and then there are as many joined rows as rows.
    """
    spec = scheme.spec
    keys = outcome_keys(scheme, Labels.JOINED)
    cells = [cell_of(f"r.{quoted(name)}", scheme.grid(name)) for name in scheme.scored]
    if spec.has_errors:
        cells.append(cell_of("l.label", scheme.grid(spec.label_name)))
    finest = [_finer_score(scheme, name, finer, "l.id IS NOT NULL") for name in scheme.scored]
    named = [f"k{place}" for place in range(len(keys))]
    fine = [f"c{place}" for place in range(len(cells))]
    finer_named = [f"f{place}" for place in range(len(finest))]
    came = named[len(spec.groups) : len(spec.groups) + 2]
    sets = [named, *([*came, *both] for both in zip_longest(fine, finer_named))]
    labels = f"({_FIRST_LABELS})" if most is None else LABELS
    all_named = named + fine + finer_named
    selected = ", ".join(f"{k} AS {name}" for k, name in zip(keys + cells + finest, all_named, strict=True))
    rows = f"{ROWS} AS r LEFT JOIN {labels} AS l ON r.{quoted(spec.id_name)} = l.id"
    rows = f"SELECT {selected} FROM {rows}" + ("" if most is None else f" LIMIT {most}")  # noqa: S608
    given = [*_outcomes_given(spec), *fine, *finer_named]
    columns = ", ".join([*given, *(f"GROUPING({cell})" for cell in fine)])
    grouped = ", ".join(f"({', '.join(filter(None, one))})" for one in sets)
    return f"SELECT {columns}, count(*) FROM ({rows}) AS j GROUP BY GROUPING SETS ({grouped})"  # noqa: S608


def _score_cell(scheme: Scheme) -> str:
    """Return the first of the fine cells that a score cell joins: far fewer keys to group by."""
    axis = scheme.outcomes.scores
    assert axis.grid is not None and scheme.spec.score is not None  # noqa: S101, PT018 - the caller knows
    fine = cell_of(f"r.{quoted(scheme.spec.score.name)}", axis.grid)
    width = f"CAST({float(1 << axis.bits)!r} AS DOUBLE)"
    return f"{FLOOR}({fine} / {width}) * {width}" if axis.bits and not axis.grid.digits else fine


def score_counts(scheme: Scheme, name: str, labels: Labels, finer: int) -> str:
    """Count rows by whether a label came, the label, a score's cell and, with a label, its finer one.

    Labels need no join.
    """
    came, label = _label(scheme.spec, labels)
    keys = [came, label, cell_of(f"r.{quoted(name)}", scheme.grid(name))]
    if finer:
        keys.append(_finer_score(scheme, name, finer, came))
    given = ["k0", _text("k1"), "k2", "k3" if finer else _NO_NUMBER]
    return _grouped(keys, given, f"{ROWS} AS r", _told(keys))


def _finer_score(scheme: Scheme, name: str, finer: int, came: str) -> str:
    """Return the finer cell of a score where a label came; null where there is none to tell."""
    if not finer:
        return _NO_NUMBER
    return f"CASE WHEN {came} THEN {finer_cell_of(f'r.{quoted(name)}', scheme.grid(name), finer)} END"


def label_counts(scheme: Scheme, labels: Labels) -> str:
    """Count rows by the fine cell of a label that is a number and needs no join."""
    label = _label(scheme.spec, labels)[1]
    return _grouped([cell_of(label, scheme.grid(scheme.spec.label_name))], ["k0"], f"{ROWS} AS r")


def labelled_rows(spec: ModelSpec, labels: Labels) -> tuple[str, str]:
    """Return rows r with their labels, and the expression for a label that is a number."""
    return f"{ROWS} AS r{_join(spec, labels)}", _label(spec, labels)[1]


def _label(spec: ModelSpec, labels: Labels) -> tuple[str, str]:
    """Return expressions for whether a label came, and for the label."""
    if labels is Labels.JOINED:
        return "l.id IS NOT NULL", "l.label"
    if labels is Labels.INLINE:
        return _CAME, _INLINE
    return "FALSE", _NO_NUMBER if spec.has_errors else _NO_TEXT


def _join(spec: ModelSpec, labels: Labels) -> str:
    if labels is not Labels.JOINED:
        return ""
    return f" LEFT JOIN ({_FIRST_LABELS}) AS l ON r.{quoted(spec.id_name)} = l.id"


def _text(key: str) -> str:
    return f"CAST({key} AS STRING)"


def _told(keys: Sequence[str]) -> set[str]:
    """Return the keys that the others tell: constants, and that a label came where it is one of them."""
    return {"FALSE", _NO_TEXT, _NO_NUMBER} | ({_CAME} if _INLINE in keys else set())


def _grouped(keys: Sequence[str], given: Sequence[str], rows: str, told: Container[str] = ()) -> str:
    """Count rows by keys, then give what is made of these by the names k0, k1 …, and the rows.

    Keys that the others tell are grouped by only where there is no other: each costs as much as those.
    """
    selected = ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys))
    asked = [str(place + 1) for place, key in enumerate(keys) if key not in told]
    places = ", ".join(asked or map(str, range(1, len(keys) + 1)))
    counted = f"SELECT {selected}, count(*) AS n FROM {rows} GROUP BY {places}"  # noqa: S608
    return f"SELECT {', '.join(given)}, n FROM ({counted}) AS c"  # noqa: S608 - names are quoted
