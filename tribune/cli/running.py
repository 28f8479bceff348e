"""How commands run: with the settings, and with errors said plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tribune.exceptions import COULD_NOT, ConfigurationError, TribuneError

if TYPE_CHECKING:
    import asyncio

    from tribune.log import Redactor
    from tribune.settings import Settings

_NEEDED = re.compile(r"""([A-Za-z0-9_.-]+).*extra == ['"]([a-z0-9-]+)['"]""")
"""A requirement of an extra, as a distribution's metadata has it."""
PIPE_CLOSED = 141
"""How a command ends whose reader went away, as shells have it for SIGPIPE (128 + 13)."""


def enter(commands: Callable[..., Any]) -> int:
    """Run a command line to its end and return its code; a fault of the program is said as one."""
    import sys

    try:
        try:
            commands(prog_name="tribune")
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):
                raise end.__context__ from None
            sys.stdout.flush()
            return end.code if isinstance(end.code, int) else COULD_NOT
        return 0
    except BrokenPipeError:
        _silence()
        return PIPE_CLOSED
    except Exception:
        import traceback

        from tribune.log import Redactor

        sys.stderr.write(Redactor().text(traceback.format_exc()))
        sys.stderr.write("This is a fault of the program. Please report it, with what stands above.\n")
        return COULD_NOT


def _silence() -> None:
    """Let what is still to be written go nowhere: nobody reads it, and Python would complain at its end."""
    import os
    import sys

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = sys.__stdout__


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
        extra = _extra_with((lack.name or "").partition(".")[0])
        typer.echo(
            f"{lack.name} is not installed, which this command needs: pip install 'tribune-dao[{extra}]'",
            err=True,
        )
        raise typer.Exit(ConfigurationError.exit_code) from None
    except OSError as fault:
        if fault.filename is None:
            raise
        typer.echo(
            f"{fault.filename}: {fault.strerror}. Check the path, its rights and the disk's space.", err=True
        )
        raise typer.Exit(COULD_NOT) from None


def _extra_with(module: str) -> str:
    """Return the extra of this distribution that brings a module; what most need where none is known."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        lines = requires("tribune-dao") or []
    except PackageNotFoundError:
        lines = []
    for line in lines:
        found = _NEEDED.match(line)
        name = found[1].lower() if found else ""
        if found and found[2] != "dev" and f"{name}-".startswith(f"{module.lower().replace('_', '-')}-"):
            return found[2]
    return "chain"


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
