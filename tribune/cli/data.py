"""What commands about data of one's own share: where they work, what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError

if TYPE_CHECKING:
    from tribune_monitors.sources.spec import SourceSpec

SPEC = "model.toml"


def source_of(
    data: str, file: Path | None, since: str, until: str, *, profile: Path | None = None
) -> SourceSpec:
    """Return what to read: the file's `[source]`, with what the command line says in its place.

    Where no file is named, names of fields and times are those of a model.toml beside the profile: whoever
    drafted it from nested logs need not say again how these are written.
    """
    from dataclasses import replace

    from tribune_monitors.sources.spec import SourceSpec, moment_us

    described = SourceSpec.load(file) if file is not None else SourceSpec()
    beside = None if file is not None or profile is None else profile.parent / SPEC
    if beside is not None and beside.is_file():
        described = SourceSpec(replace(SourceSpec.load(beside).rows, data=""))
    if data:
        described = replace(described, rows=replace(described.rows, data=data))
    if since:
        described = replace(described, start_us=moment_us(since, "--since"))
    if until:
        described = replace(described, end_us=moment_us(until, "--until"))
    return described


def cores() -> int:
    """Return how many cores this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free(output: Path | None, force: bool) -> None:
    """Refuse, before any work, to write over a file, or where there is no folder."""
    if output is None:
        return
    if not output.absolute().parent.is_dir():
        raise ConfigurationError(f"There is no folder {output.parent}.", mend="Make it first.")
    if output.exists() and not force:
        raise ConfigurationError(
            f"{output} is there already.", mend="Give another name, or --force to write over it."
        )


def write(output: Path, data: bytes, force: bool) -> None:
    """Write a file; over one that is there only where that is wanted."""
    try:
        with output.open("wb" if force else "xb") as file:
            file.write(data)
    except OSError as fault:
        raise ConfigurationError(
            f"{output} cannot be written: {fault.strerror}.", mend="Check the path."
        ) from fault


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """Give a folder for copies and partitions; it goes with the command unless it is to be kept."""
    from tempfile import TemporaryDirectory

    if keep is None:
        with TemporaryDirectory(prefix="tribune-") as folder:
            yield Path(folder)
        return
    yield new_folder(keep)


def new_folder(folder: Path) -> Path:
    """Make a folder that is not there yet."""
    try:
        folder.mkdir(parents=True)
    except OSError as fault:
        raise ConfigurationError(
            f"{folder} cannot be made: {fault.strerror}.", mend="Name a new folder."
        ) from fault
    return folder


@contextmanager
def progress(json: bool = False) -> Iterator[Callable[..., None]]:
    """Show what is being done, with a bar of how much of it is; on a terminal only, and gone at the end.

    Args:
        json: a machine reads what comes out, so nothing is shown.
    """
    import sys

    if json or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Starting …", total=None)

        def say(text: str, share: float | None = None) -> None:
            shown.tasks[0].total = None if share is None else 1.0  # None: the bar only moves
            done = "" if share is None else f" {share:4.0%}"
            shown.update(task, description=f"{text} …{done}", completed=share or 0.0)

        yield say
