"""Rows of the demo's data: read from the project's Parquet files, split, and turned into features.

Knows which columns there are from `model.toml`. Refuses to guess: a year that is not carried is an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tribune.exceptions import DataError
from tribune.metrics.spec import ModelSpec, Role

if TYPE_CHECKING:
    import pyarrow

FOLDER = Path(__file__).parent
REFERENCE_YEAR = 2015
LABEL = "employed"
TRAFFIC_YEARS = (2016, 2017, 2018)


@dataclass(frozen=True)
class Row:
    """A person of the survey: id, the columns that a request carries, and what turned out to be true."""

    id: str
    features: dict[str, Any]
    label: str


def load_spec() -> ModelSpec:
    """Return the model's description."""
    return ModelSpec.load(FOLDER / "model.toml")


def request_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Return the columns of a request and of the log: features and groups, in order."""
    return tuple(c.name for c in spec.columns if c.role in (Role.FEATURE, Role.GROUP))


def read_year(year: int) -> pyarrow.Table:
    """Return a year's rows in the order of their ids' sha-256; DataError for a year that is not carried."""
    import pyarrow.parquet as parquet

    path = FOLDER / "data" / f"acs_employment_ma_{year}.parquet"
    if not path.exists():
        raise DataError(f"The demo carries no rows of {year}.", mend="Cut them with data/prepare.py.")
    return parquet.read_table(path)


def read_half(*, held_out: bool) -> pyarrow.Table:
    """Return half of the reference year, by the last bit of the id's sha-256: 0 to train, 1 held out.

    The split depends on ids alone, so anyone can redo it and no row is ever on both sides.
    """
    table = read_year(REFERENCE_YEAR)
    bits = (hashlib.sha256(id_.encode()).digest()[-1] & 1 for id_ in table.column("id").to_pylist())
    return table.filter([bool(bit) is held_out for bit in bits])


def to_rows(table: pyarrow.Table, spec: ModelSpec) -> list[Row]:
    """Return a table's rows, ready to be sent."""
    names = request_columns(spec)
    columns = [table.column(name).to_pylist() for name in names]
    ids, labels = (table.column(name).to_pylist() for name in ("id", LABEL))
    return [
        Row(id_, dict(zip(names, values, strict=True)), label)
        for id_, label, *values in zip(ids, labels, *columns, strict=True)
    ]


def stream(spec: ModelSpec) -> Iterator[Row]:
    """Yield the rows of 2016 to 2018 in order, a year at a time, then begin again.

    Rounds after the first have the round in front of their ids: no two decisions share an id.
    """
    round_ = 0
    while True:
        for year in TRAFFIC_YEARS:
            for row in to_rows(read_year(year), spec):
                yield Row(f"{round_}-{row.id}", row.features, row.label) if round_ else row
        round_ += 1


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield rows in lists of `size`."""
    while batch := list(islice(rows, size)):
        yield batch
