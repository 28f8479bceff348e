"""Tallies of sealed partitions, kept: a window that slides on costs its new partition, also after a restart.

An engine over another one. A tally is kept under the sha-256 of how it was counted and of the files' own
bytes, so whatever changes either finds nothing here. A kept file that is damaged, or another's under this
name, is counted again, never believed. Refuses nothing that the engine below does not.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics.canonical import canonical_json
from tribune.metrics.profile import Profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.tally import Tally
from tribune_monitors.engines.base import Engine, scheme_of
from tribune_monitors.engines.packing import pack, unpack
from tribune_monitors.kept import Kept
from tribune_monitors.sources.readings import Readings

COUNTING = b"tribune/kept/3/" + sys.byteorder.encode()
"""Version of the rules by which rows are counted and packed; what was kept under another is not found."""
MOST_BYTES = 2**30
"""Of all kept files: some five thousand partitions of 24 columns."""
_IN_MEMORY = 64  # tallies of up to 2 MB: the windows of a few models
_DIGEST = 32


class KeptTallies:
    """Counts each partition once.

    Partitions without label partitions are kept one by one, so that any window over them is a sum. Those that
    are joined with label partitions are kept together: which label of an id comes first depends on them all.

    Args:
        engine: counts what is not kept.
        folder: where tallies are kept; made where it is not there.
        readings: what is known of files already.
        most_bytes: beyond which the tallies that were not asked for the longest are removed.

    Raises:
        ConfigurationError: the folder cannot be made.
    """

    def __init__(
        self, engine: Engine, folder: Path, readings: Readings | None = None, most_bytes: int = MOST_BYTES
    ) -> None:
        self.name = engine.name
        self._engine = engine
        self._folder = folder
        self._most_bytes = most_bytes
        self._tallies: Kept[Tally] = Kept(_IN_MEMORY)
        self._windows: dict[bytes, tuple[frozenset[bytes], Tally]] = {}
        self._readings = readings or Readings()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise ConfigurationError(
                f"Tallies cannot be kept in {folder}: {fault.strerror}.", mend="Name a folder of your own."
            ) from fault

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        """Count partitions, or remember; see `Engine.count`."""
        scheme = scheme_of(profile)
        if len(set(decisions)) != len(decisions):
            raise DataError("A partition is listed twice; its rows would be counted twice.")
        by = hashlib.sha256(COUNTING + _scheme_digest(scheme) + bytes([inline_labels])).digest()
        if not decisions:
            return Tally.zero(scheme)

        def counted(paths: Sequence[Path]) -> Callable[[], Tally]:
            return lambda: self._engine.count(paths, labels, scheme, inline_labels=inline_labels)

        if labels:
            return self._tally(self._key(by, decisions, labels), scheme, counted(decisions))
        keys = [self._key(by, [path]) for path in decisions]
        make = {key: counted([path]) for key, path in zip(keys, decisions, strict=True)}
        total = self._slid(by, make, scheme) if len(make) == len(keys) else None
        if total is None:
            total = Tally.total([self._tally(key, scheme, make[key]) for key in keys])
        if len(make) == len(keys):
            self._windows[by] = frozenset(keys), total
        return total

    def _slid(self, by: bytes, make: Mapping[bytes, Callable[[], Tally]], scheme: Scheme) -> Tally | None:
        """Return the sum of these partitions from the last one, by what came and went.

        None where too much did, or where so few rows are left that they ask for finer cells than it has.
        """
        from concurrent.futures import ThreadPoolExecutor

        held, total = self._windows.get(by, (frozenset(), None))
        came, gone = make.keys() - held, held - make.keys()
        if total is None or 2 * (len(came) + len(gone)) > len(make):
            return None
        try:
            left = [self._tally(key, scheme, _nowhere) for key in gone]
        except LookupError:
            return None
        with ThreadPoolExecutor(1) as pool:  # while what came is counted
            rest = pool.submit(Tally.total, [total], left)
            counted = [self._tally(key, scheme, make[key]) for key in came]
        total = Tally.total([rest.result(), *counted])
        return total if total.is_fine else None

    def _key(self, by: bytes, decisions: Sequence[Path], labels: Sequence[Path] = ()) -> bytes:
        return hashlib.sha256(by + self._digest_of(decisions) + self._digest_of(labels)).digest()

    def _tally(self, key: bytes, scheme: Scheme, count: Callable[[], Tally]) -> Tally:
        """Return a tally from memory, from its file, or counted and then kept."""

        def make() -> Tally:
            tally = self._read(key, scheme)
            if tally is None:
                tally = count()
                self._write(key, tally)
            return tally

        return self._tallies.get(key, make)

    def _digest_of(self, paths: Sequence[Path]) -> bytes:
        """Return the sha-256 over the files' own, in any order."""
        return hashlib.sha256(b"".join(sorted(map(self._file_digest, paths)))).digest()

    def _file_digest(self, path: Path) -> bytes:
        try:
            return self._readings.sha256(path)
        except OSError as fault:
            raise DataError(f"The partition {path.name} cannot be read: {fault.strerror}.") from fault

    def _read(self, key: bytes, scheme: Scheme) -> Tally | None:
        """Return a kept tally; None where there is none that can be believed."""
        path = self._folder / key.hex()
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        said, body = data[:_DIGEST], data[_DIGEST:]
        if said != hashlib.sha256(key + body).digest():
            return None
        try:
            return unpack(body, scheme)
        except (ValueError, DataError):
            return None

    def _write(self, key: bytes, tally: Tally) -> None:
        """Keep a tally, whole or not at all; where that fails it is counted again next time."""
        body = pack(tally)
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(hashlib.sha256(key + body).digest() + body)
            Path(file.name).replace(self._folder / key.hex())
            self._tidy()
        except OSError:
            return

    def _tidy(self) -> None:
        """Remove what was not asked for the longest, until the rest is within its bound."""
        files = [(entry.stat(), entry.path) for entry in os.scandir(self._folder) if entry.is_file()]
        over = sum(stat.st_size for stat, _ in files) - self._most_bytes
        for stat, path in sorted(files, key=lambda one: one[0].st_mtime_ns):
            if over <= 0:
                break
            Path(path).unlink(missing_ok=True)
            over -= stat.st_size


def _nowhere() -> Tally:
    raise LookupError("a partition that left the window is kept nowhere")


def _scheme_digest(scheme: Scheme) -> bytes:
    """Return the sha-256 of how rows are counted."""
    binnings = [scheme.binnings[name].to_json() for name in scheme.names]
    return hashlib.sha256(canonical_json({"spec": scheme.spec.to_json(), "binnings": binnings})).digest()
