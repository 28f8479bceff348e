"""What is due: frames and evaluations that this monitor should report on and has not signed.

Follows from chain and store alone. Frames come oldest first and only until their own deadline; a frame
without an anchor is not due, since there is nothing to report on. What cannot change on the chain (a policy
in force, the version of a past frame, a judged evaluation) is asked once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.decisions import grid
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber


@dataclass(frozen=True)
class Reported:
    """What a report is about.

    Args:
        model_id, version, frame: frame 0 is the version's evaluation.
        word: what the chain says of the log: anchored word or evaluation-set digest.
    """

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    word: Digest


@dataclass(frozen=True)
class DueReport(Reported):
    """A report that should be made.

    Args:
        policy: in force at the frame's start.
        index: place of this monitor in the panel.
        start, end: bounds of the frame; None for frame 0.
    """

    policy: PolicyRecord
    index: int
    start: datetime | None = None
    end: datetime | None = None

    @property
    def deadline(self) -> datetime | None:
        """Last second in which a report of it counts; None for frame 0."""
        return deadline_of(self.policy, self.frame)


Signed = Callable[[ModelId, VersionNumber, FrameIndex, Digest], Awaitable[bool]]
"""Whether this monitor signed a report of a frame (frame 0: of a version under a policy)."""


class DueReports:
    """Looks for what is due.

    Args:
        tribune: the contracts.
        monitor: who would report.
        signed: asks the store.
    """

    def __init__(self, tribune: Tribune, monitor: Address, signed: Signed) -> None:
        self._tribune = tribune
        self._monitor = monitor
        self._signed = signed
        self._in_force: dict[ModelId, list[PolicyRecord]] = {}
        self._asked: dict[ModelId, datetime] = {}
        self._versions: dict[tuple[ModelId, FrameIndex], VersionNumber] = {}
        self._done: set[tuple[ModelId, FrameIndex]] = set()
        self._evaluated: set[tuple[ModelId, VersionNumber, Digest]] = set()

    def forget(self) -> None:
        """Ask the chain everything anew, as after a reorganisation."""
        self._in_force.clear()
        self._asked.clear()
        self._versions = {}  # others: a look that has begun notes what it read in the old ones
        self._evaluated = set()

    async def frames(self, model_id: ModelId, now: datetime) -> list[DueReport]:
        """Return the frames that are due for a model at a block's time, oldest first.

        They have a deadline, so they are asked for alone: nobody's many versions hold them up.
        """
        records = await self.policies(model_id, now)
        return await self._frames(model_id, open_frames(records, now)) if records else []

    async def evaluations(self, model_id: ModelId, now: datetime) -> list[DueReport]:
        """Return the versions that are due for an evaluation under the policy in force, oldest first."""
        records = await self.policies(model_id, now)
        return await self._evaluations(model_id, records[-1]) if records else []

    async def policies(self, model_id: ModelId, now: datetime) -> Sequence[PolicyRecord]:
        """Return the policies that are or were in force, oldest first. One in force is never replaced.

        The chain is asked once a block: what it takes in takes force later.
        """
        book = self._tribune.policy_book
        known = self._in_force.setdefault(model_id, [])
        if self._asked.get(model_id) == now:
            return known
        for index in range(len(known), await book.policy_count(model_id)):
            record = await book.policy_at(model_id, index)
            if record.base > now:
                break
            if index == len(known):  # else another task, which asked at the same time, noted it meanwhile
                known.append(record)
        if self._in_force.get(model_id) is known:
            self._asked[model_id] = now
        return known

    async def _evaluations(self, model_id: ModelId, current: PolicyRecord) -> list[DueReport]:
        if self._monitor not in current.policy.panel:
            return []
        index = current.policy.panel.index(self._monitor)
        registry, hub = self._tribune.model_registry, self._tribune.report_hub
        evaluated = self._evaluated
        count, active = await asyncio.gather(
            registry.version_count(model_id), registry.active_version(model_id)
        )
        found = []
        for version in map(VersionNumber, range(1, count + 1)):
            key = (model_id, version, current.digest)
            if version == active or key in evaluated:
                continue
            record = await hub.frame(model_id, version, FrameIndex(0), current.digest)
            if record.judged or await self._signed(model_id, version, FrameIndex(0), current.digest):
                evaluated.add(key)
                continue
            word = await registry.evaluation_set(model_id, version)
            found.append(DueReport(model_id, version, FrameIndex(0), word, current, index))
        return found

    async def _frames(
        self, model_id: ModelId, opened: Sequence[tuple[FrameIndex, PolicyRecord]]
    ) -> list[DueReport]:
        self._forget_before(model_id, opened[0][0] if opened else None)
        asked = []
        for frame, record in opened:
            if self._monitor in record.policy.panel and (model_id, frame) not in self._done:
                version = await self._version(model_id, frame, record)
                if version:
                    asked.append((frame, record, version))
        words = await self._tribune.decision_log.anchors_of(model_id, [(v, frame) for frame, _, v in asked])
        found = []
        for (frame, record, version), word in zip(asked, words, strict=True):
            if word is None:
                continue
            if await self._signed(model_id, version, frame, record.digest):
                self._done.add((model_id, frame))
                continue
            start, end = frame_bounds(record, frame)
            index = record.policy.panel.index(self._monitor)
            found.append(DueReport(model_id, version, frame, word, record, index, start, end))
        return found

    async def _version(self, model_id: ModelId, frame: FrameIndex, record: PolicyRecord) -> VersionNumber:
        """Return the version in force in a frame that has ended: an activation never reaches back."""
        key, versions = (model_id, frame), self._versions
        if key not in versions:
            moment = frame_bounds(record, frame)[1] - timedelta(seconds=1)
            versions[key] = await self._tribune.model_registry.version_at(model_id, moment)
        return versions[key]

    def _forget_before(self, model_id: ModelId, oldest: FrameIndex | None) -> None:
        """Drop what is known of frames whose deadline is over, so that memory stays bounded."""

        def over(key: tuple[ModelId, FrameIndex]) -> bool:
            return key[0] == model_id and (oldest is None or key[1] < oldest)

        self._done = {key for key in self._done if not over(key)}
        self._versions = {key: version for key, version in self._versions.items() if not over(key)}


def frame_bounds(record: PolicyRecord, frame: FrameIndex) -> tuple[datetime, datetime]:
    """Return start (included) and end (excluded) of a frame under its policy."""
    epoch, steps = int(record.base.timestamp()), frame - record.first_frame + 1
    start, end = grid.frame_bounds(epoch, steps, record.policy.step_s, record.policy.length_s)
    return datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)


def deadline_of(record: PolicyRecord, frame: FrameIndex) -> datetime | None:
    """Return the last second in which a report of a frame counts; None for frame 0."""
    if frame == 0:
        return None
    return frame_bounds(record, frame)[1] + timedelta(seconds=record.policy.deadline_s)


def open_frames(records: Sequence[PolicyRecord], now: datetime) -> list[tuple[FrameIndex, PolicyRecord]]:
    """Return the frames that have ended and whose deadline is not over, oldest first, each with its policy.

    Args:
        records: policies that are or were in force at `now`, oldest first.
        now: a block's time.
    """
    found = []
    for place, record in enumerate(records):
        step = record.policy.step_s
        passed = int((now - record.base).total_seconds())
        newest = record.first_frame - 1 + passed // step
        if place + 1 < len(records):
            newest = min(newest, records[place + 1].first_frame - 1)
        over = max(0, passed - record.policy.deadline_s - 1) // step  # ended, deadline and all
        found += [(FrameIndex(n), record) for n in range(record.first_frame + over, newest + 1)]
    return found
