"""Sources read in tests: partitions of some data, back as rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune_monitors.sources.export import Partitions, read_source
from tribune_monitors.sources.opening import connect
from tribune_monitors.sources.spec import Reading, SourceSpec

NUMBER, CATEGORY = ColumnKind.NUMERIC, ColumnKind.CATEGORY


def generic(**kinds: ColumnKind) -> ModelSpec:
    """Return a model of features."""
    return ModelSpec(tuple(Column(name, kind, Role.FEATURE) for name, kind in kinds.items()), Task.GENERIC)


def read(folder: Path, spec: ModelSpec, source: SourceSpec | str) -> Partitions:
    """Read a source into partitions below `folder`."""
    work = folder / f"work{len(list(folder.iterdir()))}"
    work.mkdir(parents=True)
    given = SourceSpec(Reading(source)) if isinstance(source, str) else source
    return read_source(connect(work), spec, given, work)


def rows(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the rows of partitions."""
    return [row for path in paths for row in parquet.ParquetFile(path).read().to_pylist()]
