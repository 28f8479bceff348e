"""A table of 2,000 columns through the commands: each column is measured."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
from typer.testing import CliRunner

from tribune.cli import app

COLUMNS, ROWS = 2000, 60
DRAW = random.Random(5)  # noqa: S311 - not a secret


def wide(path: Path) -> Path:
    """Write a table of as many numbers as categories."""
    columns: dict[str, list[object]] = {"prediction": [DRAW.choice(["no", "yes"]) for _ in range(ROWS)]}
    for place in range(COLUMNS):
        of = (lambda: DRAW.choice("abc")) if place % 2 else DRAW.random
        columns[f"c{place}"] = [of() for _ in range(ROWS)]
    columns["c1"][0] = columns["c2"][0] = None
    parquet.write_table(pa.table(columns), path)
    return path


def tribune(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_commands__two_thousand_columns__measure_each(tmp_path: Path) -> None:
    data, model, profile = wide(tmp_path / "wide.parquet"), tmp_path / "model.toml", tmp_path / "profile.json"
    tribune("model", "init", data, "-o", model)
    tribune("profile", data, "--spec", model, "-o", profile)
    told = json.loads(tribune("measure", data, "--profile", profile, "--format", "json"))
    missing = [name for name in told["values"] if name.startswith("quality.missing_rate/")]
    assert len(missing) == COLUMNS + 1
    assert told["values"]["quality.missing_rate/c1"]["n"] == ROWS
