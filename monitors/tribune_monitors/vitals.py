"""A monitor's vital signs: what of its reports counts, how late, with whose agreement, and what it missed.

Read from chain and store beside the work, so that they are right after a restart and do not depend on what
the work believes. Nothing here decides anything.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from tribune.chain import Tribune
from tribune.chain.enums import Oversight
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.types import Block
from tribune.ids import FrameIndex, ModelId
from tribune.store.monitors import differing_witnesses, newest_report, report_counts
from tribune.store.queries import signed_report
from tribune.store.session import Session
from tribune.store.states import ReportState
from tribune.sync.vitals import ChainVitals, read_balance, read_store
from tribune.telemetry import Telemetry
from tribune.telemetry.watch import Reader
from tribune_monitors.reporting.attestations import counted
from tribune_monitors.reporting.filing import copies_owed
from tribune_monitors.reporting.stored import digest_of, reported_of
from tribune_monitors.watching.due import DueReports, deadline_of, frame_bounds
from tribune_monitors.worker import ITSELF, Worker

FRAMES = 100
"""Frames with a deadline passed that agreement and misses are about, for each model."""
AT_ONCE = 20
"""Frames that are asked of the chain in one look, over all models: a new process takes some looks."""
_COUNTS = (ReportState.COUNTED, ReportState.FINAL)


class _Past(NamedTuple):
    """A frame whose deadline is over.

    Args:
        due: whether it was ours to report: anchored, of a version in service, and we in the panel.
        counted: whether our report counts.
        agreed: whether the quorum had our result.
    """

    due: bool
    counted: bool = False
    agreed: bool = False


class MonitorVitals:
    """Reads a worker's signs.

    Args:
        worker: whose.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._tribune: Tribune = worker.tribune
        self._due = DueReports(worker.tribune, worker.monitor, _never)
        self._past: defaultdict[ModelId, OrderedDict[FrameIndex, _Past]] = defaultdict(OrderedDict)
        self._head: Block | None = None
        self._left = 0

    async def read_work(self, telemetry: Telemetry) -> None:
        """Show what store and worker say: reports, faults, peers, copies owed.

        Raises:
            StoreError: the store does not answer.
        """
        words = self._worker.faults.words
        telemetry.show("tribune_monitor_standing_down", ITSELF in words)
        faults = Counter(int(subject.model_id) for subject in words if subject != ITSELF)
        states, differs, owed = await self._worker.store.read(_of_store, self._worker.monitor)
        telemetry.show_all("tribune_faults", {str(model): faults[model] for model in states.keys() | faults})
        for model, by_state in states.items():
            shown = {str(state): by_state.get(state, 0) for state in ReportState}
            telemetry.show_all("tribune_reports", shown, model=model)
        telemetry.show_all(
            "tribune_peer_witness_differs_total", {str(model): differs.get(model, 0) for model in states}
        )
        telemetry.show("tribune_evidence_copies_owed", owed)

    async def read_models(self, telemetry: Telemetry) -> None:
        """Show what the chain says of each model that is watched.

        Raises:
            ChainError, StoreError: we could not look.
        """
        head = await self._tribune.chain.head()
        if self._head is not None and head.number < self._head.number:  # what was read may be gone
            self._past.clear()
            self._due.forget()
        self._head, self._left = head, AT_ONCE
        models = await self._worker.watched()
        telemetry.forget_models(models)
        for model_id in models:
            records = await self._due.policies(model_id, head.time)
            if any(self._worker.monitor in record.policy.panel for record in records):
                await self._read_model(model_id, records, head, telemetry)

    async def _read_model(
        self, model_id: ModelId, records: Sequence[PolicyRecord], head: Block, telemetry: Telemetry
    ) -> None:
        oversight = await self._tribune.report_hub.oversight(model_id)
        telemetry.show("tribune_model_stale", oversight is Oversight.STALE, model=model_id)
        telemetry.show("tribune_model_disputed", oversight is Oversight.DISPUTED, model=model_id)
        await self._read_newest(model_id, records, telemetry)
        past = self._past[model_id]
        unknown = [one for one in closed_frames(records, head.time, FRAMES) if one[0] not in past]
        asked, self._left = unknown[::-1][: self._left], max(0, self._left - len(unknown))
        for frame, record in asked:
            past[frame] = await self._look_back(model_id, frame, record, head)
        for frame in sorted(past)[:-FRAMES]:
            del past[frame]
        if len(unknown) > len(asked):  # told once all are known: a number that grows only for that is no news
            return
        due = [one for one in past.values() if one.due]
        missed = sum(not one.counted for one in due)
        telemetry.show("tribune_frames_missed", missed, model=model_id)
        if due:
            share = sum(one.agreed for one in due) / len(due)
            telemetry.show("tribune_agreement_ratio", share, model=model_id)

    async def _read_newest(
        self, model_id: ModelId, records: Sequence[PolicyRecord], telemetry: Telemetry
    ) -> None:
        """Show the newest frame of which our report counts, and how late it came."""
        monitor = self._worker.monitor
        newest = await self._worker.store.read(newest_report, monitor, model_id, *_COUNTS)
        if newest is None or newest.frame == 0:
            return
        telemetry.show("tribune_frame_last", newest.frame, monitor=monitor, model=model_id)
        record = next((one for one in records if one.digest == digest_of(newest.policy)), None)
        block = await self._tribune.chain.find_block(newest.block_number)
        if record is not None and block is not None:
            _, end = frame_bounds(record, FrameIndex(newest.frame))
            lag_s = (block.time - end).total_seconds()
            telemetry.show("tribune_report_lag_seconds", lag_s, model=model_id)

    async def _look_back(
        self, model_id: ModelId, frame: FrameIndex, record: PolicyRecord, head: Block
    ) -> _Past:
        """Return what became of a frame whose deadline is over."""
        monitor = self._worker.monitor
        if monitor not in record.policy.panel:
            return _Past(due=False)
        moment = frame_bounds(record, frame)[1] - timedelta(seconds=1)
        version = await self._tribune.model_registry.version_at(model_id, moment)
        if not version or await self._tribune.decision_log.anchor_of(model_id, version, frame) is None:
            return _Past(due=False)
        row = await self._worker.store.read(
            signed_report, monitor, model_id, frame, version, record.digest.hex()
        )
        if row is None:
            return _Past(due=True)
        events = await counted(self._tribune, reported_of(row), record, head)
        ours = digest_of(row.digest)
        agreeing = sum(event.report == ours for event in events.values())
        return _Past(True, counted=monitor in events, agreed=agreeing >= record.policy.k)


def signs_of(worker: Worker) -> dict[str, Reader]:
    """Return what is read of a monitor, by part."""
    vitals, chain = MonitorVitals(worker), worker.tribune.chain
    return {
        "chain": ChainVitals(chain),
        "balance": partial(read_balance, chain, worker.monitor, "monitor"),
        "store": partial(read_store, worker.store),
        "work": vitals.read_work,
        "models": vitals.read_models,
    }


def closed_frames(
    records: Sequence[PolicyRecord], now: datetime, most: int
) -> list[tuple[FrameIndex, PolicyRecord]]:
    """Return the newest frames whose deadline is over, at most so many, oldest first, each with its policy.

    Args:
        records: policies that are or were in force at `now`, oldest first.
        now: a block's time.
        most: how many.
    """
    found: list[tuple[FrameIndex, PolicyRecord]] = []
    last: int | None = None
    for record in reversed(records):
        step = record.policy.step_s
        passed = int((now - record.base).total_seconds())
        newest = record.first_frame - 1 + passed // step
        newest = newest if last is None else min(newest, last)
        while len(found) < most and newest >= record.first_frame:
            frame = FrameIndex(newest)
            deadline = deadline_of(record, frame)
            if deadline is not None and deadline < now:
                found.append((frame, record))
            newest -= 1
        last = record.first_frame - 1
    return found[::-1]


async def _never(*_: object) -> bool:
    return False


def _of_store(session: Session, monitor: str) -> tuple[dict[int, dict[str, int]], dict[int, int], int]:
    """Return reports by model and state, differing witnesses by model, and copies owed."""
    return (
        report_counts(session, monitor),
        differing_witnesses(session, monitor),
        copies_owed(session, monitor),
    )
