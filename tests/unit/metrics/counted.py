"""Raw rows counted by the real engine: the other side of every oracle that reads data frames."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from tribune.metrics import ModelSpec, Profile, Tally, Task
from tribune.metrics.scheme import Scheme
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile


def write(path: Path, rows: pd.DataFrame) -> Path:
    """Write rows as a partition."""
    with duckdb.connect(":memory:") as connection:
        connection.register("raw", rows)
        connection.execute(f"COPY raw TO '{path}' (FORMAT parquet)")
    return path


def profile_of_rows(folder: Path, spec: ModelSpec, reference: pd.DataFrame) -> Profile:
    """Fit a profile to reference rows, labels in the same file."""
    path = write(folder / "reference.parquet", reference)
    return fit_profile(DuckDBEngine(), [[path]], [], spec, inline_labels=has_labels(spec, reference))


def tally_of_rows(folder: Path, profile: Profile | Scheme, rows: pd.DataFrame) -> Tally:
    """Count rows, labels in the same file."""
    path = write(folder / "rows.parquet", rows)
    return DuckDBEngine().count([path], [], profile, inline_labels=has_labels(profile.spec, rows))


def has_labels(spec: ModelSpec, rows: pd.DataFrame) -> bool:
    """Whether labels stand in the rows."""
    return spec.task is not Task.GENERIC and spec.label_name in rows
