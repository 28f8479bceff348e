"""Enumerations of the contracts, in their order, as words."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ChainEnum(StrEnum):
    """A Solidity enum: members in the contract's order, values as people read them."""

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the member that a contract means by a number."""
        return list(cls)[number]

    @property
    def number(self) -> int:
        """The number that a contract means by this member."""
        return list(type(self)).index(self)


class State(ChainEnum):
    """Where a model stands (`KillSwitch`)."""

    INACTIVE = "Inactive"
    ACTIVE = "Active"
    SUSPENDED = "Suspended"
    PAUSED = "Paused"
    RETIRED = "Retired"


class Oversight(ChainEnum):
    """How well a model is watched; it halts nothing by itself."""

    HEALTHY = "Healthy"
    BREACHED = "Breached"
    STALE = "Stale"
    DISPUTED = "Disputed"


class CaseKind(ChainEnum):
    """What opened a case."""

    BREACH = "Breach"
    GUARDIAN = "Guardian"
    STALE = "Stale"
    HOLDER_PAUSE = "HolderPause"
    HOLDER_RESUME = "HolderResume"


class Outcome(ChainEnum):
    """How a case stands."""

    OPEN = "Open"
    UPHELD = "Upheld"
    REJECTED = "Rejected"
    LAPSED = "Lapsed"


class Severity(ChainEnum):
    """What a hit of a rule leads to."""

    WARN = "Warn"
    VOTE = "Vote"
    TRIP = "Trip"


class Stage(ChainEnum):
    """Where a rule is judged."""

    ALWAYS = "Always"
    PRODUCTION = "Production"
    EVALUATION = "Evaluation"


class Op(ChainEnum):
    """On which side of its limit a value is a hit; both are strict."""

    ABOVE = ">"
    BELOW = "<"


class ProposalState(ChainEnum):
    """Where a proposal stands (OpenZeppelin's order)."""

    PENDING = "Pending"
    ACTIVE = "Active"
    CANCELED = "Canceled"
    DEFEATED = "Defeated"
    SUCCEEDED = "Succeeded"
    QUEUED = "Queued"
    EXPIRED = "Expired"
    EXECUTED = "Executed"


class Support(ChainEnum):
    """A ballot's choice (OpenZeppelin's order)."""

    AGAINST = "Against"
    FOR = "For"
    ABSTAIN = "Abstain"


class OperationState(ChainEnum):
    """Where an operation of the timelock stands (OpenZeppelin's order)."""

    UNSET = "Unset"
    WAITING = "Waiting"
    READY = "Ready"
    DONE = "Done"
