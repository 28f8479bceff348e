"""Write-ahead segments: where an accepted decision is until its frame is sealed.

A segment belongs to one writer and one frame and is only ever appended to. Each line carries its own
checksum. A line is accepted once it was written whole; the half line that a killed writer leaves at a
segment's end was never accepted and is dropped, anything else that cannot be read stops the seal: nothing is
lost in silence.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from pathlib import Path

from tribune.decisions.leaf import LogSchema
from tribune.decisions.records import Record
from tribune.exceptions import EvidenceError
from tribune.ids import Digest

SUFFIX = ".wal"


class Segment:
    """One writer's file for one frame, created by its first write.

    Args:
        path: must not exist: no segment is ever opened twice.
        schema: written first, so that whoever seals needs no other source.
    """

    def __init__(self, path: Path, schema: LogSchema) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size = 0
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH)  # until it is closed or its writer dies: see `erasing`
            self._write(schema_line(schema.document()))
        except OSError:
            self.close()
            path.unlink(missing_ok=True)
            raise

    def append(self, records: Sequence[bytes]) -> None:
        """Append encoded records; all of them are in the file on return, none on OSError."""
        self._write(b"".join(records))

    def sync(self) -> None:
        """Wait until the device has everything appended so far."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Close the file; the segment cannot be appended to again."""
        os.close(self._fd)

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, memoryview(data)[written:])
        except OSError:
            os.ftruncate(self._fd, self._size)  # a disk that filled up half-way leaves no half line behind
            raise
        self._size += written


def schema_line(document: Mapping[str, object]) -> bytes:
    """Return the first line of a segment."""
    return _line(json.dumps(document).encode())


def encode(record: Record) -> bytes:
    """Return a record's line in a segment: as JSON id, time, salt and leaf, a tab, then the body."""
    id, time, salt, leaf, body = record
    head = f'[{encode_basestring(id)}, {time}, "{salt.hex()}", "{leaf.hex()}"]\t'
    return _line(head.encode() + body)


def read_segment(path: Path) -> tuple[dict[str, object] | None, list[Record]]:
    """Return the schema document (None where not even that was written) and every accepted record.

    Raises:
        EvidenceError: when it cannot be read, or a line that is not the last half is damaged.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as fault:
        raise EvidenceError(f"{path} cannot be read: {fault.strerror}.", path=str(path)) from fault
    lines.pop()  # what follows the last line break: nothing, or a line that was never accepted
    payloads = []
    for number, line in enumerate(lines, 1):
        payload = line[9:]
        if line[:9] != b"%08x " % zlib.crc32(payload):
            raise EvidenceError(
                f"Line {number} of {path} is damaged, so its frame cannot be sealed whole.",
                mend="Restore the file, or take the line out by hand and say so.",
                path=str(path),
            )
        payloads.append(payload)
    if not payloads:
        return None, []
    return json.loads(payloads[0]), [_record(payload) for payload in payloads[1:]]


def holds_records(path: Path) -> bool:
    """Return whether a segment holds an accepted record (or a damaged one); reads its beginning only.

    Raises:
        EvidenceError: when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            file.readline()  # the schema
            return file.readline().endswith(b"\n")
    except OSError as fault:
        raise EvidenceError(f"{path} cannot be read: {fault.strerror}.", path=str(path)) from fault


def _record(payload: bytes) -> Record:
    head, body = payload.split(b"\t")  # JSON writes a tab inside text as \\t, never as itself
    id_, time, salt, leaf = json.loads(head)
    return Record(id_, time, bytes.fromhex(salt), Digest(bytes.fromhex(leaf)), body)


def _line(payload: bytes) -> bytes:
    return b"%08x %s\n" % (zlib.crc32(payload), payload)
