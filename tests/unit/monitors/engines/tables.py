"""Random partitions of each kind of model, full of values on which engines have disagreed."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task

ODD = 'it\'s "odd" `x`\\n {a} .y ä'
"""Name of a column: what quoting must survive."""
_SPECIAL = (
    None,
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1.7976931348623157e308,
    2.0**53 + 2,
)
_TEXTS = (
    None, "", " ", "a", "A", "a ", "ä", "a\u0308", "İ", "ß", "ss", "\x00", "a\x00b", "\n", "\ufeff", "\uffff",
    "NULL", "nan", "0", "1", "00", "1.0", "true", "'", '"', "\\", "\\n", "`", "x" * 300, "\U0001f600",
)  # fmt: skip
_CLASSES = ("0", "1", "\\n'")

Table = dict[str, tuple[str, list[Any]]]
"""Columns of a partition: name, Parquet type, values."""


@dataclass(frozen=True)
class Case:
    """Partitions and how to count them."""

    scheme: Scheme
    decisions: list[Path]
    labels: list[Path]


def make(folder: Path, task: Task, seed: int, rows: int = 400) -> Case:
    """Write two decision partitions of different types, and as many label partitions."""
    dice = random.Random(seed)  # noqa: S311 - samples, not secrets
    spec = _spec(task)
    scheme = Scheme(spec, {name: _binning(dice, spec, name) for name in _counted(spec)})
    decisions, labels = [], []
    for part in range(2):
        table: Table = {spec.id_name: ("string", [f"{part}-{place}" for place in range(rows)])}
        for column in spec.measured:
            kind, draw = _source(dice, scheme, column)
            table[column.name] = kind, [draw() for _ in range(rows)]
        decisions.append(_write(folder / f"d{part}.parquet", table))
        if task is not Task.GENERIC:
            labels.append(_write(folder / f"l{part}.parquet", _labels(dice, scheme, rows)))
    return Case(scheme, decisions, labels)


def _labels(dice: random.Random, scheme: Scheme, rows: int) -> Table:
    """Return label rows: ids come often, in both partitions, at equal times, with other labels."""
    spec = scheme.spec
    kind, draw = _source(dice, scheme, spec.column(spec.label_name))
    ids = [f"{dice.randrange(2)}-{dice.randrange(rows)}" for _ in range(rows)]
    return {
        spec.id_name: ("string", [dice.choice((name, name, name, None)) for name in ids]),
        spec.time_name: ("int64", [dice.choice((None, 1, 2, dice.getrandbits(40))) for _ in ids]),
        spec.label_name: (kind, [draw() for _ in ids]),
    }


def _spec(task: Task) -> ModelSpec:
    number, category = ColumnKind.NUMERIC, ColumnKind.CATEGORY
    columns = [
        Column("id", category, Role.ID),
        Column("time", number, Role.TIME),
        Column(ODD, number, Role.FEATURE),
        Column("x", number, Role.FEATURE),
        Column("text", category, Role.FEATURE),
        Column("group", category, Role.GROUP),
    ]
    if task is not Task.GENERIC:
        kind = number if task is Task.REGRESSION else category
        columns += [Column("select", kind, Role.PREDICTION), Column("label", kind, Role.LABEL)]
    if task is Task.BINARY:
        columns.append(Column("score", number, Role.SCORE))
    if task is Task.MULTICLASS:
        columns += [Column(f"p {name}", number, Role.SCORE, of_class=name) for name in _CLASSES]
    return ModelSpec(tuple(columns), task, classes=_CLASSES if task is Task.MULTICLASS else ())


def _counted(spec: ModelSpec) -> list[str]:
    return [column.name for column in spec.counted] + ([spec.error_name] if spec.has_errors else [])


def _binning(dice: random.Random, spec: ModelSpec, name: str) -> Binning:
    if name == spec.error_name:
        return Grid(dice.choice((-3, 0, 9)), (-1000, 0, 1000))
    column = spec.column(name)
    if column.role is Role.PREDICTION and spec.outcomes:
        return Categories(spec.outcomes)
    if column.kind is ColumnKind.CATEGORY:
        texts = [text for text in _TEXTS if text is not None]
        return Categories(tuple(dice.sample(texts, 8)), rest=dice.random() < 0.5)
    low = dice.randrange(-50, 50)
    return Grid(
        dice.choice((-1000, -20, -1, 0, 3, 12, 40, 1000)), (low, low + 7, low + dice.randrange(8, 3000))
    )


def _source(dice: random.Random, scheme: Scheme, column: Column) -> tuple[str, Callable[[], Any]]:
    """Return a Parquet type that a column may have, and what draws its values."""
    if column.role in (Role.PREDICTION, Role.LABEL):
        return "double" if scheme.spec.has_errors else "string", _answer(dice, scheme, column)
    if column.kind is ColumnKind.NUMERIC:
        number = _numbers(dice, scheme.grid(column.name))
        return dice.choice(
            [
                ("double", number),
                ("double", number),
                ("float", lambda: _narrow(number())),
                ("int64", lambda: dice.choice((None, dice.getrandbits(64) - 2**63, dice.randrange(-60, 60)))),
                ("uint64", lambda: dice.choice((None, dice.getrandbits(64), dice.randrange(60)))),
                ("uint32", lambda: dice.choice((None, dice.getrandbits(32), dice.randrange(60)))),
                ("int16", lambda: dice.getrandbits(16) - 2**15),
                ("uint8", lambda: dice.randrange(256)),
            ]
        )
    return dice.choice(
        [
            ("string", lambda: dice.choice(_TEXTS)),
            ("int32", lambda: dice.choice((None, -1, 0, 1, 10**9))),
            ("uint64", lambda: dice.choice((0, 1, 2**64 - 1))),
            ("uint16", lambda: dice.choice((None, 0, 1, 2**16 - 1))),
            ("int8", lambda: dice.choice((0, 1, -128))),
            ("bool_", lambda: dice.choice((None, True, False))),
        ]
    )


def _answer(dice: random.Random, scheme: Scheme, column: Column) -> Callable[[], Any]:
    spec = scheme.spec
    if spec.has_errors:
        return _numbers(dice, scheme.grid(spec.error_name))
    return lambda: dice.choice((*spec.outcomes, *spec.outcomes, *_TEXTS[:8]))


def _numbers(dice: random.Random, grid: Grid) -> Callable[[], float | None]:
    """Return what draws special numbers, any bits at all, numbers of the grid, and its edges ± 1 ulp."""

    def draw() -> float | None:
        choice = dice.randrange(4)
        if choice == 0:
            return dice.choice(_SPECIAL)
        if choice == 1:
            (any_bits,) = struct.unpack("<d", struct.pack("<Q", dice.getrandbits(64)))
            return float(any_bits)
        if choice == 2:
            return dice.uniform(grid.edges[0] - 9, grid.edges[-1] + 9) / grid.scale
        edge = dice.choice(grid.edges) / grid.scale
        return math.nextafter(edge, dice.choice((-math.inf, edge, math.inf)))

    return draw


def _narrow(number: float | None) -> float | None:
    if number is None or not math.isfinite(number):
        return number
    return math.copysign(min(abs(number), 3.4028234663852886e38), number)


def _write(path: Path, table: Table) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    kinds = {"double": pa.float64(), "float": pa.float32()}
    arrays = [pa.array(values, kinds.get(kind) or getattr(pa, kind)()) for kind, values in table.values()]
    parquet.write_table(pa.table(arrays, names=list(table)), path, row_group_size=150)
    return path
