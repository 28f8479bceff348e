"""Compares what is served with what is registered: the digest of a file or folder, again and again.

A file's digest is its sha-256, a folder's the word that `tribune manifest` gives. It is taken anew when a
file has changed (size, times, inode), not otherwise, so that a model of many gigabytes is read once. Warns of
formats that run code when they are opened. It sees the disk only, not what a process has loaded before.
"""

from __future__ import annotations

import asyncio
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

from tribune.exceptions import DataError
from tribune.log import get_logger
from tribune.reports.dataset import artifact_digest

_RUNS_CODE = {
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".dill": "dill",
    ".joblib": "joblib",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
    ".h5": "Keras",
    ".hdf5": "Keras",
    ".keras": "Keras",
    ".mar": "TorchServe",
}
_PICKLE_STARTS = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))
_Marks = tuple[tuple[str, int, int, int, int], ...]


class ArtifactCheck:
    """The digest of a model on disk, kept current.

    Args:
        path: file or folder of the model.
        every_s: pause between two looks.
    """

    def __init__(self, path: Path, every_s: float = 300.0) -> None:
        self._path = path
        self._every_s = every_s
        self._lock = threading.Lock()
        self._marks: _Marks | None = None
        self._warned: tuple[str, ...] = ()
        self.digest = b""
        """Of the model as it is on disk; empty while it has not been read or cannot be."""

    async def run(self, changed: Callable[[], None] = lambda: None) -> None:
        """Look until cancelled, and say so when the digest is another."""
        while True:
            before = self.digest
            await asyncio.to_thread(self.look)
            if self.digest != before:
                changed()
            await asyncio.sleep(self._every_s)

    def look(self) -> None:
        """Take the digest if a file has changed; blocks for as long as reading the model takes."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        try:
            marks = _marks(self._path)
            if marks == self._marks:
                return
            self.digest, self._marks = b"", None
            found = artifact_digest(self._path)
            if marks != _marks(self._path):
                raise DataError(f"{self._path} changed while it was read.")
        except (DataError, OSError) as fault:
            self.digest, self._marks = b"", None
            get_logger(__name__).error("artifact cannot be compared", path=str(self._path), error=str(fault))
            return
        self.digest, self._marks = found, marks
        get_logger(__name__).info("artifact read", path=str(self._path), digest=f"0x{found.hex()}")
        risky = code_formats(self._path)
        if risky != self._warned:
            self._warned = risky
            for one in risky:
                get_logger(__name__).warning("artifact runs code when it is opened", file=one)


def code_formats(path: Path) -> tuple[str, ...]:
    """Return the files, with their format, that can run code when they are opened.

    By name, and by how a pickle begins; a file that hides one otherwise is not found.
    """
    found = []
    for file in _files(path):
        form = _RUNS_CODE.get(file.suffix.lower()) or _pickled(file)
        if form:
            found.append(f"{file.name} ({form})")
    return tuple(found)


def _pickled(file: Path) -> str:
    with file.open("rb") as opened:
        if opened.read(2) in _PICKLE_STARTS:
            return "pickle"
    if not zipfile.is_zipfile(file):
        return ""
    with zipfile.ZipFile(file) as archive:
        return "pickle within" if any(name.endswith(".pkl") for name in archive.namelist()) else ""


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())


def _marks(path: Path) -> _Marks:
    """Return what cannot stay the same when a file is written: its change time is not for anybody to set."""
    return tuple(
        (str(file), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
        for file in _files(path)
        for state in (file.stat(),)
    )
