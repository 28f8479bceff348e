"""Slots: the folder in which the decisions of one step of the grid wait, and the door that a seal closes.

A writer adds to a slot only while it holds the door open, a seal closes it for good; between processes, by a
lock on a file. So a decision is either in its frame or late, never half in.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tribune.decisions.anchor import frame_folder
from tribune.ids import FrameIndex

LATE = "late"
"""Where decisions wait that belong to no frame, beside the slots."""
_CLOSED = "closed"


class Slot:
    """The waiting room of frame `frame` (or, where frames slide, of its last step)."""

    def __init__(self, folder: Path, frame: FrameIndex) -> None:
        self.frame = frame
        self.folder = folder / "wal" / str(frame)
        # A writer comes by with every batch: as text, these are not put together each time.
        self._lock = str(self.folder / "lock")
        self._ends = (str(self.folder / _CLOSED), str(frame_folder(folder, frame)))

    @property
    def sealed(self) -> bool:
        """Whether its frame is sealed."""
        return os.path.exists(self._ends[1])  # noqa: PTH110 - text, see above

    @property
    def closed(self) -> bool:
        """Whether a seal closed it: what comes now belongs to no frame."""
        return any(map(os.path.exists, self._ends))

    @contextmanager
    def held_open(self) -> Iterator[bool]:
        """Yield whether the slot is open; while the block runs, no seal can close it."""
        with self._locked(fcntl.LOCK_SH):
            yield not self.closed

    def close(self) -> None:
        """Close the slot for good; return once no writer is inside any more."""
        with self._locked(fcntl.LOCK_EX):
            (self.folder / _CLOSED).touch()
            sync_folder(self.folder)

    def pass_through(self) -> None:
        """Return once every writer has left who was inside when this was called."""
        with self._locked(fcntl.LOCK_EX):
            pass

    def segments(self) -> list[Path]:
        """Return the write-ahead segments in it, in a fixed order."""
        return sorted(self.folder.glob("*.wal"))

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        try:
            fd = os.open(self._lock, os.O_WRONLY | os.O_CREAT, 0o666)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(self._lock, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(fd, kind)  # released by closing the file, also when the process is killed
            yield
        finally:
            os.close(fd)


def slots_of(folder: Path) -> Iterator[Slot]:
    """Yield the slots of a log whose frames are not sealed, in order."""
    names = (path.name for path in (folder / "wal").glob("*") if path.name.isdecimal())
    for frame in sorted(FrameIndex(int(name)) for name in names):
        slot = Slot(folder, frame)
        if not slot.sealed:
            yield slot


def sync_folder(folder: Path) -> None:
    """Wait until the device knows the names in a folder."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
