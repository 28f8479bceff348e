"""What commands share: their options, and running with errors said plainly."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tribune.exceptions import TribuneError

if TYPE_CHECKING:
    import asyncio

    from tribune.settings import Settings

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="A TOML file; ./tribune.toml is read where it exists.")
]
Number = Annotated[int, typer.Argument(min=1, max=2**32 - 1, help="Counted from 1.")]


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say an error of ours with its mend and end with its code; any other is a fault of the program."""
    try:
        yield
    except TribuneError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None


def run(file: Path | None, part: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a part with the settings."""
    import asyncio

    from tribune.settings import load_settings

    with plain_errors():
        asyncio.run(part(load_settings(file)))


def serve(
    process: str,
    file: Path | None,
    part: Callable[[Settings, asyncio.Event], Coroutine[Any, Any, None]],
) -> None:
    """Run a part until SIGINT or SIGTERM."""

    async def until_stopped(settings: Settings) -> None:
        import asyncio
        import signal

        from tribune.log import configure, secrets_in

        configure(
            process=process,
            json=settings.logging.json_lines,
            level=settings.logging.level,
            secrets={secret for address in settings.addresses for secret in secrets_in(address)},
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        await part(settings, stop)

    run(file, until_stopped)
