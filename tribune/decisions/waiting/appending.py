"""Appending records where they belong: the hands of a log's writer thread.

Keeps a segment open for each slot that is written to, follows the grids that the sealer tells, and finds the
place of each record while it holds the slot's door; it holds on for a while, since taking the door costs more
than the write. What cannot be written is said for each record; what was said to be kept is in a file.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tribune.decisions.grid import Frames
from tribune.decisions.leaf import LogSchema
from tribune.decisions.waiting.gridfile import Stamp, read_grids, stamp_of
from tribune.decisions.waiting.slots import LATE, Hold, Slot
from tribune.decisions.waiting.wal import SUFFIX, Segment
from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex

_OPEN_SEGMENTS = 4  # the current frame, its neighbours and the late ones
_HOLD_S = 0.05  # how long a seal may wait for a writer


class Kept(NamedTuple):
    """What became of a record: the frame in which it is (None: it came too late), or why it is not kept."""

    frame: FrameIndex | None
    fault: str = ""


class Appender:
    """Appends to the log of a model version; for one thread.

    Args:
        folder: of the log.
        schema: its columns.
        grid: which frame a time belongs to, until the sealer has told of grids.
        writer: a name that no other writer ever has.
    """

    def __init__(self, folder: Path, schema: LogSchema, grid: Frames, writer: str) -> None:
        self.failed_syncs = 0
        self._folder = folder
        self._schema = schema
        self._grid = grid
        self._told: Stamp = None
        self._writer = writer
        self._serial = 0
        self._slot: Slot | None = None  # of the last batch
        self._hold: Hold | None = None  # on its door
        self._held_until = 0.0
        self._segments: dict[Path, Segment] = {}
        self._unsynced: set[Path] = set()

    @property
    def is_synced(self) -> bool:
        """Whether the device has everything."""
        return not self._unsynced

    @property
    def leaves_at(self) -> float | None:
        """When, in monotonic seconds, the door that it holds is to be let go; None where it holds none."""
        return None if self._hold is None else self._held_until

    def append(self, times: Sequence[int], lines: Sequence[bytes]) -> list[Kept]:
        """Append encoded records, each of a time, and return, in order, what became of each."""
        kept: list[Kept | None] = [None] * len(times)
        waiting = list(range(len(times)))
        while waiting:
            by_frame: dict[FrameIndex | None, list[int]] = {}
            for i, frame in zip(waiting, self._frames([times[i] for i in waiting]), strict=True):
                by_frame.setdefault(frame, []).append(i)
            for frame, members in by_frame.items():
                found = self._append_to(frame, [lines[i] for i in members])
                if found is None:
                    break  # by now there is another grid: place again what is not kept
                for i in members:
                    kept[i] = found
            waiting = [i for i in waiting if kept[i] is None]
        return [one for one in kept if one is not None]

    def leave(self) -> None:
        """Let go the door that it holds."""
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.let_go()

    def sync(self) -> None:
        """Wait until the device has everything; no seal waits for that."""
        self.leave()
        for folder in list(self._unsynced):
            self._sync(folder)

    def close(self) -> None:
        """Close all files."""
        self.sync()
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()

    def _frames(self, times: list[int]) -> list[FrameIndex | None]:
        frame_of = self._grid.frame_of
        if (frame := frame_of(min(times))) is not None and frame == frame_of(max(times)):
            return [frame] * len(times)  # a step has no holes
        return [frame_of(time) for time in times]

    def _append_to(self, frame: FrameIndex | None, lines: list[bytes]) -> Kept | None:
        """Append records of one frame; None where the sealer has told of other grids since it was found.

        After a fault the door is let go, so that the grids are looked at before anything else is written.
        """
        try:
            hold = self._hold
            if hold is None or hold.slot.frame != frame:
                hold = self._enter(frame)
                if self._learns():
                    self.leave()
                    return None
            self._write(self._folder / "wal" / LATE if hold is None else hold.slot.folder, lines)
        except OSError as fault:
            self.leave()
            return Kept(None, f"The decision log cannot be written: {fault.strerror}.")
        except EvidenceError as fault:
            self.leave()
            return Kept(None, fault.message)
        return Kept(None if hold is None else frame)

    def _enter(self, frame: FrameIndex | None) -> Hold | None:
        """Let go what is held and hold the door of a frame instead, where there is one and it is open."""
        self.leave()
        if frame is None:
            return None
        if self._slot is None or self._slot.frame != frame:
            self._slot = Slot(self._folder, frame)
        self._hold = self._slot.hold_open()
        self._held_until = time.monotonic() + _HOLD_S
        return self._hold

    def _learns(self) -> bool:
        """Take over the grids that the sealer told of; return whether these are others."""
        stamp = stamp_of(self._folder)
        if stamp == self._told:
            return False
        told = read_grids(self._folder)
        self._told = stamp  # of before it was read: a file replaced meanwhile is read again
        if told is None or told == self._grid:
            return False
        self._grid = told
        return True

    def _write(self, folder: Path, lines: list[bytes]) -> None:
        if folder not in self._segments:
            while len(self._segments) >= _OPEN_SEGMENTS:
                oldest = next(iter(self._segments))
                self._sync(oldest)
                self._abandon(oldest)
            self._serial += 1
            path = folder / f"{self._writer}-{self._serial}{SUFFIX}"
            self._segments[folder] = Segment(path, self._schema)
        try:
            self._segments[folder].append(lines)
        except OSError:
            self._abandon(folder)  # never append behind what may be a half line
            raise
        self._unsynced.add(folder)

    def _sync(self, folder: Path) -> None:
        self._unsynced.discard(folder)
        if folder in self._segments:
            try:
                self._segments[folder].sync()
            except OSError:  # the device lost something: count it, and trust this file no further
                self.failed_syncs += 1
                self._abandon(folder)

    def _abandon(self, folder: Path) -> None:
        segment = self._segments.pop(folder, None)
        if segment is not None:
            segment.close()
