"""The decision log as the serving process sees it: hand decisions over, get receipts once they are kept.

What is accepted is salted and hashed and waits in a bounded buffer; a writer thread appends whole batches to
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
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from tribune.decisions.anchor import log_folder
from tribune.decisions.grid import Frames
from tribune.decisions.leaf import Decision, LogSchema
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.proofs.receipt_key import ReceiptKey
from tribune.decisions.proofs.receipts import Receipt, SignedBatch
from tribune.decisions.records import MAX_BODY, Record, Row, row_of, salted
from tribune.decisions.waiting.appending import Appender, Kept
from tribune.decisions.waiting.wal import encode
from tribune.exceptions import ConfigurationError, DataError, LogUnavailableError
from tribune.ids import Digest, ModelId, VersionNumber
from tribune.log import get_logger

_BATCH, _BATCH_BYTES = 1024, 2**22  # decisions and bytes of bodies a write, about
_CAPACITY_BYTES = 2**28  # of bodies that may wait in memory


class _Waiting(NamedTuple):
    rows: Sequence[Row]
    size: int
    asker: Future[Any] | asyncio.Future[Any]
    alone: bool  # whether the asker wants one receipt, not a list


class _Batch(NamedTuple):
    """What came together: from one turn of an event loop, or in one call from a thread."""

    loop: asyncio.AbstractEventLoop | None
    waiting: list[_Waiting]
    records: list[Record]
    digests: list[Digest]
    lines: list[bytes]
    signed: SignedBatch | None


class DecisionLog:
    """Writer of one model version's log; any number of processes may write side by side.

    Args:
        root: the log folder; this writes below `<root>/<model>/<version>/wal`.
        schema: the columns.
        grid: which frame a time belongs to, until the sealer tells of others (see `appending`).
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
        grid: Frames,
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
        self._buffer: SimpleQueue[_Batch | None] = SimpleQueue()  # None is the last
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        """What came since an event loop handed the last batch over: there is an entry until that is kept, so
        that what comes meanwhile goes together."""
        self._waiting = self._waiting_bytes = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def accept(self, decision: Decision) -> Future[Receipt]:
        """Take a decision; the future gives its receipt once it is kept. Never waits for the disk.

        Raises:
            DataError: for a decision that is not of this log's columns.
            LogUnavailableError: when the buffer is full or the log closed; the decision is not kept.
        """
        future: Future[Receipt] = Future()
        row = row_of(self.schema, decision, max_body=self._max_body)
        self._take((row,), len(row.body), future, alone=True)
        return future

    def accept_many(self, decisions: Sequence[Decision]) -> Future[list[Receipt]]:
        """Take decisions; the future gives their receipts once all are kept (see `accept`).

        All are refused or none. An error of the future means that no decision of some frame could be kept:
        none at all, where all are of one frame.

        Raises:
            DataError: also for more decisions than the buffer can hold.
        """
        future: Future[list[Receipt]] = Future()
        self._take(*self._rows(decisions), future)
        return future

    async def record(self, decision: Decision) -> Receipt:
        """Take a decision and wait, without blocking the event loop, until it is kept (see `accept`)."""
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        row = row_of(self.schema, decision, max_body=self._max_body)
        self._take((row,), len(row.body), future, alone=True)
        return await future

    async def record_many(self, decisions: Sequence[Decision]) -> list[Receipt]:
        """Take decisions and wait, without blocking the event loop, until they are kept (`accept_many`)."""
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        self._take(*self._rows(decisions), future)
        return await future

    def close(self) -> None:
        """Write what waits, wait for the device, and take no more."""
        with self._lock:
            if not self._closing:
                self._closing = True
                for loop in list(self._gathered):
                    self._empty(loop)
                self._buffer.put(None)
        if self._thread is not None:
            self._thread.join()

    def _rows(self, decisions: Sequence[Decision]) -> tuple[Sequence[Row], int]:
        rows = [row_of(self.schema, decision, max_body=self._max_body) for decision in decisions]
        return rows, sum(len(row.body) for row in rows)

    def _take(
        self,
        rows: Sequence[Row],
        size: int,
        asker: Future[Any] | asyncio.Future[Any],
        *,
        alone: bool = False,
    ) -> None:
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
                # Here, not on creation: a server may fork its workers in between.
                self._thread = threading.Thread(target=self._write, name="decision-log", daemon=True)
                self._thread.start()
            self._waiting += len(rows)
            self._waiting_bytes += size
            waiting = _Waiting(rows, size, asker, alone)
            loop = asker.get_loop() if isinstance(asker, asyncio.Future) else None
            if loop is None or not alone:  # nobody to gather with, or many already
                self._buffer.put(self._batch(loop, [waiting]))
            elif loop not in self._gathered:
                self._gathered[loop] = [waiting]
                loop.call_soon(self._hand_over, loop)
            else:
                self._gathered[loop].append(waiting)
                if len(self._gathered[loop]) == _BATCH:
                    self._empty(loop)
                    self._gathered[loop] = []

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over what a loop gathered: a turn after the first came, then whenever a batch was kept."""
        waiting = self._gathered.get(loop)
        batch = self._batch(loop, waiting) if waiting else None
        with self._lock:
            if batch is None:
                self._gathered.pop(loop, None)
            elif loop in self._gathered:  # else `close` was faster
                self._gathered[loop] = []
                self._buffer.put(batch)

    def _empty(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over what a loop gathered, for the last time; under the lock."""
        if waiting := self._gathered.pop(loop, None):
            self._buffer.put(self._batch(loop, waiting))

    def _batch(self, loop: asyncio.AbstractEventLoop | None, waiting: list[_Waiting]) -> _Batch:
        """Salt, hash, encode and sign here: what two threads work on goes to and fro between two processors.

        A signature that is never told, as its batch could not be kept, obliges nobody.
        """
        rows = [row for one in waiting for row in one.rows]
        records, digests = salted(self.model_id, self.version, rows)
        lines = [encode(record) for record in records]
        signed = self._signed([record.leaf for record in records])
        return _Batch(loop, waiting, records, digests, lines, signed)

    def _write(self) -> None:
        appender = Appender(self.folder, self.schema, self.grid, f"{os.getpid()}-{secrets.token_hex(6)}")
        syncs_at = time.monotonic() + self._fsync_s
        finished = False
        while not finished:
            due = [] if appender.leaves_at is None else [appender.leaves_at]
            if not appender.is_synced:
                due.append(syncs_at)
            batches, finished = self._gather(max(0.0, min(due) - time.monotonic()) if due else None)
            if batches:
                self._keep(appender, batches)
            now = time.monotonic()
            if appender.leaves_at is not None and now >= appender.leaves_at:
                appender.leave()
            if finished or now >= syncs_at:
                appender.sync()
                self.failed_syncs = appender.failed_syncs
                syncs_at = time.monotonic() + self._fsync_s
        appender.close()

    def _gather(self, timeout_s: float | None) -> tuple[list[_Batch], bool]:
        """Return what waits, some `_BATCH` decisions at most, and whether it is the last."""
        batches: list[_Batch] = []
        count = size = 0
        try:
            found = self._buffer.get(timeout=timeout_s)
            while found is not None:
                batches.append(found)
                count += len(found.records)
                size += sum(waiting.size for waiting in found.waiting)
                if count >= _BATCH or size >= _BATCH_BYTES:
                    break
                found = self._buffer.get_nowait()
        except Empty:
            pass
        else:
            if found is None:
                return batches, True
        finally:
            with self._lock:
                self._waiting -= count
                self._waiting_bytes -= size
        return batches, False

    def _keep(self, appender: Appender, batches: list[_Batch]) -> None:
        """Append batches, then tell those who asked."""
        times = [record.time for batch in batches for record in batch.records]
        try:
            kept = appender.append(times, [line for batch in batches for line in batch.lines])
        except Exception as fault:  # of the program: whoever asks must not wait for ever
            get_logger(__name__).exception("decisions not kept")
            kept = [Kept(None, f"The decision log broke ({type(fault).__name__}).")] * len(times)
        self.accepted += sum(not one.fault for one in kept)
        self.late += sum(not one.fault and one.frame is None for one in kept)
        place = 0
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Batch, list[Kept]]]] = {}
        for batch in batches:
            its = kept[place : place + len(batch.records)]
            if batch.loop is None:
                self._tell(batch, its)
            else:
                by_loop.setdefault(batch.loop, []).append((batch, its))
            place += len(batch.records)
        for loop, told in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._tell_all, loop, told)
            except RuntimeError:  # the loop is closed: nobody waits any more
                with self._lock:
                    self._empty(loop)

    def _tell_all(self, loop: asyncio.AbstractEventLoop, told: list[tuple[_Batch, list[Kept]]]) -> None:
        self._hand_over(loop)
        for batch, kept in told:
            self._tell(batch, kept)

    def _tell(self, batch: _Batch, kept: list[Kept]) -> None:
        """Give each asker of a batch its receipts, or the error."""
        model_id, version, signed = self.model_id, self.version, batch.signed
        receipts = [
            # What is signed is owed: one that no frame takes is told without a signature.
            Receipt(model_id, version, id, time, frame, leaf, digest, signed if frame else None, i)
            for i, ((id, time, _, leaf, _), (frame, _), digest) in enumerate(
                zip(batch.records, kept, batch.digests, strict=True)
            )
        ]
        end = 0
        for rows, _, asker, alone in batch.waiting:
            start, end = end, end + len(rows)
            if isinstance(asker, asyncio.Future):
                gone = asker.done()
            else:
                gone = not asker.set_running_or_notify_cancel()
            if gone:
                continue
            fault = (
                kept[start].fault if alone else next((one.fault for one in kept[start:end] if one.fault), "")
            )
            if fault:
                asker.set_exception(LogUnavailableError(fault))
            else:
                asker.set_result(receipts[start] if alone else receipts[start:end])

    def _signed(self, leaves: list[Digest]) -> SignedBatch | None:
        """Return the receipt key's signature over leaves that were kept together."""
        if self._receipt_key is None or not leaves:
            return None
        tree = MerkleTree(leaves)
        try:
            signature = self._receipt_key.sign(self.version, tree.root)
        except (
            Exception
        ):  # of the library that signs: decisions are kept all the same, and nobody waits for ever
            get_logger(__name__).exception("receipts are unsigned: the receipt key failed")
            return None
        if signature is None:
            return None
        return SignedBatch(self._receipt_key.certificate, signature, tree.proof)
