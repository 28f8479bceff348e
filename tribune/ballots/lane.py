"""The two lanes in which holders vote, by the governor of each. Both take OpenZeppelin's own ballots."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """A governor, by its contract's name."""

    FAST = "PauseGovernor"
    """Pause and resume: many ballots go in one transaction, and their nonce stays 0."""
    SLOW = "OversightGovernor"
    """Everything else: each ballot is a transaction, and uses up a nonce of its voter."""

    @property
    def domain(self) -> str:
        """Name of its EIP-712 domain."""
        return f"Tribune {self.value}"
