"""The form of a backup: a compressed archive of known files, with the sha-256 of each.

Written whole or not at all, for its owner only. Read as if a stranger had brought it: only files that a
backup has, under the names that it gives them, and nothing is used before every digest was checked. The
digests show damage, not a forger: keep a backup where nobody else writes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tribune.exceptions import ConfigurationError, UnreadableError

SCHEMA = "tribune/backup/1"
MANIFEST = "manifest.json"
SETTINGS = "tribune.toml"
_NAMES = re.compile(
    r"manifest\.json|tribune\.toml|deployments/\d{1,20}\.json|stores/(main|monitor-[a-z0-9]{1,32})\.jsonl"
)
MOST_BYTES = 2**32
"""Of one file in a backup: some ten million rows."""


@dataclass(frozen=True)
class Archive:
    """What a backup holds: its files by name, and what it says of itself."""

    files: Mapping[str, bytes]
    facts: Mapping[str, Any]

    def below(self, folder: str) -> dict[str, bytes]:
        """Return the files of a folder, by their names there."""
        start = f"{folder}/"
        return {name.removeprefix(start): data for name, data in self.files.items() if name.startswith(start)}


def write_archive(path: Path, archive: Archive, *, force: bool = False) -> None:
    """Write a backup, readable for its owner only.

    Raises:
        ConfigurationError: the file is there already, or cannot be written.
    """
    if path.exists() and not force:
        raise ConfigurationError(f"{path} is there already.", mend="Give another name, or --force.")
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in archive.files.items()}
    manifest = {**archive.facts, "schema": SCHEMA, "sha256": digests}
    files = {MANIFEST: json.dumps(manifest, indent=1, sort_keys=True).encode(), **archive.files}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with tarfile.open(fileobj=file, mode="w:gz") as tar:
                    for name, data in files.items():
                        entry = tarfile.TarInfo(name)
                        entry.size, entry.mode = len(data), 0o600
                        tar.addfile(entry, io.BytesIO(data))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as fault:
        raise ConfigurationError(
            f"{path} cannot be written: {fault.strerror}.", mend="Check the folder, its rights and its space."
        ) from fault


def read_archive(path: Path) -> Archive:
    """Read a backup whole, and check every digest.

    Raises:
        ConfigurationError: it cannot be read, is damaged, or holds what no backup holds.
    """
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(path, mode="r:gz") as tar:
            for entry in tar:
                if not entry.isfile() or not _NAMES.fullmatch(entry.name) or entry.name in files:
                    _refuse(path, f"it holds {entry.name[:80]!r}, which no backup does")
                content = tar.extractfile(entry) if entry.size <= MOST_BYTES else None
                if content is None:
                    _refuse(path, f"{entry.name} is too large")
                files[entry.name] = content.read()
    except FileNotFoundError:
        raise UnreadableError(f"There is no {path}.", mend="Check the name.") from None
    except (OSError, EOFError, tarfile.TarError, zlib.error) as fault:
        _refuse(path, f"it cannot be read ({type(fault).__name__})")
    try:
        facts = json.loads(files.pop(MANIFEST))
        expected = dict(facts["sha256"])
        known = facts["schema"] == SCHEMA
    except (KeyError, TypeError, ValueError):
        _refuse(path, "it has no manifest")
    if not known:
        _refuse(path, "it is of another form")
    if set(expected) != set(files):
        _refuse(path, "files are missing or were added")
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != expected[name]:
            _refuse(path, f"{name} was changed")
    return Archive(files, facts)


def _refuse(path: Path, why: str) -> NoReturn:
    raise ConfigurationError(
        f"{path} cannot be used as a backup: {why}.", mend="Take another copy of it; nothing was restored."
    )
