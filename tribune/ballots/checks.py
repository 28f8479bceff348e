"""Check a ballot before it is queued, so that its voter hears at once why it would not count.

Everything here is checked again by the contract, which alone counts. A ballot is never changed: reason and
choice are what was signed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tribune.ballots.erc1271 import accepts_signature
from tribune.ballots.lane import Lane
from tribune.ballots.typed_data import SignedBallot, Support, ballot_digest, recover_signer
from tribune.ballots.view import VoteState, read_power
from tribune.exceptions import TribuneError
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.vote import Vote

REASON_LIMIT = 500
"""Characters of a reason: each byte of it is paid for in the relaying transaction."""


NONCES_LOOKED_AT = 8
"""How many used nonces are tried, to tell a signature that came too late from one of somebody else."""


class BallotRefusedError(TribuneError):
    """A ballot that would not count. `problem` names why, `status` is the HTTP status that fits."""

    problem = "ballot-refused"
    status = 422


class BallotInvalidError(BallotRefusedError):
    """No such choice, or a reason that cannot be taken."""

    problem = "ballot-invalid"
    status = 400


class WrongSignatureError(BallotRefusedError):
    """The signature is not the voter's, or not for this vote."""

    problem = "wrong-signature"
    status = 403


class StaleBallotError(BallotRefusedError):
    """The voter's wallet has signed another ballot of the slow lane since, which used up this one's nonce."""

    problem = "stale-ballot"
    status = 409


class NoPowerError(BallotRefusedError):
    """The voter held no votes at the snapshot."""

    problem = "no-voting-power"
    status = 403


class VoteNotOpenError(BallotRefusedError):
    """The vote takes no ballots now."""

    problem = "vote-not-open"
    status = 409


class AlreadyVotedError(BallotRefusedError):
    """The voter has voted, and a vote cannot be changed."""

    problem = "already-voted"
    status = 409


class ProposalMismatchError(BallotRefusedError):
    """What would run is not what the words say: nobody should sign it."""

    problem = "proposal-mismatch"
    status = 409


def check_form(ballot: SignedBallot, vote: Vote) -> None:
    """Check what can be checked without the chain.

    Raises:
        BallotInvalidError, ProposalMismatchError, VoteNotOpenError: as they say.
    """
    if ballot.support not in tuple(Support):
        raise BallotInvalidError(
            f"{ballot.support} is no choice.", mend="Send 0 (against), 1 (for) or 2 (abstain)."
        )
    check_reason(ballot.reason)
    if ballot.proposal_id != vote.proposal_id or not vote.proposal_id:
        raise VoteNotOpenError(
            "This case has no such vote.", mend="Open the case's page again and sign what it shows."
        )
    if vote.misleads:
        raise ProposalMismatchError(
            "What this vote would carry out is not what the case says, so we relay no ballot for it.",
            mend="Tell your DAO; the contracts still take ballots from anyone.",
        )
    check_open(vote)


def check_reason(reason: str) -> None:
    """Check a reason's length and characters.

    Raises:
        BallotInvalidError: too long, or with characters that nobody can see.
    """
    if len(reason) > REASON_LIMIT:
        raise BallotInvalidError(
            f"The reason has {len(reason)} characters.", mend=f"Use at most {REASON_LIMIT} and sign again."
        )
    if any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in reason):
        raise BallotInvalidError(
            "The reason holds control characters.", mend="Use plain text and sign again."
        )


def check_open(vote: Vote) -> None:
    """Check that the vote takes ballots.

    Raises:
        VoteNotOpenError: it does not, with what can be done.
    """
    if vote.state is VoteState.ACTIVE:
        return
    if vote.state is VoteState.PENDING and vote.snapshot is not None:
        raise VoteNotOpenError(
            f"Voting begins after {vote.snapshot:%H:%M:%S} UTC.",
            mend="Sign now and send it again in a moment.",
        )
    if vote.state is VoteState.NOT_OPENED and vote.open_until is not None:
        raise VoteNotOpenError(
            "The vote on this case is not open.",
            mend=f"Anyone can open it with openCase({vote.case_id}) until {vote.open_until:%H:%M:%S} UTC.",
        )
    raise VoteNotOpenError(
        f"This vote has ended ({vote.state}).", mend="Its result is on the page of the case."
    )


async def check_signature(
    contracts: VoteContracts, ballot: SignedBallot, lane: Lane = Lane.FAST, nonce: int = 0
) -> None:
    """Check that the voter signed, by key or by the voter's contract (ERC-1271), as the lane's governor does.

    Raises:
        StaleBallotError: it signed with a nonce that is used up.
        WrongSignatureError: neither signed.
        ChainUnreachableError: the voter's contract could not be asked.
    """

    def digest(of_nonce: int) -> bytes:
        return ballot_digest(
            contracts.chain.chain_id,
            contracts.governor_of(lane),
            ballot.proposal_id,
            ballot.voter,
            ballot.support,
            ballot.reason,
            lane=lane,
            nonce=of_nonce,
        )

    # OpenZeppelin asks an account that has code only as a contract; the fast lane tries its key first.
    by_key = lane is Lane.FAST or not await contracts.chain.code(ballot.voter)
    if by_key and recover_signer(digest(nonce), ballot.signature) == ballot.voter:
        return
    if await accepts_signature(contracts.chain, ballot.voter, digest(nonce), ballot.signature):
        return
    used = range(max(0, nonce - NONCES_LOOKED_AT), nonce)
    if any(recover_signer(digest(one), ballot.signature) == ballot.voter for one in used):
        raise StaleBallotError(
            _("This wallet has signed another ballot since, so this signature counts no more."),
            mend=_("Sign again: the page shows the message that counts now."),
        )
    raise WrongSignatureError(
        f"The signature is not from {ballot.voter} for this vote.",
        mend="Sign the message that the page shows, unchanged, with that wallet on chain "
        f"{contracts.chain.chain_id}.",
    )


async def check_power(contracts: VoteContracts, ballot: SignedBallot, vote: Vote) -> tuple[int, bool]:
    """Return the voter's votes at the snapshot, above 0, and whether it has voted.

    Raises:
        NoPowerError: it held none.
        ChainUnreachableError: the chain cannot be read.
    """
    power, voted = await read_power(contracts, ballot.voter, vote)
    if power == 0 and not voted:
        raise no_power(vote)
    return power, voted


def no_power(vote: Vote) -> NoPowerError:
    """Return why a wallet without votes cannot vote, and what helps next time."""
    when = f"{vote.snapshot:%Y-%m-%d %H:%M:%S} UTC" if vote.snapshot else "the vote's beginning"
    return NoPowerError(
        f"This wallet had no votes at {when}, when votes were counted.",
        mend="Tokens count once they are delegated, to yourself or somebody else: then in later votes.",
    )
