"""From a log to partitions: its fields mapped, cast to canonical types, and written as Parquet.

Partitions are what engines count. Whole Parquet files whose columns can be counted as they are need no copy.
Whatever was not taken as it stood (no such field, values that are no numbers, rows outside the time) is told
in `findings`; nothing is dropped silently. Refuses data without rows that can be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.metrics.spec import ColumnKind, ModelSpec, Role
from tribune.metrics.toml_file import toml_key
from tribune.wording import counted
from tribune_monitors.engines.schema import CAST, COUNTABLE
from tribune_monitors.engines.sql import literal, quoted
from tribune_monitors.sources.convert import converted, may_fail, present
from tribune_monitors.sources.opening import open_rows
from tribune_monitors.sources.rows import Field, Rows, readable
from tribune_monitors.sources.spec import Reading, SourceSpec, TimeFormat

if TYPE_CHECKING:
    import duckdb

_ROWS, _LABELS = "[source.columns]", "[source.labels.columns]"
_HOW_TIMES = " How they are written can be said in [source.time], of labels in [source.labels.time]."


@dataclass(frozen=True)
class Wanted:
    """A column that a partition shall have: its name there, what it must be, its field in the log."""

    name: str
    kind: str
    field: str


@dataclass(frozen=True)
class Partitions:
    """What engines count.

    Args:
        decisions: partitions of rows.
        labels: partitions of labels to join by id.
        inline: whether the rows hold their labels themselves.
        findings: what a reader must know about the data, in words.
    """

    decisions: tuple[Path, ...]
    labels: tuple[Path, ...] = ()
    inline: bool = False
    findings: tuple[str, ...] = ()


def read_source(
    cursor: duckdb.DuckDBPyConnection,
    spec: ModelSpec,
    source: SourceSpec,
    folder: Path,
    *,
    timed: bool = False,
) -> Partitions:
    """Return the partitions of a source.

    Args:
        cursor: a connection that this may use up.
        spec: the model's columns.
        source: where they are.
        folder: empty; takes copies and partitions.
        timed: whether the partitions must hold the rows' times.

    Raises:
        DataError: the data cannot be read.
        ConfigurationError: the source is described wrongly.
    """
    labels = source.labels
    wanted = decision_columns(spec, source.rows, joined=labels is not None)
    bounds = _bounds(spec, source)
    needed = {column.name for column in spec.measured} | {spec.label_name}
    needed |= {spec.id_name} if labels is not None else set()
    needed |= {spec.time_name} if timed or bounds else set()
    decisions, findings, found = _partitions(cursor, source.rows, wanted, needed, folder, "rows", bounds)
    findings = _unused(source.rows, _ROWS, wanted) + findings
    joined: tuple[Path, ...] = ()
    if labels is not None:
        columns = label_columns(spec, labels)
        every = {column.name for column in columns}
        joined, told, there = _partitions(cursor, labels, columns, every, folder, "labels", "")
        unused = _unused(labels, _LABELS, columns)
        joining = [name for name in (spec.id_name, spec.label_name) if name not in there]
        lacking = [("rows", _ROWS, spec.id_name)] if spec.id_name not in found else []
        lacking += [("labels", _LABELS, name) for name in joining]
        if lacking:
            raise _unjoinable(source, lacking, [*findings, *unused])
        findings += unused + told
    inline = labels is None and any(column.name in found for column in spec.with_role(Role.LABEL))
    return Partitions(decisions, joined, inline, tuple(findings))


def _partitions(
    cursor: duckdb.DuckDBPyConnection,
    reading: Reading,
    wanted: Sequence[Wanted],
    needed: Collection[str],
    folder: Path,
    name: str,
    bounds: str,
) -> tuple[tuple[Path, ...], list[str], set[str]]:
    """Return partitions, findings, and the names of the columns that some row may have."""
    copies = folder / name
    copies.mkdir(parents=True)
    pieces = open_rows(cursor, reading.data, copies, [column.field for column in wanted])
    # Files of other columns are read together: then also what nothing needs must be of one type.
    alike = needed if len(pieces) == 1 else {column.name for column in wanted}
    paths: list[Path] = []
    findings: list[str] = []
    found: set[str] = set()
    for place, rows in enumerate(pieces):
        findings += rows.told
        relation, fields = rows.with_fields(column.field for column in wanted)
        here = {column.name: fields[column.field] for column in wanted}
        found |= {column for column, field in here.items() if field is not None}
        if bounds and here[_time_of(wanted)] is None:
            raise ConfigurationError(
                f"Rows of a stretch of time are wanted, but {rows.title} has no field {_time_of(wanted)!r}.",
                mend='Describe the time in the model (role = "time"), its field in [source.columns].',
            )
        findings += [
            f"{column.name}: {rows.title} has {_lack(rows, column)}, so it is missing in all its rows."
            for column in wanted
            if here[column.name] is None and column.name in needed
        ]
        if (
            rows.files
            and not bounds
            and all(_native(c, here[c.name], rows, reading.time) for c in wanted if c.name in alike)
        ):
            paths += rows.files
            continue
        written = copies / f"part-{place:05}.parquet"
        with readable(rows.title):
            findings += _write(cursor, relation, wanted, here, reading.time, written, bounds)
        paths.append(written)
    return tuple(paths), findings, found


def _unused(reading: Reading, where: str, wanted: Sequence[Wanted]) -> list[str]:
    """Say which names of a mapping are no columns, so that a wrong one is not taken for one that works."""
    names = [column.name for column in wanted]
    known = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    return [
        f"{name}: {where} maps it, but it is none of {known}; it is passed over."
        for name in sorted(set(reading.columns) - set(names))
    ]


def _unjoinable(
    source: SourceSpec, lacking: Sequence[tuple[str, str, str]], findings: Sequence[str]
) -> ConfigurationError:
    """Return what to say of labels that cannot be joined.

    Args:
        source: where rows and labels are.
        lacking: of rows or labels, where their fields are named, the column that they lack.
        findings: what else was found, which may be why.
    """
    readings = {_ROWS: source.rows, _LABELS: source.labels or source.rows}
    said: list[str] = []
    named: dict[str, list[str]] = {}
    for what, where, name in lacking:
        said.append(f"the {what} have no field {readings[where].field_of(name)!r}")
        named.setdefault(where, []).append(f'{toml_key(name)} = "…"')
    mends = ", ".join(f"{' and '.join(names)} in {where}" for where, names in named.items())
    return ConfigurationError(
        " ".join([f"Labels cannot be joined: {', '.join(said)}.", *findings]),
        mend=f"Name the right field: {mends}.",
    )


def _lack(rows: Rows, column: Wanted) -> str:
    if rows.like(column.field):
        return "it twice, or names that differ in case only"
    return "no such column" if column.name == column.field else f"no field {column.field!r}"


def _time_of(wanted: Sequence[Wanted]) -> str:
    return next((column.name for column in wanted if column.kind == "time"), "time")


def _native(column: Wanted, field: Field | None, rows: Rows, time: TimeFormat) -> bool:
    """Whether engines can count a field of a file as it is; one that is not there, they count as missing."""
    if field is None:
        return not rows.like(column.field)
    readable = column.kind != "time" or time.unit == "us"
    return column.name == column.field and field.kind.upper() in COUNTABLE[column.kind] and readable


def _write(
    cursor: duckdb.DuckDBPyConnection,
    relation: str,
    wanted: Sequence[Wanted],
    fields: Mapping[str, Field | None],
    time: TimeFormat,
    path: Path,
    bounds: str,
) -> list[str]:
    """Write one partition; return what was found."""
    cursor.execute(f"SET TimeZone = {literal(time.zone)}")
    expressions = {}
    findings = []
    for column in wanted:
        field = fields[column.name]
        expressions[column.name] = "" if field is None else converted(field, column.kind, time)
        if field is not None and not expressions[column.name]:
            findings.append(
                f"{column.name}: a field of type {field.kind} is no {column.kind}; it counts as missing."
            )
    selected = ", ".join(
        f"CAST({expressions[c.name] or 'NULL'} AS {CAST[c.kind]}) AS {quoted(c.name)}" for c in wanted
    )
    converting = f"SELECT {selected} FROM {relation}"  # noqa: S608 - quoted
    where = f" WHERE {bounds}" if bounds else ""
    cursor.execute(
        f"COPY (SELECT * FROM ({converting}){where}) TO {literal(str(path))} (FORMAT parquet)"  # noqa: S608
    )
    if bounds:
        findings += _outside(cursor, converting, bounds, _time_of(wanted))
    return findings + _unfit(cursor, relation, wanted, fields, expressions)


def _outside(cursor: duckdb.DuckDBPyConnection, converting: str, bounds: str, time: str) -> list[str]:
    """Say how many rows are not of the wanted time."""
    outside, unknown = cursor.execute(
        f"SELECT count(*) FILTER (NOT ({bounds})), count(*) FILTER ({quoted(time)} IS NULL) "  # noqa: S608
        f"FROM ({converting})"
    ).fetchone() or (0, 0)
    left_out = ((outside, "outside the time that is measured"), (unknown, "without a readable time"))
    return [f"Left out: {counted(rows, 'row')} {why}." for rows, why in left_out if rows]


def _unfit(
    cursor: duckdb.DuckDBPyConnection,
    relation: str,
    wanted: Sequence[Wanted],
    fields: Mapping[str, Field | None],
    expressions: Mapping[str, str],
) -> list[str]:
    """Say which values could not be converted."""
    risky = [(c, f) for c in wanted if (f := fields[c.name]) is not None and may_fail(f, c.kind)]
    if not risky:
        return []
    terms = []
    for column, field in risky:
        lost = f"FILTER ({present(field)} AND {expressions[column.name]} IS NULL)"
        terms.append(f"count(*) {lost}, min(CAST({field.sql} AS VARCHAR)) {lost}")
    unfit = cursor.execute(f"SELECT {', '.join(terms)} FROM {relation}").fetchone() or ()  # noqa: S608
    return [
        f"{column.name}: {counted(unfit[2 * place], 'value is', 'values are')} no {column.kind}, "
        f"such as {unfit[2 * place + 1][:40]!r}: counted as missing."
        + (_HOW_TIMES if column.kind == "time" else "")
        for place, (column, _) in enumerate(risky)
        if unfit[2 * place]
    ]


def decision_columns(spec: ModelSpec, reading: Reading, *, joined: bool) -> list[Wanted]:
    """Return the columns of decision partitions: all that is described, labels only if inline."""
    kinds = {Role.TIME: "time", Role.ID: "text"}
    wanted = [
        Wanted(column.name, kinds.get(column.role, _kind(column.kind)), reading.field_of(column.name))
        for column in spec.columns
        if not (joined and column.role is Role.LABEL)
    ]
    if joined and not spec.with_role(Role.ID):
        wanted.append(Wanted(spec.id_name, "text", reading.field_of(spec.id_name)))
    return wanted


def label_columns(spec: ModelSpec, reading: Reading) -> list[Wanted]:
    """Return the columns of label partitions."""
    label = next((_kind(column.kind) for column in spec.with_role(Role.LABEL)), "text")
    named = ((spec.id_name, "text"), (spec.time_name, "time"), (spec.label_name, label))
    return [Wanted(name, kind, reading.field_of(name)) for name, kind in named]


def _kind(kind: ColumnKind) -> str:
    return "number" if kind is ColumnKind.NUMERIC else "text"


def _bounds(spec: ModelSpec, source: SourceSpec) -> str:
    """Return the condition on the converted time; empty: none."""
    time = quoted(spec.time_name)
    terms = [f"{time} >= {source.start_us}"] if source.start_us is not None else []
    terms += [f"{time} < {source.end_us}"] if source.end_us is not None else []
    return " AND ".join(terms)
