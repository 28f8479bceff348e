"""Rows of an invented model, as a data scientist would have them in a file."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

MODEL = """
task = "binary"
negative = "no"
positive = "yes"
min_group = 20
min_rows = 100

[[columns]]
name = "id"
kind = "category"
role = "id"

[[columns]]
name = "time"
kind = "numeric"
role = "time"

[[columns]]
name = "age"
kind = "numeric"

[[columns]]
name = "region"
kind = "category"

[[columns]]
name = "sex"
kind = "category"
role = "group"

[[columns]]
name = "prediction"
kind = "category"
role = "prediction"

[[columns]]
name = "score"
kind = "numeric"
role = "score"

[[columns]]
name = "label"
kind = "category"
role = "label"
"""
START_US = 1_767_225_600_000_000
"""2026-01-01."""
MINUTE_US = 60_000_000


def people(rows: int = 600, seed: int = 1) -> pa.Table:
    """Return rows one minute apart; the model is right in about nine of ten."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    columns: dict[str, list[object]] = {
        name: [] for name in ("id", "time", "age", "region", "sex", "prediction", "score", "label")
    }
    for place in range(rows):
        score = round(draw.random(), 4)
        said = score > 0.5
        columns["id"].append(f"d{seed}-{place}")
        columns["time"].append(START_US + place * MINUTE_US)
        columns["age"].append(float(draw.randint(18, 80)))
        columns["region"].append(draw.choice(["north", "south", "west"]))
        columns["sex"].append(draw.choice(["f", "m"]))
        columns["prediction"].append("yes" if said else "no")
        columns["score"].append(score)
        columns["label"].append("yes" if said is (draw.random() < 0.9) else "no")
    return pa.table(columns)


def write(table: pa.Table, path: Path) -> Path:
    """Write rows as Parquet, CSV or JSON lines, as the path's name says."""
    import json

    import pyarrow.csv as csv

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        csv.write_csv(table, path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        parquet.write_table(table, path)
    return path


def column(table: pa.Table, name: str, values: object) -> pa.Table:
    """Return rows with a column replaced, or added."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, array)
    return table.append_column(name, array)
