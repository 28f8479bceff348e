"""What was read of files: their digests and MACs, kept as long as the files do not change.

A window of frames looks at the same sealed files in every report, and counting asks for their digests again.
Believes of a file only what the file system says and nobody can set back; where that may be too coarse to
show a change, reads again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tribune.ids import Digest
from tribune.reports.witness import PartitionReading, read_partition
from tribune_monitors.kept import Kept

_FILES = 2**16
_SETTLED_NS = 2_000_000_000  # file systems tell times to two seconds at worst


class Readings:
    """Reads each file once."""

    def __init__(self) -> None:
        self._readings: Kept[PartitionReading] = Kept(_FILES)
        self._digests: Kept[Digest] = Kept(_FILES)

    def read(self, stream: BinaryIO, keys: Sequence[bytes]) -> PartitionReading:
        """Return what one read of an open file gives; see `read_partition`."""
        state = _state(stream)
        reading = self._readings.get((state, *keys), lambda: read_partition(stream, keys))
        self._digests.get(state, lambda: reading.sha256)
        return reading

    def sha256(self, path: Path) -> Digest:
        """Return a file's digest.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as stream:
            return self._digests.get(_state(stream), lambda: read_partition(stream, ()).sha256)


def _state(stream: BinaryIO) -> tuple[int, ...]:
    """Return what changes whenever a file is changed: where it lies, its size, its times.

    The time of the last change is the file system's own. Soon after it a second change might show no other
    time, so that until then no two states are equal.
    """
    now = os.fstat(stream.fileno())
    settled = time.time_ns() - now.st_ctime_ns > _SETTLED_NS
    times = (now.st_mtime_ns, now.st_ctime_ns, 0 if settled else time.monotonic_ns())
    return (now.st_dev, now.st_ino, now.st_size, *times)
