"""The command line: the one place where parts are put together.

A group of commands is a file here. Every command prints plain errors with their mend and ends with the code
of the error. Nothing heavy is imported before the command that needs it runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from tribune.cli import (
    backtesting,
    checking,
    decisions,
    gate,
    keys,
    labels,
    measuring,
    monitor,
    operating,
    overview,
    policies,
    processes,
    proofs,
    settings_file,
    standing,
    supervising,
    trail,
)
from tribune.cli.running import enter, plain_errors

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Token holders watch over the AI models that act in their name, and can stop them.",
)
# In the order in which help lists them.
standing.register(app)
overview.register(app, measuring.model)
trail.register(app)
measuring.register(app)
policies.register(app)
backtesting.register(app)
checking.register(app)
proofs.register(app)
decisions.register(app)
labels.register(app)
supervising.register(app)
monitor.register(app)
processes.register(app)
gate.register(app)
keys.register(app)
settings_file.register(app)
operating.register(app)


@app.callback()
def start(
    lifeline: Annotated[
        int | None, typer.Option(hidden=True, help="A pipe: its end ends this process.")
    ] = None,
) -> None:
    """Hold to whoever started this process, where it asks for that."""
    if lifeline is not None:
        from tribune.operations.lifeline import hold_to

        with plain_errors():
            hold_to(lifeline)


def main() -> None:
    """Enter the command line."""
    import sys

    sys.exit(enter(app))
