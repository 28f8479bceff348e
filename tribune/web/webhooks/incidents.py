"""What is told of an event of the contracts, and of a stop that ended by time, without an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.chain.enums import CaseKind, Outcome, Severity, State
from tribune.chain.types import end_or_none, utc_or_none

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent

STOPS = ("StateChanged", "HaltChanged")
"""Events of stops, some of which end by time alone."""
EVENTS = (*STOPS, "CaseOpened", "CaseVoteOpened", "CaseClosed")
_STATES = {
    State.SUSPENDED: "model.suspended",
    State.PAUSED: "model.paused",
    State.RETIRED: "model.retired",
    State.ACTIVE: "model.resumed",
}


@dataclass(frozen=True)
class Incident:
    """Something to tell.

    Args:
        kind: as settings name it.
        at: when it came about, by the chain's clock.
        about: what it says beside where the chain has it.
        event: the event; of an end by time, that of the stop.
        by_time: whether it came by time alone.
    """

    kind: str
    at: datetime
    about: dict[str, Any]
    event: ChainEvent
    by_time: bool = False

    @property
    def place(self) -> str:
        """Where it is on the chain, as nothing else is."""
        return f"{self.event.block_hash}/{self.event.log_index}{'/ended' if self.by_time else ''}"

    def payload(self, around: dict[str, Any]) -> dict[str, Any]:
        """Return what the outbox keeps: what is sent, in the shape of Standard Webhooks, and its place."""
        event = self.event
        where = {"block": event.block_number, "block_hash": event.block_hash, "log_index": event.log_index}
        document = {
            "type": self.kind,
            "timestamp": iso(self.at),
            "data": {**around, **self.about, **where, "tx": event.tx_hash},
        }
        return {"document": document, **where}


def incident_of(event: ChainEvent) -> Incident | None:
    """Return what is told of an event; None where it is no incident, such as a model that begins to serve."""
    args = event.args
    match event.name:
        case "CaseOpened":
            details = args["details"]
            about = {
                "case": args["case_id"],
                "version": details["version"],
                "case_kind": CaseKind.of(args["kind"]),
                "severity": Severity.of(args["severity"]),
                "open_until": iso(utc_or_none(details["open_until"])),
                "suspended_until": iso(utc_or_none(details["bound"])),
            }
            return Incident("case.opened", event.block_time, about, event)
        case "CaseVoteOpened":
            about = {
                "case": args["case_id"],
                "proposal": str(args["proposal_id"]),
                "governor": args["governor"],
                "ends": iso(utc_or_none(args["vote_ends"])),
            }
            return Incident("vote.opened", event.block_time, about, event)
        case "CaseClosed":
            about = {"case": args["case_id"], "outcome": Outcome.of(args["outcome"])}
            return Incident("case.decided", event.block_time, about, event)
        case "StateChanged":
            return _state(event)
        case "HaltChanged":
            end = ends_at(event)
            if args["current"] > event.block_time.timestamp():
                return Incident("halt.started", event.block_time, {"until": iso(end)}, event)
            return Incident("halt.ended", event.block_time, {"by": "decision"}, event)
    return None


def _state(event: ChainEvent) -> Incident | None:
    args = event.args
    previous, current = State.of(args["previous"]), State.of(args["current"])
    if current is State.INACTIVE or previous is State.INACTIVE:
        return None
    about: dict[str, Any] = {"case": args["case_id"] or None, "epoch": args["epoch"]}
    if current is State.SUSPENDED:
        about["until"] = iso(ends_at(event))
    elif current is State.ACTIVE:
        about["by"] = "decision"
    return Incident(_STATES[current], event.block_time, about, event)


def ends_at(event: ChainEvent) -> datetime | None:
    """Return when what an event began ends by time alone; None where it does not."""
    if event.name == "StateChanged" and State.of(event.args["current"]) is State.SUSPENDED:
        return utc_or_none(event.args["until"])
    if event.name == "HaltChanged" and event.args["current"] > event.block_time.timestamp():
        return end_or_none(event.args["current"])
    return None


def ended(event: ChainEvent, end: datetime) -> Incident:
    """Return what is told of a stop that ended by time alone."""
    if event.name == "HaltChanged":
        return Incident("halt.ended", end, {"by": "time"}, event, by_time=True)
    about = {"case": event.args["case_id"] or None, "epoch": event.args["epoch"], "by": "time"}
    return Incident("model.resumed", end, about, event, by_time=True)


def iso(time: datetime | None) -> str | None:
    """Return a time as RFC 3339 has it, in UTC."""
    return None if time is None else time.isoformat().replace("+00:00", "Z")
