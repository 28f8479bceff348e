"""Check a ballot before it is queued, so that its voter hears at once why it would not count.

Everything here is checked again by the contract, which alone counts. A ballot is never changed: reason and
choice are what was signed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tribune.ballots.cases.result import overtaken_words
from tribune.ballots.cases.view import VoteState, read_power
from tribune.ballots.erc1271 import accepts_signature
from tribune.ballots.lane import Lane
from tribune.ballots.typed_data import SignedBallot, Support, ballot_digest, recover_signer
from tribune.exceptions import TribuneError
from tribune.language import _, number

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.vote import Vote

REASON_LIMIT = 500
"""Characters of a reason: each byte of it is paid for in the relaying transaction."""


UNDEPLOYED = bytes.fromhex("6492" * 16)
"""How a signature ends whose contract is not on the chain yet (ERC-6492); no governor takes one."""
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
            _("{support} is no choice.").format(support=ballot.support),
            mend=_("Send 0 (against), 1 (for) or 2 (abstain)."),
        )
    check_reason(ballot.reason)
    if ballot.proposal_id != vote.proposal_id or not vote.proposal_id:
        raise VoteNotOpenError(
            _("There is no such vote."), mend=_("Open its page again and sign what it shows.")
        )
    if vote.misleads:
        raise ProposalMismatchError(
            _("What this vote would carry out is not what the page says, so we relay no ballot for it."),
            mend=_("Tell your DAO; the contracts still take ballots from anyone."),
        )
    check_open(vote)


def check_reason(reason: str) -> None:
    """Check a reason's length and characters.

    Raises:
        BallotInvalidError: too long, or with characters that nobody can see.
    """
    if len(reason) > REASON_LIMIT:
        raise BallotInvalidError(
            _("The reason has {n} characters.").format(n=number(len(reason))),
            mend=_("Use at most {limit} and sign again.").format(limit=number(REASON_LIMIT)),
        )
    if any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in reason):
        raise BallotInvalidError(
            _("The reason holds control characters."), mend=_("Use plain text and sign again.")
        )


def check_open(vote: Vote) -> None:
    """Check that the vote takes ballots.

    Raises:
        VoteNotOpenError: it does not, with what can be done.
    """
    if vote.overtaken:
        raise VoteNotOpenError(overtaken_words(), mend=_("Its page says how it went."))
    if vote.state is VoteState.ACTIVE:
        return
    if vote.state is VoteState.PENDING and vote.snapshot is not None:
        raise VoteNotOpenError(
            _("Voting begins after {time} UTC.").format(time=f"{vote.snapshot:%H:%M:%S}"),
            mend=_("Sign now and send it again in a moment."),
        )
    if vote.state is VoteState.NOT_OPENED and vote.open_until is not None:
        raise VoteNotOpenError(
            _("The vote on this case is not open."),
            mend=_("Anyone can open it with {call} until {time} UTC.").format(
                call=f"openCase({vote.case_id})", time=f"{vote.open_until:%Y-%m-%d %H:%M:%S}"
            ),
        )
    raise VoteNotOpenError(_("This vote has ended."), mend=_("Its page says how it went."))


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
    if ballot.signature.endswith(UNDEPLOYED):
        raise WrongSignatureError(
            _(
                "The wallet {voter} is a contract that is not on the chain yet, so nobody can check it."
            ).format(voter=ballot.voter),
            mend=_("Send any transaction with it first; that puts it on the chain."),
        )
    raise WrongSignatureError(
        _("The signature is not from {voter} for this vote.").format(voter=ballot.voter),
        mend=_("Sign the message that the page shows, unchanged, with that wallet on chain {chain}.").format(
            chain=contracts.chain.chain_id
        ),
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
    if vote.snapshot is None:
        text = _("This wallet has no votes.")
    else:
        text = _("This wallet had no votes at {time} UTC, when votes were counted.").format(
            time=f"{vote.snapshot:%Y-%m-%d %H:%M:%S}"
        )
    mend = _("Tokens count once they are delegated, to yourself or somebody else: then in later votes.")
    return NoPowerError(text, mend=mend)
