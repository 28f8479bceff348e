"""The decision log as the serving process sees it: hand a decision over, get a receipt once it is kept.

`accept` puts the decision into a bounded buffer and returns at once; a writer thread appends whole batches to
write-ahead segments, and only then is the receipt given. Policy: an acknowledged decision survives the
death of the process (kill -9); a power cut can cost what was accepted in the last `fsync_s` seconds. When
the buffer is full or the disk refuses, the decision is refused with an error, never dropped after a receipt.
Labels are none of its business (`labels.append_labels`).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tribune.decisions.anchor import log_folder
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import (
    SALT_BYTES,
    Decision,
    LogSchema,
    body_digest,
    check_id,
    decision_leaf,
)
from tribune.decisions.slots import Slot
from tribune.decisions.wal import SUFFIX, Record, Segment, encode
from tribune.exceptions import DataError, LogUnavailableError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber

_BATCH = 1024  # decisions a write
_OPEN_SEGMENTS = 4  # the current frame, its neighbours and the late ones


@dataclass(frozen=True)
class Receipt:
    """What the asker gets for a decision: enough to hold the operator to it.

    `frame` is None for a decision that came too late for its frame, or lies outside the grid.
    """

    id: str
    time: int
    frame: FrameIndex | None
    leaf: Digest

    def header(self) -> str:
        """Return the receipt as a structured field (RFC 9651); the id is percent-encoded."""
        return f'"{quote(self.id)}";time={self.time};leaf="0x{self.leaf.hex()}"'


@dataclass(frozen=True)
class _Waiting:
    record: Record
    future: Future[Receipt]


class DecisionLog:
    """Writer of one model version's log; any number of processes may write side by side.

    Args:
        root: the log folder; this writes below `<root>/<model>/<version>/wal`.
        schema: the columns.
        grid: which frame a time belongs to.
        model_id: the model.
        version: its version, as served.
        capacity: decisions that may wait in memory for the writer thread.
        fsync_s: seconds between two waits for the device; 0 waits after every batch.
    """

    def __init__(
        self,
        root: Path,
        schema: LogSchema,
        grid: FrameGrid,
        *,
        model_id: ModelId,
        version: VersionNumber,
        capacity: int = 65_536,
        fsync_s: float = 1.0,
    ) -> None:
        self.folder = log_folder(root, model_id, version)
        self.schema = schema
        self.grid = grid
        self.model_id = model_id
        self.version = version
        self.accepted = 0
        self.late = 0
        self.failed_syncs = 0
        self._capacity = capacity
        self._fsync_s = fsync_s
        self._buffer: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._segments: dict[Path, Segment] = {}
        self._unsynced: set[Path] = set()
        self._writer = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._serial = 0

    def accept(self, decision: Decision) -> Future[Receipt]:
        """Take a decision; the future gives its receipt once it is kept. Never waits for the disk.

        Raises:
            DataError: for a decision that is not of this log's columns.
            LogUnavailableError: when the buffer is full or the log closed; the decision is not kept.
        """
        if type(decision.time) is not int or not 0 <= decision.time < 2**63:
            raise DataError("A decision's time is in UTC microseconds, as an integer.", id=decision.id)
        body = self.schema.body(decision)
        salt = secrets.token_bytes(SALT_BYTES)
        digest = body_digest(salt, body)
        leaf = decision_leaf(self.model_id, self.version, check_id(decision.id), decision.time, digest)
        waiting = _Waiting(Record(decision.id, decision.time, salt, leaf, body), Future())
        with self._wake:
            if self._closing:
                raise LogUnavailableError("The decision log is closed.")
            if len(self._buffer) >= self._capacity:
                raise LogUnavailableError(
                    f"The decision log is {self._capacity} decisions behind its disk.",
                    mend="Check the disk; the decision was not recorded.",
                )
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="decision-log", daemon=True)
                self._thread.start()
            self._buffer.append(waiting)
            self._wake.notify()
        return waiting.future

    async def record(self, decision: Decision) -> Receipt:
        """Take a decision and wait, without blocking the event loop, until it is kept (see `accept`)."""
        return await asyncio.wrap_future(self.accept(decision))

    def close(self) -> None:
        """Write what waits, wait for the device, and take no more."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _write(self) -> None:
        last_sync = time.monotonic()
        while True:
            with self._wake:
                if not self._buffer and not self._closing:
                    due_s = last_sync + self._fsync_s - time.monotonic()
                    self._wake.wait(max(0.0, due_s) if self._unsynced else None)
                batch = [self._buffer.popleft() for _ in range(min(_BATCH, len(self._buffer)))]
                finished = self._closing and not batch
            self._keep(batch)
            if finished or time.monotonic() - last_sync >= self._fsync_s:
                for folder in list(self._unsynced):
                    self._sync(folder)
                last_sync = time.monotonic()
            if finished:
                for segment in self._segments.values():
                    segment.close()
                return

    def _keep(self, batch: list[_Waiting]) -> None:
        by_frame: dict[FrameIndex | None, list[_Waiting]] = {}
        for waiting in batch:
            by_frame.setdefault(self.grid.frame_of(waiting.record.time), []).append(waiting)
        for frame, members in by_frame.items():
            try:
                frame_or_late = self._append(frame, members)
            except OSError as fault:
                for waiting in members:
                    if waiting.future.set_running_or_notify_cancel():
                        waiting.future.set_exception(
                            LogUnavailableError(f"The decision log cannot be written: {fault.strerror}.")
                        )
                continue
            self.accepted += len(members)
            self.late += len(members) if frame_or_late is None else 0
            for waiting in members:
                if waiting.future.set_running_or_notify_cancel():
                    record = waiting.record
                    waiting.future.set_result(Receipt(record.id, record.time, frame_or_late, record.leaf))

    def _append(self, frame: FrameIndex | None, members: list[_Waiting]) -> FrameIndex | None:
        lines = [encode(waiting.record) for waiting in members]
        if frame is not None:
            slot = Slot(self.folder, frame)
            with slot.held_open() as is_open:
                if is_open:
                    self._append_to(slot.folder, lines)
                    return frame
        self._append_to(self.folder / "wal" / "late", lines)
        return None

    def _append_to(self, folder: Path, lines: list[bytes]) -> None:
        if folder not in self._segments:
            while len(self._segments) >= _OPEN_SEGMENTS:
                oldest = next(iter(self._segments))
                self._sync(oldest)
                self._abandon(oldest)
            self._serial += 1
            path = folder / f"{self._writer}-{self._serial}{SUFFIX}"
            self._segments[folder] = Segment(path, self.schema)
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
