"""The decision log as the serving process sees it: hand decisions over, get receipts once they are kept.

What is accepted waits in a bounded buffer; a writer thread salts, hashes and appends whole batches to
write-ahead segments, and only then are receipts given. Policy: an acknowledged decision survives the death
of the process (kill -9); a power cut can cost what was accepted in the last `fsync_s` seconds. When the
buffer is full or the disk refuses, the decision is refused with an error, never dropped after a receipt.
Labels are none of its business (`labels.append_labels`).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from tribune.decisions.anchor import log_folder
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.receipt_key import ReceiptKey
from tribune.decisions.receipts import Receipt, SignedBatch
from tribune.decisions.records import MAX_BODY, Record, Row, row_of, salted
from tribune.decisions.slots import Slot
from tribune.decisions.wal import SUFFIX, Segment, encode
from tribune.exceptions import ConfigurationError, DataError, LogUnavailableError
from tribune.ids import FrameIndex, ModelId, VersionNumber

_BATCH, _BATCH_BYTES = 1024, 2**22  # decisions and bytes of bodies a write, about
_CAPACITY_BYTES = 2**28  # of bodies that may wait in memory
_OPEN_SEGMENTS = 4  # the current frame, its neighbours and the late ones


_Answer = Receipt | list[Receipt] | LogUnavailableError


class _Waiting(NamedTuple):
    rows: Sequence[Row]
    size: int
    asker: Future[Any] | asyncio.Future[Any]
    alone: bool  # whether the asker wants one receipt, not a list


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
        receipt_key: signs the receipts; None leaves them unsigned.
        max_body: bytes that one decision's body may have.

    Raises:
        ConfigurationError: the receipt key is certified for another model.
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
        receipt_key: ReceiptKey | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        if receipt_key is not None and receipt_key.certificate.model_id != model_id:
            raise ConfigurationError(
                f"The receipt key is certified for model {receipt_key.certificate.model_id}, not {model_id}."
            )
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
        self._receipt_key = receipt_key
        self._max_body = max_body
        self._lock = threading.Lock()
        self._buffer: SimpleQueue[_Waiting | None] = SimpleQueue()  # None is the last
        self._waiting = self._waiting_bytes = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._segments: dict[Path, Segment] = {}
        self._unsynced: set[Path] = set()
        self._writer = ""
        self._serial = 0

    def accept(self, decision: Decision) -> Future[Receipt]:
        """Take a decision; the future gives its receipt once it is kept. Never waits for the disk.

        Raises:
            DataError: for a decision that is not of this log's columns.
            LogUnavailableError: when the buffer is full or the log closed; the decision is not kept.
        """
        future: Future[Receipt] = Future()
        self._take([decision], future, alone=True)
        return future

    def accept_many(self, decisions: Sequence[Decision]) -> Future[list[Receipt]]:
        """Take decisions; the future gives their receipts once all are kept (see `accept`).

        All are refused or none. An error of the future means that no decision of some frame could be kept:
        none at all, where all are of one frame.

        Raises:
            DataError: also for more decisions than the buffer can hold.
        """
        future: Future[list[Receipt]] = Future()
        self._take(decisions, future)
        return future

    async def record(self, decision: Decision) -> Receipt:
        """Take a decision and wait, without blocking the event loop, until it is kept (see `accept`)."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._take([decision], future, alone=True)
        return await future

    async def record_many(self, decisions: Sequence[Decision]) -> list[Receipt]:
        """Take decisions and wait, without blocking the event loop, until they are kept (`accept_many`)."""
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        self._take(decisions, future)
        return await future

    def close(self) -> None:
        """Write what waits, wait for the device, and take no more."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._buffer.put(None)
        if self._thread is not None:
            self._thread.join()

    def _take(
        self,
        decisions: Sequence[Decision],
        asker: Future[Any] | asyncio.Future[Any],
        *,
        alone: bool = False,
    ) -> None:
        schema = self.schema
        rows = [row_of(schema, decision, max_body=self._max_body) for decision in decisions]
        size = sum(len(row.body) for row in rows)
        if len(rows) > self._capacity or size > _CAPACITY_BYTES:
            raise DataError(f"The decision log takes at most {self._capacity} decisions at once.")
        with self._lock:
            if self._closing:
                raise LogUnavailableError("The decision log is closed.")
            if self._waiting + len(rows) > self._capacity or self._waiting_bytes + size > _CAPACITY_BYTES:
                raise LogUnavailableError(
                    f"The decision log is {self._waiting} decisions behind its disk.",
                    mend="Check the disk; the decision was not recorded.",
                )
            if self._thread is None:
                # Named here, not on creation: a server may fork its workers in between.
                self._writer = f"{os.getpid()}-{secrets.token_hex(6)}"
                self._thread = threading.Thread(target=self._write, name="decision-log", daemon=True)
                self._thread.start()
            self._waiting += len(rows)
            self._waiting_bytes += size
            self._buffer.put(_Waiting(rows, size, asker, alone))

    def _write(self) -> None:
        last_sync = time.monotonic()
        finished = False
        while not finished:
            due_s = last_sync + self._fsync_s - time.monotonic()
            batch, finished = self._gather(max(0.0, due_s) if self._unsynced else None)
            self._keep(batch)
            if finished or time.monotonic() - last_sync >= self._fsync_s:
                for folder in list(self._unsynced):
                    self._sync(folder)
                last_sync = time.monotonic()
        for segment in self._segments.values():
            segment.close()

    def _gather(self, timeout_s: float | None) -> tuple[list[_Waiting], bool]:
        """Return what waits, some `_BATCH` decisions at most, and whether it is the last."""
        batch: list[_Waiting] = []
        count = size = 0
        try:
            found = self._buffer.get(timeout=timeout_s)
            while found is not None:
                batch.append(found)
                count += len(found.rows)
                size += found.size
                if count >= _BATCH or size >= _BATCH_BYTES:
                    break
                found = self._buffer.get_nowait()
        except Empty:
            pass
        else:
            if found is None:
                return batch, True
        finally:
            with self._lock:
                self._waiting -= count
                self._waiting_bytes -= size
        return batch, False

    def _keep(self, batch: list[_Waiting]) -> None:
        """Append a batch, then tell those who asked."""
        rows = [row for waiting in batch for row in waiting.rows]
        records, digests = salted(self.model_id, self.version, rows)
        frames = self._frames(records)
        by_frame: dict[FrameIndex | None, list[Record]] = {}
        for record, frame in zip(records, frames, strict=True):
            by_frame.setdefault(frame, []).append(record)
        kept: dict[FrameIndex | None, FrameIndex | None] = {}
        faults: dict[FrameIndex | None, str] = {}
        for frame, members in by_frame.items():
            try:
                kept[frame] = self._append(frame, members)
            except OSError as fault:
                faults[frame] = f"The decision log cannot be written: {fault.strerror}."
                continue
            self.accepted += len(members)
            self.late += len(members) if kept[frame] is None else 0
        signed = self._signed(records)
        receipts = [
            # What is signed is owed: one that no frame takes is told without a signature.
            Receipt(self.model_id, self.version, id, time, frame, leaf, digest, signed if frame else None, i)
            for i, ((id, time, _, leaf, _), frame, digest) in enumerate(
                zip(records, map(kept.get, frames), digests, strict=True)
            )
        ]
        answers: list[_Answer] = []
        end = 0
        for waiting in batch:
            start, end = end, end + len(waiting.rows)
            lost = next((faults[frame] for frame in frames[start:end] if frame in faults), None)
            if lost is not None:
                answers.append(LogUnavailableError(lost))
            else:
                answers.append(receipts[start] if waiting.alone else receipts[start:end])
        _tell(zip((waiting.asker for waiting in batch), answers, strict=True))

    def _signed(self, records: list[Record]) -> SignedBatch | None:
        """Return the receipt key's signature over records that were kept together."""
        if self._receipt_key is None or not records:
            return None
        tree = MerkleTree([record.leaf for record in records])
        signature = self._receipt_key.sign(self.version, tree.root)
        if signature is None:
            return None
        return SignedBatch(self._receipt_key.certificate, signature, tree.proof)

    def _frames(self, records: list[Record]) -> list[FrameIndex | None]:
        """Return the frame of each record."""
        frame_of = self.grid.frame_of
        times = [record.time for record in records]
        if times and (frame := frame_of(min(times))) is not None and frame == frame_of(max(times)):
            return [frame] * len(times)  # a frame has no holes
        return [frame_of(time) for time in times]

    def _append(self, frame: FrameIndex | None, members: list[Record]) -> FrameIndex | None:
        lines = [encode(record) for record in members]
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


def _tell(answers: Iterable[tuple[Future[Any] | asyncio.Future[Any], _Answer]]) -> None:
    """Give each asker its answer; askers of one event loop are woken at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Answer]]] = {}
    for asker, answer in answers:
        if isinstance(asker, asyncio.Future):
            by_loop.setdefault(asker.get_loop(), []).append((asker, answer))
        elif asker.set_running_or_notify_cancel():
            _resolve(asker, answer)
    for loop, askers in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve_all, askers)


def _resolve_all(askers: list[tuple[asyncio.Future[Any], _Answer]]) -> None:
    for asker, answer in askers:
        if not asker.done():  # they may have gone away
            _resolve(asker, answer)


def _resolve(asker: Future[Any] | asyncio.Future[Any], answer: _Answer) -> None:
    if isinstance(answer, LogUnavailableError):
        asker.set_exception(answer)
    else:
        asker.set_result(answer)
