"""Turns final events of the index into rows of the outbox, for a target that wants to hear of them.

Told is what is final: `chain.finality_blocks` deep. A row's key is the event's place on the chain, so that
looking twice promises once, whichever process looks. Should a reorg reach deeper all the same, what was told
and is not there any more is taken back by a message of its own, and what came in its place is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tribune.ids import ModelId
from tribune.store import final, leases, queries
from tribune.store.happenings import events_of_model
from tribune.store.incidents import events_of_cases
from tribune.store.states import OutboxState
from tribune.web.webhooks.incidents import EVENTS, STOPS, Incident, ended, ends_at, incident_of

if TYPE_CHECKING:
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent

LOOK_BACK = 256
"""Blocks below the newest final one that are looked at again: as many as the indexer remembers."""
RETRACTED = "event.retracted"
FORGOTTEN_AFTER = timedelta(days=7)
"""So long what is owed to a target that nobody tells waits for one who does."""
_KINDS = "webhook/"


@dataclass(frozen=True)
class Target:
    """Somebody who is told.

    Args:
        name: as the settings have it.
        kinds: what they want to hear of; empty: all there is.
    """

    name: str
    kinds: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """Kind of its rows, and name of its lease and of the checkpoint from which on it is told."""
        return f"{_KINDS}{self.name}"

    def wants(self, incident: Incident) -> bool:
        """Return whether it is to be told."""
        return not self.kinds or incident.kind in self.kinds


@dataclass(frozen=True)
class Row:
    """A row that the outbox does not have yet."""

    key: str
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a look found.

    Args:
        rows: to be written, in the order in which things came about.
        undone: row ids of what is not to be delivered any more.
        running: stops that end by time, whose end was not told yet, oldest first.
    """

    rows: tuple[Row, ...] = ()
    undone: tuple[int, ...] = ()
    running: tuple[ChainEvent, ...] = ()


def begin(session: Session, target: Target, block: int) -> None:
    """Remember from which block on a target is told, where it is new."""
    if queries.checkpoint(session, target.kind) is None:
        queries.set_checkpoint(session, target.kind, block, "")


def forget(session: Session, targets: Iterable[Target]) -> int:
    """Drop what has been owed for long to targets that are gone; return how many messages that were.

    Gone is who is none of these, which this process tells, and whom no other process tells now.
    """
    at = leases.database_time(session)
    told = [target.kind for target in targets] + leases.held(session, _KINDS, at)
    return queries.drop_queued(session, _KINDS, told, before=at - FORGOTTEN_AFTER)


def message_id(key: str) -> str:
    """Return the id under which a row is sent, the same at every try and by every process."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def look(session: Session, target: Target, above: int, up_to: int, around: Mapping[str, Any]) -> Found:
    """Return what final blocks have that is not promised yet.

    Args:
        session: with the index.
        target: who is told.
        above: blocks above this one are looked at.
        up_to: the newest final block.
        around: what every message says.
    """
    incidents = []
    for event in final.events_between(session, EVENTS, above, up_to):
        before = final.event_before(session, event) if event.name in STOPS else None
        if before is not None and (end := ends_at(before)) is not None and end <= event.block_time:
            incidents.append(ended(before, end))
        if (incident := incident_of(event)) is not None:
            incidents.append(incident)
    running = [event for event in final.newest_of_each(session, STOPS) if event.block_number <= up_to]
    ends = [ended(event, end) for event in running if (end := ends_at(event)) is not None]
    undone, retracted = _taken_back(session, target, up_to)
    return Found(
        rows=(*retracted, *_rows(session, target, incidents, around)),
        undone=tuple(undone),
        running=tuple(end.event for end, _ in _missing(session, target, ends)),
    )


def look_at_ends(
    session: Session,
    target: Target,
    running: Sequence[ChainEvent],
    at: datetime,
    around: Mapping[str, Any],
) -> tuple[Row, ...]:
    """Return rows for stops that ended by time.

    Args:
        session: with the index.
        target: who is told.
        running: stops whose end was not told.
        at: the time of the newest final block.
        around: what every message says.
    """
    over = [ended(event, end) for event in running if (end := ends_at(event)) is not None and end <= at]
    return tuple(_rows(session, target, over, around))


def write(session: Session, rows: Iterable[Row], undone: Iterable[int]) -> int:
    """Write rows that are not there; return how many that were."""
    for row_id in undone:
        queries.settle(session, row_id, OutboxState.DONE, result={"retracted": True})
    return sum(queries.enqueue(session, row.key, row.kind, row.payload) for row in rows)


def _missing(session: Session, target: Target, incidents: Iterable[Incident]) -> list[tuple[Incident, str]]:
    """Return what the target is to be told and was not promised, each with its row's key."""
    begun = queries.checkpoint(session, target.kind)
    since = -1 if begun is None else begun.block_number
    wanted = [
        (incident, f"{target.kind}/{incident.place}")
        for incident in incidents
        if target.wants(incident) and incident.event.block_number > since
    ]
    known = final.known_keys(session, [key for _, key in wanted])
    return [(incident, key) for incident, key in wanted if key not in known]


def _rows(
    session: Session, target: Target, incidents: Iterable[Incident], around: Mapping[str, Any]
) -> list[Row]:
    return [
        Row(key, target.kind, incident.payload({**around, **_subject(session, incident, around)}))
        for incident, key in _missing(session, target, incidents)
    ]


def _subject(session: Session, incident: Incident, around: Mapping[str, Any]) -> dict[str, Any]:
    """Return of which model an incident is, and where people read of it; of a halt of all: nothing."""
    model_id, case_id = incident.event.model_id, incident.about.get("case")
    if model_id is None and case_id is not None:
        opened = events_of_cases(session, [case_id], ["CaseOpened"])[case_id]
        model_id = opened[0].model_id if opened else None
    if model_id is None:
        return {}
    registered = events_of_model(session, ModelId(model_id), ["ModelRegistered"], limit=1)
    page = f"/i/{case_id}" if case_id is not None else f"/m/{model_id}"
    return {
        "model": model_id,
        "model_name": registered[0].args["name"] if registered else "",
        "url": f"{around['url']}{page}",
    }


def _taken_back(session: Session, target: Target, up_to: int) -> tuple[list[int], list[Row]]:
    """Return what need not be delivered any more, and what takes back what was."""
    undone, retracted = [], []
    for row in reversed(final.newest_rows(session, target.kind)):
        place = row.payload
        if place.get("block", up_to + 1) > up_to or row.result.get("retracted"):
            continue
        if final.is_there(session, place["block_hash"], place["log_index"]):
            continue
        if row.state == OutboxState.QUEUED and row.id is not None:
            undone.append(row.id)
        elif row.state == OutboxState.DONE:
            retracted.append(_retraction(target, row.key, place["document"]))
    known = final.known_keys(session, [row.key for row in retracted])
    return undone, [row for row in retracted if row.key not in known]


def _retraction(target: Target, key: str, told: Mapping[str, Any]) -> Row:
    """Return what takes a message back; it says the same of the event, so that a receiver finds its own."""
    data = {**told["data"], "retracted_id": message_id(key), "retracted_type": told["type"]}
    document = {"type": RETRACTED, "timestamp": told["timestamp"], "data": data}
    return Row(f"{key}/retracted", target.kind, {"document": document})
