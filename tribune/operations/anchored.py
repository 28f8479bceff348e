"""What the chain says of a model's frames: which are anchored, by which version, when the model could run.

Reads events and policies; judges nothing (see `tribune.decisions.frames.sequence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tribune.chain import Tribune
from tribune.chain.contract import Contract
from tribune.chain.decision_log import FrameAnchored
from tribune.chain.enums import State
from tribune.chain.model_registry import VersionActivated
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.switch_events import HaltChanged, StateChanged
from tribune.decisions.anchor import word_of
from tribune.decisions.frames.sequence import Span, Time
from tribune.decisions.grid import MICROSECONDS, microseconds
from tribune.exceptions import ConfigurationError
from tribune.gate.sealing.grids import grid_of
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber

_FOREVER = 2**63


@dataclass(frozen=True)
class ModelFrames:
    """A model's frames as the chain knows them.

    Args:
        now: time of the newest block, UTC microseconds.
        spans: those that can be anchored by now.
        steps: how many steps each of them spans.
        anchored: the anchored words, by version.
        time: when the model could run.
    """

    now: int
    spans: Sequence[Span]
    steps: Mapping[FrameIndex, int]
    anchored: Mapping[VersionNumber, Mapping[FrameIndex, Digest]]
    time: Time


async def model_frames(tribune: Tribune, model_id: ModelId) -> ModelFrames:
    """Read a model's frames, anchors and stops from the chain.

    Raises:
        ConfigurationError: the model never had a policy or a version in force, so it has no frames.
        ChainUnreachableError: the chain could not be asked.
    """
    records = await tribune.policy_book.policies(model_id)
    activated = await _events(tribune, tribune.model_registry, "VersionActivated", model_id)
    since = [microseconds(event.since) for event in activated if isinstance(event, VersionActivated)]
    if not records or not since:
        raise ConfigurationError(
            f"Model {model_id} has no frames: it never had a policy and a version in force.",
            mend="Models are counted from 1.",
        )
    now = microseconds(await tribune.chain.block_time())
    anchored: dict[VersionNumber, dict[FrameIndex, Digest]] = {}
    for event in await _events(tribune, tribune.decision_log, "FrameAnchored", model_id):
        if isinstance(event, FrameAnchored):
            words = anchored.setdefault(event.version, {})
            words[event.frame] = word_of(event.manifest, event.root, event.rows)
    spans, steps = _spans(records, now)
    first = max(min(since), microseconds(records[0].base))
    return ModelFrames(now, spans, steps, anchored, Time(first, await _stops(tribune, model_id)))


def _spans(records: Sequence[PolicyRecord], now: int) -> tuple[list[Span], dict[FrameIndex, int]]:
    spans: list[Span] = []
    steps: dict[FrameIndex, int] = {}
    for i, record in enumerate(records):
        grid = grid_of(record)
        last = grid.last_due(now)
        if i + 1 < len(records):
            last = min(last, FrameIndex(records[i + 1].first_frame - 1))
        for frame in map(FrameIndex, range(record.first_frame, last + 1)):
            start, end = grid.bounds(frame)
            closed = end + record.policy.deadline_s * MICROSECONDS
            spans.append(Span(frame, start, end, end + grid.grace, closed))
            steps[frame] = grid.steps
    return spans, steps


async def _stops(tribune: Tribune, model_id: ModelId) -> list[tuple[int, int]]:
    """Return when a model could not run: suspended, paused, retired, or all models halted."""
    switch = tribune.kill_switch
    changes: list[tuple[int, int]] = []
    for event in await _events(tribune, switch, "StateChanged", model_id):
        if isinstance(event, StateChanged):
            until = _FOREVER if event.until is None else microseconds(event.until)
            changes.append((await _moment(tribune, event), 0 if event.current is State.ACTIVE else until))
    halts: list[tuple[int, int]] = []
    for event in await _events(tribune, switch, "HaltChanged"):
        if isinstance(event, HaltChanged):
            # From the data: as a time, "for good" and "never" are both none.
            until = int.from_bytes(event.log.data[-32:], "big") * MICROSECONDS
            halts.append((await _moment(tribune, event), until))
    return [*_closed(changes), *_closed(halts)]


def _closed(changes: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Yield stops, each ended by the next change at the latest."""
    for (moment, until), (end, _) in pairwise([*changes, (_FOREVER, 0)]):
        if min(until, end) > moment:
            yield moment, min(until, end)


async def _moment(tribune: Tribune, event: StateChanged | HaltChanged) -> int:
    return microseconds(await tribune.chain.block_time(event.log.block_number))


async def _events(
    tribune: Tribune, contract: Contract, name: str, model_id: ModelId | None = None
) -> list[object]:
    """Return a contract's events of a name, of one model where one is named, in chain order."""
    head = await tribune.chain.head()
    topics = [contract.topic(name)] + ([] if model_id is None else [model_id.to_bytes(32, "big")])
    logs = await tribune.chain.logs([contract.address], tribune.deployment.block, head.number, tuple(topics))
    return contract.events(logs)
