"""Writes the conformance files anew: `python -m tribune_monitors.engines.conformance_files`.

Needed only when `conformance_rows.py` changes, and where Spark is (`.spark`, made by `make spark`). The files
are part of the package, so that no worker needs a writer to check its engine.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tribune_monitors.engines import conformance, conformance_rows
from tribune_monitors.engines.sql import literal

_TYPES = ("VARCHAR", "DOUBLE", "FLOAT", "VARCHAR", "VARCHAR", "BIGINT", "DOUBLE")


def write(folder: Path, writers: Sequence[str] = conformance.WRITERS) -> None:
    """Write the rows as each of the writers does, and the labels, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    by = {"pyarrow": _by_pyarrow, "duckdb": _by_duckdb, "spark": _by_spark}
    for writer in writers:
        by[writer](folder / conformance.file_name(writer))
    _labels(folder / conformance.LABELS)


def _by_pyarrow(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    types = (pa.string(), pa.float64(), pa.float32(), pa.string(), pa.string(), pa.int64(), pa.float64())
    columns = list(zip(*conformance_rows.rows(), strict=True))
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    # small row groups: statistics that leave NaN out are what made an engine fold its check away
    parquet.write_table(pa.table(arrays, names=list(conformance_rows.COLUMNS)), path, row_group_size=40)


def _by_duckdb(path: Path) -> None:
    import duckdb

    connection = duckdb.connect(":memory:")
    columns = ", ".join(f'"{n}" {t}' for n, t in zip(conformance_rows.COLUMNS, _TYPES, strict=True))
    connection.execute(f"CREATE TABLE decisions ({columns})")
    connection.executemany("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?)", conformance_rows.rows())
    connection.execute(f"COPY decisions TO {literal(str(path))} (FORMAT parquet)")


def _by_spark(path: Path) -> None:
    from pyspark.sql.types import StructType

    from tribune_monitors.engines.spark_engine import start

    schema = StructType()
    types = ("string", "double", "float", "string", "string", "long", "double")
    for name, kind in zip(conformance_rows.COLUMNS, types, strict=True):
        schema.add(name, kind)
    session = start()
    with tempfile.TemporaryDirectory() as folder:  # Spark writes a folder of parts
        frame = session.createDataFrame(list(conformance_rows.rows()), schema).coalesce(1)
        frame.write.mode("overwrite").parquet(folder)
        (part,) = Path(folder).glob("part-*.parquet")
        shutil.copyfile(part, path)


def _labels(path: Path) -> None:
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("CREATE TABLE labels (id VARCHAR, time BIGINT, label VARCHAR)")
    connection.executemany("INSERT INTO labels VALUES (?, ?, ?)", conformance_rows.label_rows())
    connection.execute(f"COPY labels TO {literal(str(path))} (FORMAT parquet)")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else conformance.data_files()[0][0].parent)
