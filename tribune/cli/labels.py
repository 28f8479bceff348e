"""`tribune labels append`: brings what turned out to be true to the log of a model version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.options import Json, MaybeModel, MaybeVersion, SettingsFile
from tribune.cli.running import plain_errors
from tribune.cli.showing import say
from tribune.decisions.frames.label_files import Columns, Unit
from tribune.exceptions import ConfigurationError
from tribune.ids import ModelId, VersionNumber
from tribune.wording import counted

if TYPE_CHECKING:
    from tribune.decisions.leaf import Kind

labels = typer.Typer(no_args_is_help=True, help="What turned out to be true of decisions.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(labels, name="labels")


@labels.callback()
def about() -> None:
    """Let `append` be named, also while it is the only command."""


@labels.command("append")
def labels_append(
    file: Annotated[Path, typer.Argument(help="CSV, JSON lines or Parquet.")],
    id_: Annotated[str, typer.Option("--id", help="Its column of the decision's id.")] = "id",
    time: Annotated[str, typer.Option(help="Its column of the time at which the truth was known.")] = "time",
    label: Annotated[str, typer.Option(help="Its column of the truth.")] = "label",
    unit: Annotated[Unit, typer.Option(help="What times that are numbers count.")] = Unit.MICROSECONDS,
    numeric: Annotated[bool, typer.Option("--numeric", help="Labels are numbers, not text.")] = False,
    model: MaybeModel = None,
    version: MaybeVersion = None,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """Append labels to the log of a model version: the whole file, or, if one row cannot be used, nothing.

    They are sealed with the next frame whose end and grace are still to come. A correction is a further row.
    Without --model and --version those of [gate] in the settings are meant.
    """
    from tribune.decisions.anchor import log_folder
    from tribune.decisions.frames.label_files import read_labels
    from tribune.decisions.frames.labels import append_labels
    from tribune.settings import load_settings

    with plain_errors():
        read = load_settings(settings)
        model_id, number = model or read.gate.model, version or read.gate.version
        if not model_id or not number:
            raise ConfigurationError(
                "Whose labels these are is not said.", mend="Add --model and --version, or set [gate]."
            )
        folder = log_folder(read.log_folder, ModelId(model_id), VersionNumber(number))
        if not folder.is_dir():
            raise ConfigurationError(
                f"There is no log of model {model_id} v{number} in {read.log_folder}.",
                mend="Check log_folder: labels go where decisions are logged.",
            )
        kind: Kind = "numeric" if numeric else "category"
        rows = list(read_labels(file, Columns(id_, time, label, unit), kind))
        append_labels(folder, rows, kind=kind)
        words = f"Appended {counted(len(rows), 'label')} to model {model_id} v{number}."
        say(json, {"model": model_id, "version": number, "labels": len(rows)}, words)
