"""Slots: the folder in which the decisions of one step of the grid wait, and the door that a seal closes.

A writer adds to a slot only while it holds the door open, a seal closes it for good; between processes, by a
lock on a file. So a decision is either in its frame or late, never half in. Writers may hold on for a while,
and one after the other: so whoever wants all of them out takes a second lock first, past which none comes.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tribune.decisions.anchor import frame_folder
from tribune.decisions.waiting.wal import holds_records
from tribune.ids import FrameIndex

LATE = "late"
"""Where decisions wait that belong to no frame, beside the slots."""
_CLOSED = "closed"


class Slot:
    """The waiting room of frame `frame` (or, where frames slide, of its last step)."""

    def __init__(self, folder: Path, frame: FrameIndex) -> None:
        self.frame = frame
        self.folder = folder / "wal" / str(frame)
        # A writer comes by often: as text, these are not put together each time.
        self._door, self._turn = str(self.folder / "lock"), str(self.folder / "turn")
        self._ends = (str(self.folder / _CLOSED), str(frame_folder(folder, frame)))

    @property
    def sealed(self) -> bool:
        """Whether its frame is sealed."""
        return os.path.exists(self._ends[1])  # noqa: PTH110 - text, see above

    @property
    def closed(self) -> bool:
        """Whether a seal closed it: what comes now belongs to no frame."""
        return any(map(os.path.exists, self._ends))

    def hold_open(self) -> Hold | None:
        """Return a hold on the door, behind any seal that waits for it; None where the slot is closed.

        Raises:
            OSError: the folder cannot be written to.
        """
        with _locked(self._turn, fcntl.LOCK_SH):
            fd = _open_lock(self._door)
            try:
                fcntl.flock(fd, fcntl.LOCK_SH)
            except OSError:
                os.close(fd)
                raise
        hold = Hold(self, fd)
        if self.closed:
            hold.let_go()
            return None
        return hold

    def close(self) -> None:
        """Close the slot for good; return once no writer is inside any more."""
        with self._alone():
            (self.folder / _CLOSED).touch()
            sync_folder(self.folder)

    def pass_through(self) -> None:
        """Return once every writer has left who was inside when this was called."""
        with self._alone():
            pass

    def segments(self) -> list[Path]:
        """Return the write-ahead segments in it, in a fixed order."""
        return sorted(self.folder.glob("*.wal"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with _locked(self._turn, fcntl.LOCK_EX), _locked(self._door, fcntl.LOCK_EX):
            yield


@contextmanager
def _locked(path: str, kind: int) -> Iterator[None]:
    fd = _open_lock(path)
    try:
        fcntl.flock(fd, kind)  # released by closing the file, also when the process is killed
        yield
    finally:
        os.close(fd)


def _open_lock(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - text, see `Slot`
        return os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)


class Hold:
    """A slot's door, held open by a writer: no seal closes it before `let_go`."""

    def __init__(self, slot: Slot, fd: int) -> None:
        self.slot = slot
        self._fd = fd

    def let_go(self) -> None:
        """Hold it no more."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)  # closing alone would not do where a forked process has it too
        os.close(self._fd)


def slots_of(folder: Path) -> Iterator[Slot]:
    """Yield the slots of a log whose frames are not sealed, in order."""
    names = (path.name for path in (folder / "wal").glob("*") if path.name.isdecimal())
    for frame in sorted(FrameIndex(int(name)) for name in names):
        slot = Slot(folder, frame)
        if not slot.sealed:
            yield slot


def waiting_frames(folder: Path) -> list[FrameIndex]:
    """Return the frames of a log, oldest first, in which decisions wait that nobody has sealed.

    Raises:
        EvidenceError: for a segment that cannot be read.
    """
    return [slot.frame for slot in slots_of(folder) if any(map(holds_records, slot.segments()))]


def sync_folder(folder: Path) -> None:
    """Wait until the device knows the names in a folder."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
