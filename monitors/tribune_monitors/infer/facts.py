"""What a sample of the data says about each of its fields, before anything is concluded from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune_monitors.sources.convert import converted
from tribune_monitors.sources.rows import NESTED, Field, Rows, unreadable
from tribune_monitors.sources.spec import TimeFormat

if TYPE_CHECKING:
    import duckdb

_CELLS = 20_000_000
"""Values looked at: all rows of small data, at least 5,000 and at most 200,000 of large."""
_TOGETHER = 64
"""Columns counted by one statement, as long as these are at most `_AT_ONCE` values."""
_AT_ONCE = 1_000_000
_TOP = 65  # one more than the categories that a profile lists
_FORMATS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d/%b/%Y:%H:%M:%S %z",
)
SAMPLE = "tribune_sample"
_STRAY = 0.05
"""Share of values that may be no numbers in a column of numbers of a file without types."""
_MANY = 20
"""Different values beyond which such a column is one of numbers rather than of codes."""


@dataclass(frozen=True)
class Facts:
    """What is known about a field.

    Args:
        path: where it is in the log.
        name: its own there, without the objects that it lies in.
        cell: the same in the sample.
        kind: its type in the log; "" where the format has none.
        present, distinct: rows of the sample with a value, and different values.
        numeric, whole: whether its values are numbers, whole ones.
        stray: of a numeric field, values that are no numbers: few, and only where the format has no types.
        such_as: one of these.
        low, high: least and largest number.
        zeros: whether some number is written with a leading zero, as codes are.
        length: mean length of its text.
        top: values and rows, the most frequent first.
        time: how it writes times, if every value is one.
    """

    path: str
    name: str
    cell: Field
    kind: str
    present: int
    distinct: int
    numeric: bool
    whole: bool
    stray: int
    such_as: str
    low: float
    high: float
    zeros: bool
    length: float
    top: tuple[tuple[str, int], ...]
    time: TimeFormat | None

    @property
    def words(self) -> frozenset[str]:
        """The words of its name, in lower case ("predictedClass" has two), and the whole name."""
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", self.name)
        return frozenset([*(part.lower() for part in parts), re.sub(r"[^a-z0-9]", "", self.name.lower())])

    @property
    def is_text(self) -> bool:
        """Whether the format says that it is text, whatever it looks like."""
        return self.kind in ("varchar", "enum", "uuid")

    @property
    def values(self) -> frozenset[str]:
        """Its values, if they are few enough to be listed."""
        return frozenset(value for value, _ in self.top) if self.distinct < _TOP else frozenset()


@dataclass(frozen=True)
class Sample:
    """A sample of some data, as a table of the cursor that made it.

    Args:
        rows: rows in the data.
        looked: rows in the sample.
        fields: what is known about each field, in order.
    """

    rows: int
    looked: int
    fields: tuple[Facts, ...]


def sample(cursor: duckdb.DuckDBPyConnection, pieces: Sequence[Rows]) -> Sample:
    """Look at data.

    Raises:
        DataError: it has no row, or cannot be read.
    """
    import duckdb

    kinds: dict[str, str] = {}
    for rows in pieces:
        for same in rows.alike:
            raise DataError(
                f"{rows.title} has the columns {' and '.join(same)}, which differ in case only, if at all.",
                mend="Rename them.",
            )
        for path, kind in rows.leaves(cursor).items():
            kinds[path] = kind if kinds.get(path, kind) == kind else "varchar"
    if not kinds:
        raise DataError("The data has no row.", mend="Give data with rows.")
    every = f"({' UNION ALL '.join(_cells(rows, kinds) for rows in pieces)})"
    limit = min(200_000, max(5_000, _CELLS // len(kinds)))
    try:
        (count,) = cursor.execute(f"SELECT count(*) FROM {every}").fetchone() or (0,)  # noqa: S608
        chosen = f" USING SAMPLE reservoir({limit} ROWS) REPEATABLE (1)" if count > limit else ""
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {SAMPLE} AS SELECT * FROM {every}{chosen}")  # noqa: S608
    except duckdb.Error as fault:
        raise unreadable(pieces[0].title if len(pieces) == 1 else "The data", fault) from None
    if not count:
        raise DataError("The data has no row.", mend="Give data with rows.")
    stored = cursor.sql(f"SELECT * FROM {SAMPLE}")  # noqa: S608 - our own name
    cells = [Field(name, kind.id) for name, kind in zip(stored.columns, stored.types, strict=True)]
    looked = min(count, limit)
    together = max(1, min(_TOGETHER, _AT_ONCE // looked))
    counted: dict[int, tuple[Any, ...]] = {}
    for first in range(0, len(cells), together):
        found = _counted(cursor, cells[first : first + together])
        counted |= {first + place: numbers for place, numbers in found.items()}
    columns = {name for rows in pieces if not rows.record for name in rows.columns}
    fields = [
        _facts(cursor, cell, *named, named[0] in columns, counted.get(place, (None,) * 11))
        for place, (cell, named) in enumerate(zip(cells, kinds.items(), strict=True))
    ]
    return Sample(count, looked, tuple(fields))


def _cells(rows: Rows, kinds: Mapping[str, str]) -> str:
    """Return the SELECT of all fields of some rows, c0, c1 …; text where pieces differ in type."""
    relation, fields = rows.with_fields(kinds)
    selected = []
    for place, (path, field) in enumerate(fields.items()):
        cell = "NULL" if field is None or kinds[path] in NESTED else field.sql
        if kinds[path] == "varchar":
            cell = f"CAST({cell} AS VARCHAR)"
        selected.append(f"{cell} AS c{place}")
    return f"SELECT {', '.join(selected)} FROM {relation}"  # noqa: S608 - quoted


def _counted(cursor: duckdb.DuckDBPyConnection, cells: Sequence[Field]) -> dict[int, tuple[Any, ...]]:
    """Return what is counted of each cell that has a value, by place: all in one statement, as for `_facts`.

    With thousands of columns, one statement for each takes longer to plan than to run.
    """
    numbers = ", ".join(converted(cell, "number", TimeFormat()) or "CAST(NULL AS DOUBLE)" for cell in cells)
    texts = ", ".join(map(text_of, cells))
    counted = cursor.execute(
        "SELECT g, sum(n), count(*), sum(n) FILTER (x IS NOT NULL), "  # noqa: S608 - our own names
        "sum(n) FILTER (isfinite(x) AND x = trunc(x)), sum(n) FILTER (isfinite(x)), "
        "min(x) FILTER (isfinite(x)), max(x) FILTER (isfinite(x)), "
        "sum(n) FILTER (regexp_matches(t, '^0[0-9]')), sum(n * length(t)) / sum(n), "
        f"min(t) FILTER (x IS NULL), min((-n, t), {_TOP}) "
        "FROM (SELECT g, t, any_value(x) AS x, count(*) AS n FROM "
        f"(SELECT unnest(range({len(cells)})) AS g, unnest([{numbers}]) AS x, unnest([{texts}]) AS t "
        f"FROM {SAMPLE}) WHERE t <> '' GROUP BY g, t) GROUP BY g"
    ).fetchall()
    return {place: tuple(found) for place, *found in counted}


def _facts(
    cursor: duckdb.DuckDBPyConnection,
    cell: Field,
    path: str,
    kind: str,
    is_column: bool,
    counted: tuple[Any, ...],
) -> Facts:
    present, distinct, numbers, wholes, finite = (count or 0 for count in counted[:5])
    low, high, zeros, length, such_as, often = counted[5:]
    top = [(value, -less) for less, value in often or ()]
    stray = present - numbers
    few = not stray or (not kind and distinct > _MANY and stray <= present * _STRAY)
    numeric = present > 0 and few and cell.kind != "boolean"
    time = (
        _epoch(low or 0.0, high or 0.0) if numeric else _time(cursor, cell, present, top[0][0] if top else "")
    )
    return Facts(
        path=path,
        name=path if is_column else path.rpartition(".")[2],
        cell=cell,
        kind=kind,
        present=present,
        distinct=distinct,
        numeric=numeric,
        whole=numeric and wholes == finite > 0,
        stray=stray if numeric else 0,
        such_as=such_as or "",
        low=low or 0.0,
        high=high or 0.0,
        zeros=bool(zeros),
        length=length or 0.0,
        top=tuple(top),
        time=time,
    )


def _time(cursor: duckdb.DuckDBPyConnection, cell: Field, present: int, often: str) -> TimeFormat | None:
    """Return how a field writes times; None unless each value is one. `often` is the most frequent."""
    if cell.kind.startswith(("timestamp", "date")):
        return TimeFormat()
    if cell.kind not in ("varchar", "enum") or not present or not any(map(str.isdigit, often)):
        return None
    for candidate in (TimeFormat(), *(TimeFormat(format=written) for written in _FORMATS)):
        read = converted(cell, "time", candidate)
        given = f"FROM {SAMPLE} WHERE {cell.sql} <> ''"
        few = f"SELECT bool_and(t) FROM (SELECT {read} IS NOT NULL AS t {given} LIMIT 100)"  # noqa: S608
        every = f"SELECT bool_and({read} IS NOT NULL) {given}"
        if cursor.execute(few).fetchone() == (True,) == cursor.execute(every).fetchone():
            return candidate
    return None


def _epoch(low: float, high: float) -> TimeFormat | None:
    """Return the unit in which numbers are moments between 2001 and 2065."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)):
        if 1e9 * scale <= low <= high <= 3e9 * scale:
            return TimeFormat(unit=unit)
    return None


def agreement(cursor: duckdb.DuckDBPyConnection, left: Facts, right: Facts) -> float:
    """Return the share of rows, of those with both values, in which two fields say the same."""
    (share,) = cursor.execute(
        f"SELECT avg(CASE WHEN a = b THEN 1.0 ELSE 0.0 END) FROM (SELECT {text_of(left.cell)} AS a, "  # noqa: S608
        f"{text_of(right.cell)} AS b FROM {SAMPLE}) WHERE a IS NOT NULL AND b IS NOT NULL"
    ).fetchone() or (None,)
    return float(share or 0.0)


def mean_by_value(cursor: duckdb.DuckDBPyConnection, number: Facts, by: Facts) -> dict[str, float]:
    """Return the mean of a numeric field for each value of another."""
    value = converted(number.cell, "number", TimeFormat())
    found = cursor.execute(
        f"SELECT t, avg(x) FROM (SELECT {value} AS x, {text_of(by.cell)} AS t FROM {SAMPLE}) "  # noqa: S608
        "WHERE isfinite(x) AND t IS NOT NULL GROUP BY t"
    ).fetchall()
    return {text: float(mean) for text, mean in found}


def text_of(cell: Field) -> str:
    """Return a field of the sample as text."""
    return converted(cell, "text", TimeFormat()) or "CAST(NULL AS VARCHAR)"
