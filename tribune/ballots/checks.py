"""Check a ballot before it is queued, so that its voter hears at once why it would not count.

Everything here is checked again by the contract, which alone counts. A ballot is never changed: reason and
choice are what was signed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tribune.ballots.erc1271 import accepts_signature
from tribune.ballots.typed_data import SignedBallot, Support, ballot_digest, recover_signer
from tribune.ballots.view import CaseVote, VoteState, read_power
from tribune.exceptions import TribuneError

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts

REASON_LIMIT = 500
"""Characters of a reason: each byte of it is paid for in the relaying transaction."""


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


def check_form(ballot: SignedBallot, vote: CaseVote) -> None:
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
    if not vote.call.matches:
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


def check_open(vote: CaseVote) -> None:
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
    if vote.state is VoteState.NOT_OPENED:
        raise VoteNotOpenError(
            "The vote on this case is not open.",
            mend=f"Anyone can open it with openCase({vote.case_id}) until {vote.open_until:%H:%M:%S} UTC.",
        )
    raise VoteNotOpenError(
        f"This vote has ended ({vote.state}).", mend="Its result is on the page of the case."
    )


async def check_signature(contracts: VoteContracts, ballot: SignedBallot) -> None:
    """Check that the voter signed: by key first, then by the voter's contract (ERC-1271).

    Raises:
        WrongSignatureError: neither.
        ChainUnreachableError: the voter's contract could not be asked.
    """
    digest = ballot_digest(
        contracts.chain.chain_id,
        contracts.governor,
        ballot.proposal_id,
        ballot.voter,
        ballot.support,
        ballot.reason,
    )
    if recover_signer(digest, ballot.signature) == ballot.voter:
        return
    if await accepts_signature(contracts.chain, ballot.voter, digest, ballot.signature):
        return
    raise WrongSignatureError(
        f"The signature is not from {ballot.voter} for this vote.",
        mend="Sign the message that the page shows, unchanged, with that wallet on chain "
        f"{contracts.chain.chain_id}.",
    )


async def check_power(contracts: VoteContracts, ballot: SignedBallot, vote: CaseVote) -> tuple[int, bool]:
    """Return the voter's votes at the snapshot, above 0, and whether it has voted.

    Raises:
        NoPowerError: it held none.
        ChainUnreachableError: the chain cannot be read.
    """
    power, voted = await read_power(contracts, ballot.voter, vote)
    if power == 0 and not voted:
        raise no_power(vote)
    return power, voted


def no_power(vote: CaseVote) -> NoPowerError:
    """Return why a wallet without votes cannot vote, and what helps next time."""
    when = f"{vote.snapshot:%Y-%m-%d %H:%M:%S} UTC" if vote.snapshot else "the vote's beginning"
    return NoPowerError(
        f"This wallet had no votes at {when}, when votes were counted.",
        mend="Tokens count once they are delegated, to yourself or somebody else: then in later votes.",
    )
