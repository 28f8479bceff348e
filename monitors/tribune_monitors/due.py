"""What is due: frames and evaluations that this monitor should report on and has not signed.

Follows from chain and store alone. Frames come oldest first and only until their own deadline; a frame
without an anchor is not due, since there is nothing to report on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber


@dataclass(frozen=True)
class DueReport:
    """A report that should be made.

    Args:
        model_id, version, frame: about what; frame 0 is the version's evaluation.
        policy: in force at the frame's start.
        word: what the chain says of the log: anchored word or evaluation-set digest.
        index: place of this monitor in the panel.
        start, end: bounds of the frame; None for frame 0.
    """

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    policy: PolicyRecord
    word: Digest
    index: int
    start: datetime | None = None
    end: datetime | None = None


Signed = Callable[[ModelId, VersionNumber, FrameIndex], bool]
"""Whether this monitor has signed a report of that frame (frame 0: of that version)."""


async def due_reports(
    tribune: Tribune, monitor: Address, model_id: ModelId, signed: Signed
) -> AsyncIterator[DueReport]:
    """Yield what is due for a model, evaluations first, then frames oldest first."""
    records = await tribune.policy_book.policies(model_id)
    now = await tribune.chain.block_time()
    current = next((record for record in reversed(records) if record.base <= now), None)
    if current is None:
        return
    async for due in _evaluations(tribune, monitor, model_id, current, signed):
        yield due
    newest = await tribune.policy_book.last_frame_at(model_id, now)
    for frame in _open_frames(newest, current, now):
        record = next((r for r in reversed(records) if frame >= r.first_frame), None)
        if record is None or monitor not in record.policy.panel:
            continue
        start, end = frame_bounds(record, frame)
        if now > end + timedelta(seconds=record.policy.deadline_s):
            continue
        version = await tribune.model_registry.version_at(model_id, end - timedelta(seconds=1))
        if not version or signed(model_id, version, frame):
            continue
        word = await tribune.decision_log.anchor_of(model_id, version, frame)
        if word is not None:
            index = record.policy.panel.index(monitor)
            yield DueReport(model_id, version, frame, record, word, index, start, end)


def frame_bounds(record: PolicyRecord, frame: FrameIndex) -> tuple[datetime, datetime]:
    """Return start (included) and end (excluded) of a frame under its policy."""
    steps = frame - record.first_frame + 1
    end = record.base + timedelta(seconds=steps * record.policy.step_s)
    return end - timedelta(seconds=record.policy.length_s), end


def _open_frames(newest: FrameIndex, current: PolicyRecord, now: datetime) -> list[FrameIndex]:
    """Return the frames whose deadline may not be over, oldest first."""
    most = current.policy.deadline_s // current.policy.step_s + 2
    return [FrameIndex(frame) for frame in range(max(1, newest - most), newest + 1)]


async def _evaluations(
    tribune: Tribune, monitor: Address, model_id: ModelId, current: PolicyRecord, signed: Signed
) -> AsyncIterator[DueReport]:
    if monitor not in current.policy.panel:
        return
    index = current.policy.panel.index(monitor)
    registry, hub = tribune.model_registry, tribune.report_hub
    for number in range(1, await registry.version_count(model_id) + 1):
        version = VersionNumber(number)
        if signed(model_id, version, FrameIndex(0)):
            continue
        record = await hub.frame(model_id, version, FrameIndex(0), current.digest)
        if record.judged:
            continue
        word = await registry.evaluation_set(model_id, version)
        yield DueReport(model_id, version, FrameIndex(0), current, word, index)
