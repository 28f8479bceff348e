"""What a wallet's votes are, now and when a vote counted them, and why there are none.

Votes are the delegate's, not the holder's: tokens count for whoever they are delegated to, from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import counted_votes
from tribune.chain.types import ZERO_ADDRESS
from tribune.ids import Address
from tribune.language import _, plural

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts

_READS = ("balanceOf", "getVotes", "delegates")


@dataclass(frozen=True)
class Standing:
    """A wallet's tokens and votes at one block.

    Args:
        wallet: whose.
        balance: tokens that it holds, in smallest units.
        votes: votes that it can cast from now on, its own and others'.
        delegate: who votes with its tokens; the zero address if nobody.
        supply: all tokens.
        decimals: of the token.
        at: the block's time.
    """

    wallet: Address
    balance: int
    votes: int
    delegate: Address
    supply: int
    decimals: int
    at: datetime

    @property
    def share(self) -> float:
        """Its votes as percent of all tokens."""
        return 100 * self.votes / self.supply if self.supply else 0.0

    @property
    def is_delegated(self) -> bool:
        """Whether anybody can vote with its tokens."""
        return self.delegate != ZERO_ADDRESS

    @property
    def tokens(self) -> str:
        """What it holds, with its noun: "12,400 tokens"."""
        one = self.balance == 10**self.decimals
        return plural("{n} token", "{n} tokens", 1 if one else 2).format(n=self.shown(self.balance))

    def shown(self, amount: int) -> str:
        """Return an amount as people count votes: "12,400"."""
        return counted_votes(amount, self.decimals)


async def read_standings(contracts: VoteContracts, wallets: Sequence[Address]) -> list[Standing]:
    """Return what wallets hold and may cast, at one block.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    head = await contracts.chain.head()
    reads = [("TribuneToken", read, (wallet,)) for wallet in wallets for read in _READS]
    supply, decimals, *found = await contracts.read(
        ("TribuneToken", "totalSupply", ()), ("TribuneToken", "decimals", ()), *reads, block=head.number
    )
    return [
        Standing(wallet, balance, votes, delegate, supply, decimals, head.time)
        for wallet, balance, votes, delegate in zip(wallets, *(found[i::3] for i in range(3)), strict=True)
    ]


def why_none(standing: Standing, who: str) -> str:
    """Return why a wallet has no votes now, and what helps.

    Args:
        standing: of the wallet.
        who: its delegate as it is shown.
    """
    if not standing.balance:
        return _("It holds no tokens, and nobody has delegated votes to it.")
    if not standing.is_delegated:
        return _(
            "It holds {tokens}, but tokens count only once they are delegated, to yourself or to "
            "somebody you trust; then they count in the votes that begin later."
        ).format(tokens=standing.tokens)
    return _("The votes of its {tokens} are delegated to {who}, who votes with them.").format(
        tokens=standing.tokens, who=who
    )


def why_none_then(standing: Standing, who: str, delegated_at: str | None) -> str:
    """Return why a wallet had no votes when a vote counted them.

    Args:
        standing: of the wallet, now.
        who: its delegate as it is shown.
        delegated_at: when it was delegated last, as it is shown, where that was after the count; else None.
    """
    if delegated_at is not None:
        return _(
            "It was delegated {when}, after this vote counted; it counts in the votes that begin later."
        ).format(when=delegated_at)
    if standing.votes:
        return _("Its votes came after this vote counted; they count in the votes that begin later.")
    return why_none(standing, who)
