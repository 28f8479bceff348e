"""Cut what the demo needs out of the full ACS tables: `python prepare.py SOURCE_FOLDER [TARGET_FOLDER]`.

Keeps ids (as text), features and the label (as text) of all of 2015 and of the first rows of each later year.
Drops the predictions that the source was shipped with: the demo trains its own model. Within a year rows are
ordered by sha-256 of the id, since the source's order is not time order (group quarters sit in one block).
Deterministic: the same source and the same pyarrow give the same bytes.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

CATEGORIES = (
    "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM",
    "SEX", "RAC1P",
)  # fmt: skip
REFERENCE_YEAR = 2015
LATER_YEARS = (2016, 2017, 2018)
LATER_ROWS = 24_000
"""Rows kept of each later year: together 36 frames of 2,000, more than one demo lasts, within 3 MB."""


def file_name(year: int) -> str:
    """Return the name of a year's file."""
    return f"acs_employment_ma_{year}.parquet"


def cut(source: Any, year: int, rows: int | None) -> Any:
    """Return a year of a table (pyarrow.Table) in its order, with the columns and types that are kept."""
    import pyarrow as pa
    import pyarrow.compute as pc

    table = source.filter(pc.equal(source.column("year"), year))
    ids = [str(number) for number in table.column("id").to_pylist()]
    order = sorted(range(len(ids)), key=lambda place: hashlib.sha256(ids[place].encode()).digest())
    table = table.take(order[:rows])
    columns = {
        "id": table.column("id").cast(pa.string()),
        "AGEP": table.column("AGEP").cast(pa.float64()),
        **{name: table.column(name).cast(pa.string()) for name in CATEGORIES},
        "employed": table.column("employed").cast(pa.string()),
    }
    return pa.table({name: column.combine_chunks() for name, column in columns.items()})


def prepare(source: Path, target: Path) -> list[Path]:
    """Write one file per year and return their paths."""
    import pyarrow.parquet as parquet

    reference = parquet.read_table(source / "acs_employment_ma_reference.parquet")
    later = parquet.read_table(source / "acs_employment_ma_analysis.parquet")
    written = []
    for year in (REFERENCE_YEAR, *LATER_YEARS):
        is_reference = year == REFERENCE_YEAR
        table = cut(reference if is_reference else later, year, None if is_reference else LATER_ROWS)
        path = target / file_name(year)
        parquet.write_table(table, path, compression="zstd", compression_level=19, store_schema=False)
        written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    for file in prepare(
        Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    ):
        print(hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size, file.name)
