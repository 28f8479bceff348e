"""Commands of the gate: `tribune gate serve`, which watches the chain for those who serve models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tribune.cli.options import SettingsFile
from tribune.cli.receipts import receipt_key
from tribune.cli.running import serve

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings

gate = typer.Typer(no_args_is_help=True, help="The gate before a model.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    gate.command("receipt-key")(receipt_key)
    app.add_typer(gate, name="gate")


@gate.command("serve")
def gate_serve(
    settings: SettingsFile = None,
    ready: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write the port into this file, once it listens.", show_default=False
        ),
    ] = None,
) -> None:
    """Watch models for gates, nginx and Envoy, so that serving needs nothing of the chain."""

    async def part(read: Settings, stop: asyncio.Event) -> None:
        from tribune.gate.sidecar.server import run

        await run(read, stop, ready)

    serve("gate", settings, part)
