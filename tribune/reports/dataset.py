"""The digest of a set of files: what a model was trained or evaluated on, in one word.

Files in the order of their paths' UTF-8 bytes, each with its sha-256, its bytes and, for Parquet, its rows;
the digest is the sha-256 of that list in canonical JSON. Equal on every machine, whatever the folder's name.
Refuses a folder without files, and links out of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tribune.exceptions import DataError
from tribune.ids import Digest
from tribune.reports.canonical import canonical_bytes, digest

SCHEMA = "tribune/dataset/1"


@dataclass(frozen=True)
class DataFile:
    """A file: its path below the folder with forward slashes, sha-256, bytes, rows if it is Parquet."""

    path: str
    sha256: Digest
    size: int
    rows: int | None


@dataclass(frozen=True)
class Dataset:
    """Files of a set, in order."""

    files: tuple[DataFile, ...]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The list, as a document."""
        return {
            "schema": SCHEMA,
            "files": [
                {"path": file.path, "sha256": file.sha256.hex(), "bytes": file.size, "rows": file.rows}
                for file in self.files
            ],
        }

    @cached_property
    def digest(self) -> Digest:
        """The word for all of it."""
        return digest(canonical_bytes(self.document))


def describe_files(folder: Path) -> Dataset:
    """Return the set of all files below a folder (or of one file); names that begin with a dot are left out.

    Raises:
        DataError: there is no file, one cannot be read, or a link leads out of the folder.
    """
    if folder.is_file():
        return Dataset((_describe(folder, folder.name),))
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.", mend="Check the path.")
    top = folder.resolve()
    named = {}
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in relative.parts):
            continue
        if not path.resolve().is_relative_to(top):
            raise DataError(f"{relative} is a link out of the folder.", mend="Copy the file itself into it.")
        named[relative.as_posix()] = path
    if not named:
        raise DataError(f"The folder {folder} holds no file.", mend="Give the folder of the data.")
    return Dataset(tuple(_describe(named[name], name) for name in sorted(named, key=str.encode)))


def artifact_digest(path: Path) -> Digest:
    """Return the digest by which a version's artifact is registered.

    Raises:
        DataError: there is nothing there, or it cannot be read.
    """
    if not path.is_file():
        return describe_files(path).digest
    try:
        with path.open("rb") as file:
            return Digest(hashlib.file_digest(file, "sha256").digest())
    except OSError as fault:
        raise DataError(f"{path} cannot be read: {fault.strerror}.", mend="Check its permissions.") from fault


def _describe(path: Path, name: str) -> DataFile:
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").digest()
        return DataFile(name, Digest(sha256), path.stat().st_size, _rows(path))
    except OSError as fault:
        raise DataError(f"{name} cannot be read: {fault.strerror}.", mend="Check its permissions.") from fault


def _rows(path: Path) -> int | None:
    """Return the rows of a Parquet file; None for any other, and for one that only has its name."""
    if path.suffix.lower() not in (".parquet", ".pq"):
        return None
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ModuleNotFoundError:
        raise DataError(
            f"{path.name} is Parquet, whose rows are counted with pyarrow, which is not installed.",
            mend="pip install pyarrow",
        ) from None
    try:
        rows: int = parquet.read_metadata(path).num_rows
    except pyarrow.ArrowException:
        return None
    return rows
