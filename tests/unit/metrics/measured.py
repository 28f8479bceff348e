"""Raw rows measured by the real engine: written to Parquet, profiled and counted by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tribune.metrics import ColumnKind, ModelSpec, Profile, Tally, Value, evaluate
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile

Table = Mapping[str, object]
"""Columns of raw rows, labels with them; None for a label that did not come."""
Z = 1_959_964


def written(path: Path, spec: ModelSpec, table: Table) -> Path:
    """Write rows with their labels to one Parquet file."""
    kinds = {column.name: column.kind for column in spec.columns}
    arrays = {
        name: pa.array(
            [None if value is None else str(value) for value in np.asarray(values, dtype=object)]
            if kinds[name] is ColumnKind.CATEGORY
            else list(np.asarray(values, dtype=object)),
            type=pa.string() if kinds[name] is ColumnKind.CATEGORY else pa.float64(),
        )
        for name, values in table.items()
    }
    pq.write_table(pa.table(arrays), path)
    return path


def profile_of(folder: Path, spec: ModelSpec, reference: Table) -> Profile:
    """Make a profile of raw rows."""
    path = written(folder / "reference.parquet", spec, reference)
    return fit_profile(DuckDBEngine(), [[path]], [], spec, inline_labels=True)


def tally_of(folder: Path, profile: Profile, table: Table) -> Tally:
    """Count raw rows."""
    path = written(folder / "frame.parquet", profile.spec, table)
    return DuckDBEngine().count([path], [], profile, inline_labels=True)


def values(names: Sequence[str], profile: Profile, tally: Tally, z: int | None = None) -> dict[str, Value]:
    """Evaluate metrics of a tally, with bounds where a z is given."""
    return evaluate(names, profile, tally, tally, dict.fromkeys(names, z) if z else {})


def value(name: str, profile: Profile, tally: Tally, z: int | None = None) -> Value:
    """Evaluate one metric of a tally."""
    return values([name], profile, tally, z)[name]
