"""Who takes part in the demo: fresh keys, made up at each run and never written anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_account import Account
from eth_account.signers.local import LocalAccount

SHARES = (400_000, 250_000, 170_000, 100_000, 80_000)
"""Tokens of each holder: a million in all."""
VOTERS = ("ada", "ben", "cleo", "dina", "emil")
MONITORS = ("north", "south", "west")


@dataclass(frozen=True)
class Holder:
    """A token holder with the name that Discord knows."""

    name: str
    account: LocalAccount
    tokens: int


@dataclass(frozen=True)
class Actors:
    """Everybody with a key."""

    steward: LocalAccount
    logger: LocalAccount
    relayer: LocalAccount
    monitors: dict[str, LocalAccount]
    holders: tuple[Holder, ...]

    @classmethod
    def new(cls) -> Actors:
        """Make everybody up."""
        shares = zip(VOTERS, SHARES, strict=True)
        return cls(
            steward=Account.create(),
            logger=Account.create(),
            relayer=Account.create(),
            monitors={name: Account.create() for name in MONITORS},
            holders=tuple(Holder(name, Account.create(), tokens) for name, tokens in shares),
        )

    @property
    def accounts(self) -> Sequence[LocalAccount]:
        """All accounts, to be funded."""
        voters = (holder.account for holder in self.holders)
        return (self.steward, self.logger, self.relayer, *self.monitors.values(), *voters)


def key_environment(role: str, account: LocalAccount) -> dict[str, str]:
    """Return the environment by which one process gets the key of its role, and no other process does."""
    variable = f"TRIBUNE_DEMO_{role.upper()}_KEY"
    return {f"TRIBUNE_KEYS__{role.upper()}__ENV": variable, variable: "0x" + account.key.hex()}
