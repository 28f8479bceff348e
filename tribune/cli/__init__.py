"""The command line: the one place where parts are put together.

A group of commands is a file here. Every command prints plain errors with their mend and ends with the code
of the error. Nothing heavy is imported before the command that needs it runs.
"""

from __future__ import annotations

import typer

from tribune.cli import backtesting, checking, keys, measuring, policies, processes, settings_file

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Token holders watch over the AI models that act in their name, and can stop them.",
)
measuring.register(app)
processes.register(app)
keys.register(app)
settings_file.register(app)
checking.register(app)
policies.register(app)
backtesting.register(app)


def main() -> None:
    """Enter the command line."""
    app(prog_name="tribune")
