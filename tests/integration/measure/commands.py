"""The measuring commands, run in this process as a data scientist would."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
from typer.testing import CliRunner, Result

from support.people import write
from tribune.cli import app


def tribune(*arguments: object) -> Result:
    """Run a command in this process; an error that is not plain is raised here."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def report(bench: Path, table: pa.Table, name: str = "data.parquet", *more: object) -> str:
    """Measure rows; return the table as one line."""
    path = write(table, bench / name)
    result = tribune("measure", path, "--profile", bench / "profile.json", *more)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refusal(*arguments: object) -> str:
    """Run a command that must refuse; return what it said."""
    result = tribune(*arguments)
    assert result.exit_code not in (0, None), result.output
    return " ".join(result.output.split())


def document(bench: Path, path: Path, *more: object) -> dict[str, object]:
    """Measure rows; return the evidence."""
    result = tribune("measure", path, "--profile", bench / "profile.json", "--format", "json", *more)
    assert result.exit_code == 0, result.output
    read: dict[str, object] = json.loads(result.stdout)
    return read
