"""Where rows of the tables stand: what may be written into their columns `state` and `verdict`."""

from __future__ import annotations

from enum import StrEnum


class OutboxState(StrEnum):
    """Where an outbox row stands."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"


class BallotState(StrEnum):
    """Where a ballot stands on its way into a block."""

    QUEUED = "queued"
    RELAYED = "relayed"
    MINED = "mined"
    REJECTED = "rejected"


class ReportState(StrEnum):
    """Where a signed report stands on its way into a block that stays."""

    SIGNED = "signed"
    """Stored here, published nowhere yet."""
    PUBLISHED = "published"
    """Its attestation is in an evidence store; on chain it is not, or no longer."""
    COUNTED = "counted"
    """The hub has it, in a block that a reorg may still take away."""
    FINAL = "final"
    """The hub has it, in a block that stays."""
    REFUSED = "refused"
    """The contract will never take it."""


class CallState(StrEnum):
    """Where holders' call for a vote stands."""

    COLLECTING = "collecting"
    """Holders may add their signatures."""
    OPENED = "opened"
    """It reached the threshold, and its vote is open or has been."""
    OVER = "over"
    """It can open no vote any more: its deadline, its round or its epoch has passed."""


class PeerVerdict(StrEnum):
    """What recomputing a peer's witness showed."""

    OK = "ok"
    DIFFERS = "differs"
    ABSENT = "absent"
