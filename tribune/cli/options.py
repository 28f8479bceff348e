"""Arguments and options that several commands have, each said once: the same word means the same everywhere.

A model, a version and a frame are always numbers counted from 1; files that describe them have names of their
own (`--spec`, `--profile`, `--policy`). Only `profile`, which knows no chain, takes `--model` for `--spec`.
`-o` names a file to write, never a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_HIGHEST = 2**32 - 1

SettingsFile = Annotated[
    Path | None,
    typer.Option(
        "--settings",
        metavar="FILE",
        help="A TOML file; ./tribune.toml is read where it exists.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Give one JSON document.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]

# What a command is about

Model = Annotated[
    int, typer.Argument(metavar="MODEL", min=1, max=_HIGHEST, help="The model's number.", show_default=False)
]
MaybeModelNumber = Annotated[
    int | None,
    typer.Argument(metavar="[MODEL]", min=1, max=_HIGHEST, help="The model's number.", show_default=False),
]
_MODEL = typer.Option("--model", min=1, max=_HIGHEST, help="The model's number.", show_default=False)
_VERSION = typer.Option("--version", min=1, max=_HIGHEST, help="The version's number.", show_default=False)
_FRAME = typer.Option("--frame", min=1, help="The frame's number.", show_default=False)
OfModel = Annotated[int, _MODEL]
OfVersion = Annotated[int, _VERSION]
MaybeModel = Annotated[int | None, _MODEL]
MaybeVersion = Annotated[int | None, _VERSION]
MaybeFrame = Annotated[int | None, _FRAME]
Role = Annotated[
    str, typer.Argument(metavar="ROLE", help="monitor, logger, relayer, …, as under [keys] of the settings.")
]

# Data of one's own

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A Parquet, CSV or JSON lines file, a folder or glob of them, file.duckdb::table, "
        "postgresql://host/database?table=name, or the address of a file or folder (s3://…).",
        show_default=False,
    ),
]
Source = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A TOML file whose table `source` has the names of the log's fields, times, labels kept apart. "
        "By default the names and times of a model.toml beside the profile.",
        show_default=False,
    ),
]
Since = Annotated[
    str,
    typer.Option(
        metavar="TIME", help="What is from this time on, as 2026-01-31T12:00:00Z.", show_default=False
    ),
]
Until = Annotated[
    str, typer.Option(metavar="TIME", help="What is before this time, likewise.", show_default=False)
]
Spec = Annotated[
    Path,
    typer.Option(
        "--spec",
        "--model",
        metavar="FILE",
        help="The model's description, as `tribune model init` wrote it.",
    ),
]
Profile = Annotated[Path, typer.Option(metavar="FILE", help="As `tribune profile` wrote it.")]
Step = Annotated[
    str,
    typer.Option(
        metavar="SPAN",
        help="How often a frame ends: 30s, 15m, 1h, 1d. By default as the policy says.",
        show_default=False,
    ),
]
Keep = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Keep the partitions that were made of the data in this new folder.",
        show_default=False,
    ),
]

# What is written

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to this file.", show_default=False),
]
OutputTo = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")]
Force = Annotated[bool, typer.Option("--force", help="Write over what is there.")]
