"""`TribuneToken`: votes, delegation, balances, in the token's smallest units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Contract, Located
from tribune.chain.types import ContractCall, Log
from tribune.ids import Address


@dataclass(frozen=True, slots=True)
class DelegateChanged(Located):
    """A holder gave its votes to another account."""

    delegator: Address
    previous: Address
    current: Address


@dataclass(frozen=True, slots=True)
class DelegateVotesChanged(Located):
    """An account's votes changed."""

    delegate: Address
    previous: int
    current: int


def _delegate_changed(log: Log, **raw: Any) -> DelegateChanged:
    return DelegateChanged(
        log=log, delegator=raw["delegator"], previous=raw["from_delegate"], current=raw["to_delegate"]
    )


def _delegate_votes_changed(log: Log, **raw: Any) -> DelegateVotesChanged:
    return DelegateVotesChanged(
        log=log, delegate=raw["delegate"], previous=raw["previous_votes"], current=raw["new_votes"]
    )


class Token(Contract):
    """Reads and calls of `TribuneToken`, or of any token with its interface."""

    NAME: ClassVar[str] = "TribuneToken"
    EVENTS: ClassVar = {
        "DelegateChanged": _delegate_changed,
        "DelegateVotesChanged": _delegate_votes_changed,
    }

    async def symbol(self) -> str:
        """Return its symbol."""
        return str(await self._read("symbol"))

    async def decimals(self) -> int:
        """Return its decimals."""
        return int(await self._read("decimals"))

    async def balance(self, account: Address) -> int:
        """Return what an account holds."""
        return int(await self._read("balanceOf", account))

    async def votes(self, account: Address) -> int:
        """Return an account's votes now: delegated to it, not held by it."""
        return int(await self._read("getVotes", account))

    async def past_votes(self, account: Address, at: datetime) -> int:
        """Return an account's votes at a past time."""
        return int(await self._read("getPastVotes", account, int(at.timestamp())))

    async def supply(self) -> int:
        """Return the supply."""
        return int(await self._read("totalSupply"))

    async def past_supply(self, at: datetime) -> int:
        """Return the supply at a past time."""
        return int(await self._read("getPastTotalSupply", int(at.timestamp())))

    async def delegate_of(self, account: Address) -> Address:
        """Return who has an account's votes; the zero address if nobody, so that they do not count."""
        return Address(await self._read("delegates", account))

    def delegate(self, to: Address) -> ContractCall:
        """Give the sender's votes to an account; to itself to vote."""
        return self._call(f"delegate votes to {to}", "delegate", to)

    def transfer(self, to: Address, amount: int) -> ContractCall:
        """Send tokens, in smallest units."""
        return self._call(f"transfer tokens to {to}", "transfer", to, amount)
