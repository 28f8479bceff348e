"""How commands run: with the settings, and with errors said plainly."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tribune.exceptions import ConfigurationError, TribuneError

if TYPE_CHECKING:
    import asyncio

    from tribune.log import Redactor
    from tribune.settings import Settings


@contextmanager
def plain_errors(settings: Settings | None = None) -> Iterator[None]:
    """Say an error of ours with its mend and end with its code; any other is a fault of the program.

    Args:
        settings: no credential of their addresses is said.
    """
    try:
        yield
    except TribuneError as error:
        typer.echo(redactor_of(settings).text(str(error)), err=True)
        raise typer.Exit(error.exit_code) from None
    except ModuleNotFoundError as lack:
        if (lack.name or "tribune").startswith("tribune"):
            raise
        extras = "chain, monitors, bot, web, sidecar"
        typer.echo(
            f"{lack.name} is not installed, which this command needs. Install Tribune with what the command "
            f"is for (one of {extras}): pip install 'tribune-dao[chain]'",
            err=True,
        )
        raise typer.Exit(ConfigurationError.exit_code) from None


def redactor_of(settings: Settings | None) -> Redactor:
    """Return what takes secrets out of texts that people are shown."""
    from tribune.log import Redactor, secrets_in

    return Redactor(() if settings is None else secrets_in(*settings.addresses))


def run(file: Path | None, part: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a part with the settings."""
    import asyncio

    from tribune.settings import load_settings

    with plain_errors():
        settings = load_settings(file)
    with plain_errors(settings):
        asyncio.run(part(settings))


def serve(
    process: str,
    file: Path | None,
    part: Callable[[Settings, asyncio.Event], Coroutine[Any, Any, None]],
) -> None:
    """Run a part until SIGINT or SIGTERM."""

    async def until_stopped(settings: Settings) -> None:
        import asyncio
        import signal

        from tribune.log import configure, get_logger, secrets_in

        configure(
            process=process,
            json=settings.logging.json_lines,
            level=settings.logging.level,
            secrets=secrets_in(*settings.addresses),
        )
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        try:
            await part(settings, stop)
        except (TribuneError, ModuleNotFoundError):
            raise
        except Exception as fault:  # to the log, which takes secrets out of a traceback
            get_logger(__name__).critical("the program broke", exc_info=fault)
            raise TribuneError(
                f"A fault of the program ended it ({type(fault).__name__}).",
                mend="Its log says where: please report it.",
            ) from None

    run(file, until_stopped)
