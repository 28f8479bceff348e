"""Where a model's monitors contradict each other, as the index has it: from which frame on, and until which.

Frames in a row count as one dispute; it ends with a later frame on which enough of them agree again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.ids import Address, FrameIndex, ModelId, VersionNumber
from tribune.store import happenings

if TYPE_CHECKING:
    from tribune.store.session import Session, Store
    from tribune.store.tables import ChainEvent

LOOK_BACK = 500
"""Judged reports of a model looked through for the end of a dispute."""


@dataclass(frozen=True)
class Dispute:
    """Frames in a row of which no result can be trusted."""

    model_id: ModelId
    version: VersionNumber
    first: FrameIndex
    """0 where it is about the version's evaluation."""
    last: FrameIndex
    since: datetime
    """When the first was found to be disputed."""
    newest: datetime
    """When the last was."""
    results: tuple[tuple[Address, ...], ...]
    """Monitors that signed the same report of the last frame, by report; most of them first."""
    agreed: FrameIndex | None
    """The first frame after it on which enough agree; None: none yet."""


async def find_disputes(store: Store) -> list[Dispute]:
    """Return all disputes, in the order of their beginning.

    Raises:
        StoreError: the index cannot be read.
    """
    return await store.read(_find)


def _find(session: Session) -> list[Dispute]:
    disputed = happenings.all_since(session, 0, ["FrameDisputed"])
    of: dict[tuple[int, int], list[ChainEvent]] = {}
    for event in disputed:
        of.setdefault((event.args["model_id"], event.args["version"]), []).append(event)
    found = []
    for (model_id, version), events in of.items():
        reports = happenings.events_of_model(session, model_id, ["ReportJudged"], limit=LOOK_BACK)
        judged = {e.args["frame"] for e in reports if e.args["version"] == version}
        for run in _runs(events, sorted(judged)):
            first, last = run[0].args["frame"], run[-1].args["frame"]
            signed: dict[str, list[Address]] = {}
            for monitor, report in happenings.signatures(session, model_id, version, last):
                signed.setdefault(report, []).append(Address(monitor))
            found.append(
                Dispute(
                    ModelId(model_id),
                    VersionNumber(version),
                    FrameIndex(first),
                    FrameIndex(last),
                    run[0].block_time,
                    run[-1].block_time,
                    tuple(sorted(map(tuple, signed.values()), key=len, reverse=True)),
                    _agreed(last, judged),
                )
            )
    return sorted(found, key=lambda one: one.since)


def _runs(events: Sequence[ChainEvent], judged: Sequence[int]) -> list[list[ChainEvent]]:
    """Split disputed frames where a frame between them was judged; an evaluation stands alone."""
    runs: list[list[ChainEvent]] = []
    for event in sorted(events, key=lambda one: int(one.args["frame"])):
        frame = event.args["frame"]
        before = runs[-1][-1].args["frame"] if runs else 0
        if before and not any(before < other < frame for other in judged):
            runs[-1].append(event)
        else:
            runs.append([event])
    return runs


def _agreed(last: int, judged: set[int]) -> FrameIndex | None:
    later = [frame for frame in judged if frame > last] if last else []
    return FrameIndex(min(later)) if later else None
