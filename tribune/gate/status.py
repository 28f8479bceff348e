"""What a gate knows of its model, and whether that is enough to let it answer.

A view holds the newest reading of the chain and how old it is; it is written by a source (`watcher`) and read
in the request path without lock, call or wait. It fails closed: nothing read yet, a reading older than the
bound, a chain whose blocks stopped coming, another version or chain, all mean "no". It never goes back to an
older block.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from tribune.ids import CaseId, ModelId, VersionNumber

IF_ANEW = "If the chain was started anew, restart what asks it: the gate, and its sidecar."
"""The mend where a chain goes back for good. A node that rolled back, by fault or malice, looks the same, and
following it could free a model that is stopped: so a person decides."""


class Cause(StrEnum):
    """Why a gate refuses; also the last part of the problem's type."""

    SUSPENDED = "model-suspended"
    PAUSED = "model-paused"
    HALTED = "model-halted"
    INACTIVE = "model-inactive"
    RETIRED = "model-retired"
    WRONG_VERSION = "wrong-version"
    WRONG_ARTIFACT = "wrong-artifact"
    ARTIFACT_UNKNOWN = "artifact-unknown"
    UNKNOWN = "state-unknown"


CONTRADICTED = "The nodes of the chain contradict each other about this model."
"""Why nothing is known of a model whose view is disputed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A model's status at one block. Times in unix seconds.

    Args:
        until: end of the suspension, 0 unless suspended.
        halted_until: end of the global halt in force, 0 where none is in force or no end is known.
    """

    state: str
    oversight: str
    version: VersionNumber
    epoch: int
    until: int
    case_id: CaseId
    halted: bool
    block_number: int
    block_time: int
    halted_until: int = 0

    @property
    def cause(self) -> Cause | None:
        """Why the model may not run at this block; None where it may."""
        if self.halted:
            return Cause.HALTED
        if self.state == "Active" or (self.state == "Suspended" and self.until <= self.block_time):
            return None  # the bound is reached by chain time: the switch itself says Active from here on
        causes = {"Suspended": Cause.SUSPENDED, "Paused": Cause.PAUSED, "Retired": Cause.RETIRED}
        return causes.get(self.state, Cause.INACTIVE if self.state == "Inactive" else Cause.UNKNOWN)

    @property
    def ends_at(self) -> int:
        """When the model may run again without anybody doing anything; 0 where no such time is known."""
        if self.state not in ("Active", "Suspended") or (self.halted and not self.halted_until):
            return 0
        return max(self.until, self.halted_until)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a refusal tells of its case.

    Value and limit in millionths; vote 0 before it opens; monitors 0 where no panel's report is behind it.
    """

    case_id: CaseId
    kind: str
    metric: str
    value: int
    limit: int
    evidence: bytes
    vote: int
    monitors: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a view knows, replaced as a whole. `seen_at` is the monotonic time of the newest block.

    `artifact` is the registered digest of the version in force, empty while it is not known; `gone_back_to`
    the block of a node that is behind the reading, None where none is.
    """

    reading: Reading | None = None
    seen_at: float = float("-inf")
    case: CaseFacts | None = None
    sentence: str = ""
    artifact: bytes = b""
    fault: str = "The chain has not been read yet."
    gone_back_to: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One "no" and what is known about it; `age_s` is None where nothing was ever read."""

    cause: Cause
    state: str
    snapshot: Snapshot
    age_s: float | None


class StatusView:
    """The newest known status of one model.

    Args:
        model_id: the model; a source reads this one and no other.
        head_must_advance: count age from the newest *new* block, so that a node that stands still is no
            proof of anything. False for chains that make no blocks without transactions.
    """

    def __init__(self, model_id: ModelId, *, head_must_advance: bool = True) -> None:
        self.model_id = model_id
        self._advance = head_must_advance
        self._lock = threading.Lock()  # writers only; readers take the whole snapshot at once
        self._snapshot = Snapshot()
        self._disputed = False
        self._listeners: tuple[Callable[[], None], ...] = ()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call a function after each change, in the thread that made it; it must be quick and not raise."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call a function no more."""
        with self._lock:
            self._listeners = tuple(one for one in self._listeners if one != listener)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    @property
    def disputed(self) -> bool:
        """Whether nothing read is believed, since nodes contradict each other about the model."""
        return self._disputed

    def update(self, reading: Reading, *, asked_at: float) -> None:
        """Take a reading that was asked for at a monotonic time.

        One of an older block is not believed, and none while the model is disputed.
        """
        with self._lock:
            if not self._disputed:
                self._snapshot = self._with(self._snapshot, reading, asked_at)
        self._tell()

    def _with(self, old: Snapshot, reading: Reading, asked_at: float) -> Snapshot:
        last = old.reading
        if last is not None and reading.block_number < last.block_number:
            return _gone_back(old, last, reading.block_number)
        same = last is not None and (reading.block_number, reading.block_time) == (
            last.block_number,
            last.block_time,
        )
        kept = old.case is not None and old.case.case_id == reading.case_id
        return Snapshot(
            reading=reading,
            seen_at=old.seen_at if same and self._advance else asked_at,
            case=old.case if kept else None,
            sentence=old.sentence if kept else "",
            artifact=old.artifact if last is not None and last.version == reading.version else b"",
            fault="No new block has come." if same and self._advance else "",
        )

    def explain(self, case: CaseFacts, sentence: str) -> None:
        """Add what the case behind a refusal is about, if it still is that case."""
        with self._lock:
            reading = self._snapshot.reading
            if reading is not None and reading.case_id == case.case_id:
                self._snapshot = replace(self._snapshot, case=case, sentence=sentence)
        self._tell()

    def register(self, version: VersionNumber, artifact: bytes) -> None:
        """Add the registered artifact of a version, if it still is the one in force."""
        with self._lock:
            reading = self._snapshot.reading
            if reading is not None and reading.version == version:
                self._snapshot = replace(self._snapshot, artifact=artifact)
        self._tell()

    def lose(self, fault: str) -> None:
        """Note why the chain could not be read; what was read before counts until it is too old."""
        with self._lock:
            self._snapshot = replace(self._snapshot, fault=fault, gone_back_to=None)
        self._tell()

    def go_back(self, block: int) -> None:
        """Note that the node is at a block before the one that was read, which it is not followed to."""
        with self._lock:
            if (reading := self._snapshot.reading) is not None and block < reading.block_number:
                self._snapshot = _gone_back(self._snapshot, reading, block)
        self._tell()

    def forget(self, fault: str) -> None:
        """Believe nothing read before: it came from another chain than the configured one."""
        with self._lock:
            self._snapshot = Snapshot(fault=fault)
        self._tell()

    def dispute(self) -> None:
        """Believe nothing read before, and nothing read from now on, until it is settled."""
        with self._lock:
            self._disputed = True
            self._snapshot = Snapshot(fault=CONTRADICTED)
        self._tell()

    def settle(self) -> None:
        """Believe the next reading again."""
        with self._lock:
            self._disputed = False

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def refusal(
        self, version: VersionNumber, max_staleness_s: float, artifact: bytes | None = None
    ) -> Refusal | None:
        """Return why this version may not answer now, or None where it may; takes about a microsecond.

        Args:
            version: that would answer.
            max_staleness_s: how old what is known of the chain may be.
            artifact: digest of what would answer, empty while it could not be taken; None: not compared.
        """
        snapshot = self._snapshot
        reading = snapshot.reading
        if reading is None:
            return Refusal(Cause.UNKNOWN, "Unknown", snapshot, None)
        age_s = time.monotonic() - snapshot.seen_at
        if age_s > max_staleness_s:
            return Refusal(Cause.UNKNOWN, "Unknown", snapshot, age_s)
        cause = reading.cause
        if cause is not None:
            return Refusal(cause, "Halted" if cause is Cause.HALTED else reading.state, snapshot, age_s)
        if reading.version != version:
            return Refusal(Cause.WRONG_VERSION, "Active", snapshot, age_s)
        if artifact is None or (artifact == snapshot.artifact and artifact):
            return None
        wrong = artifact and snapshot.artifact
        return Refusal(Cause.WRONG_ARTIFACT if wrong else Cause.ARTIFACT_UNKNOWN, "Active", snapshot, age_s)


def _gone_back(old: Snapshot, last: Reading, block: int) -> Snapshot:
    fault = f"The node is at block {block}, behind {last.block_number} seen before. {IF_ANEW}"
    return replace(old, fault=fault, gone_back_to=block)


class StatusSource(Protocol):
    """Keeps a view current, until cancelled."""

    async def run(self, view: StatusView, /) -> None:
        """Write into the view for as long as this runs; never raise for a chain that cannot be seen."""
