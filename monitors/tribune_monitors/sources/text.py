"""Text files with a few bad bytes or lines, mended in a copy: one of them must not cost the whole report.

Bytes that are no UTF-8 become U+FFFD, so that their value is one that no profile knows; a line of JSON lines
that holds no object becomes a row without values. Both are told. Refuses nothing: a file whose first line is
unreadable is in another encoding, which its reader says.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def mended(files: Sequence[Path], folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files, a mended copy in place of each that needs it, and what to know about them.

    Args:
        files: CSV, JSON or JSON lines, packed or not.
        folder: takes the copies.
    """
    paths: list[Path] = []
    told: list[str] = []
    for place, file in enumerate(files):
        lines = file.name.lower().endswith(_LINES)
        unfit, strays = _looked_through(file, lines)
        if not (unfit or strays) or (unfit[:1] == [1] and not lines):
            paths.append(file)
            continue
        copy = folder / f"mended-{place:05}" / file.name.removesuffix(".gz")
        copy.parent.mkdir(parents=True)
        with _opened(file) as stream, copy.open("wb") as target:
            for line in stream:
                target.write(b"{}\n" if strays and _stray(line) else line.decode(errors="replace").encode())
        paths.append(copy)
        if unfit:
            told.append(
                f"{file.name}: bytes that are no text (UTF-8) in {_where(unfit)}; the values that hold "
                "them count as unseen, or as missing where a number is wanted."
            )
        if strays:
            told.append(
                f"{file.name}: no JSON object in {_where(strays)}; it counts as a row without values."
            )
    return paths, told


def _where(numbers: Sequence[int]) -> str:
    return f"line {numbers[0]}" + (f" and {len(numbers) - 1:,} more" if numbers[1:] else "")


def _looked_through(file: Path, lines: bool) -> tuple[list[int], list[int]]:
    """Return the numbers of lines that are no UTF-8, and of those that are no JSON object."""
    unfit, strays = [], []
    try:
        with _opened(file) as stream:
            for number, line in enumerate(stream, start=1):
                if not line.isascii() and not _is_text(line):
                    unfit.append(number)
                if number == 1:  # else each object stands on several lines, or all in one list
                    lines = lines and not _stray(line) and line.rstrip().endswith(b"}")
                if lines and _stray(line):
                    strays.append(number)
    except (OSError, EOFError, zlib.error):
        return [], []  # cut short: its reader says so
    return unfit, strays


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _stray(line: bytes) -> bool:
    """Whether a line holds something else than the beginning of an object."""
    start = line.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start not in (b"{", b"")


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if file.name.lower().endswith(".gz"):
        with gzip.open(file, "rb") as packed:
            yield packed  # type: ignore[misc]
    else:
        with file.open("rb") as plain:
            yield plain
