"""Vote by a transaction of the voter's own: what its wallet sends, what that costs, how it went.

For who was refused by the relayer, or wants to owe it nothing. The wallet signs and sends; nothing here does,
and nothing is kept: the chain tells who has voted, whoever brought the vote there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import VoteState
from tribune.ballots.checks import AlreadyVotedError, BallotRefusedError, check_form, check_power
from tribune.ballots.typed_data import SignedBallot
from tribune.chain.types import COIN, base_fee_of
from tribune.language import _, number

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.vote import Vote
    from tribune.chain.types import ContractCall
    from tribune.ids import Address

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


class NoCoinsError(BallotRefusedError):
    """The voter's wallet cannot pay the fee of its own transaction."""

    problem = "no-coins"
    status = 409


@dataclass(frozen=True)
class OwnVote:
    """A transaction that votes.

    Args:
        call: what the voter's wallet sends.
        fee: what the network takes for it at today's price, in wei.
    """

    call: ContractCall
    fee: int


async def plan_own_vote(
    contracts: VoteContracts, vote: Vote, voter: Address, support: int, reason: str, coin: str
) -> OwnVote:
    """Return what a voter's wallet would send, once it was tried on the chain in its name.

    Args:
        contracts: the chain.
        vote: what is voted on.
        voter: whose wallet sends it.
        support: its choice.
        reason: its reason; may be empty.
        coin: symbol of the chain's coin.

    Raises:
        BallotRefusedError: it would not count, or the wallet cannot pay for it.
        RevertedError: the governor would refuse it for another reason.
        ChainUnreachableError: it could not be tried.
    """
    ballot = SignedBallot(vote.proposal_id, voter, support, reason, b"")
    check_form(ballot, vote)
    _votes, voted = await check_power(contracts, ballot, vote)
    if voted:
        raise AlreadyVotedError(_("This wallet has already voted."), mend=_("A vote cannot be changed."))
    function, words = ("castVoteWithReason", (reason,)) if reason else ("castVote", ())
    call = contracts.call(vote.lane, function, vote.proposal_id, support, *words, description="vote")
    await contracts.chain.call(call, sender=voter)
    return OwnVote(call, await _fee(contracts, call, voter, coin))


async def why_own_vote_failed(contracts: VoteContracts, vote: Vote, tx_hash: str) -> str:
    """Return why a transaction of a voter's own did not count; empty where nothing says that it failed.

    Raises:
        ChainUnreachableError: could not look.
    """
    receipt = await contracts.chain.receipt(tx_hash) if _HASH.fullmatch(tx_hash) else None
    if receipt is None or receipt.succeeded:
        return ""
    text = _("Your transaction failed in block {block}: it did not count, and its fee is spent.").format(
        block=receipt.block_number
    )
    if vote.state is VoteState.ACTIVE:
        return text + " " + _("Look in your wallet why; you may try again.")
    return text + " " + _("The vote has ended.")


def coins(wei: int, coin: str) -> str:
    """Return an amount of the chain's coin with two digits that say something: "0.000082 ETH"."""
    digits = 2 if wei >= COIN // 10 else 20 - len(str(wei))
    return f"{number(wei / COIN, digits if wei else 0)} {coin}"


async def _fee(contracts: VoteContracts, call: ContractCall, voter: Address, coin: str) -> int:
    """Return what a call costs at least.

    Raises:
        NoCoinsError: the wallet has less.
    """
    chain = contracts.chain
    mend = _("Send it some, or sign instead: that is free while we pay.")
    balance = await chain.balance(voter)
    # For a contract others may pay: its owners, or a paymaster.
    pays = not await chain.code(voter)
    if pays and not balance:
        raise NoCoinsError(
            _("This wallet has no {coin} to pay the network's fee with.").format(coin=coin), mend=mend
        )
    most, tip = await chain.fees()
    fee = await chain.estimate(call, voter) * (base_fee_of(most, tip) + tip)
    if pays and balance < fee:
        raise NoCoinsError(
            _("This wallet holds {balance}, and the network's fee is about {fee}.").format(
                balance=coins(balance, coin), fee=coins(fee, coin)
            ),
            mend=mend,
        )
    return fee
