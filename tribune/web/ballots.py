"""What the API of ballots does alike in both lanes: take one, give the message to sign, say how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.cases.view import read_power
from tribune.ballots.checks import BallotInvalidError, check_open, check_reason
from tribune.ballots.own_vote import coins, plan_own_vote, why_own_vote_failed
from tribune.ballots.queue import BallotStatus, accept_ballot, ballot_status
from tribune.ballots.typed_data import SignedBallot, Support, ballot_typed_data, parse_signature
from tribune.language import _, plural
from tribune.web.problems import NotFoundError
from tribune.web.site import Site, parse_address
from tribune.web.words import percent

if TYPE_CHECKING:
    from tribune.ballots.vote import Vote
    from tribune.ids import Address

NO_STORE = {"Cache-Control": "no-store"}


async def take_ballot(site: Site, vote: Vote, body: Mapping[str, Any], address: str) -> Response:
    """Check a signed ballot and queue it; `address` is the vote's in the API.

    Raises:
        BallotRefusedError, BadRequestError, SignatureError: it would not count, or is none.
    """
    voter = parse_address(body.get("voter"))
    support, reason = body.get("support"), body.get("reason") or ""
    if not isinstance(support, int) or isinstance(support, bool) or not isinstance(reason, str):
        raise BallotInvalidError(
            _("A ballot has a choice and may have a reason."),
            mend=_('Send "support": 0 (against), 1 (for) or 2 (abstain), and "reason" as text.'),
        )
    ballot = SignedBallot(vote.proposal_id, voter, support, reason, parse_signature(body.get("signature")))
    status = await accept_ballot(site.store, site.contracts, vote, ballot, site.limits)
    answer = {**status_json(vote, status), "ballot": f"{address}/{voter}"}
    return JSONResponse(answer, status_code=202, headers=NO_STORE)


def message_file(vote: Vote, asked: Mapping[str, str], name: str, nonce: int = 0) -> Response:
    """Return a ballot's typed data as a file that any tool which knows EIP-712 signs as it is.

    Raises:
        BallotRefusedError, BadRequestError: there is nothing to sign, or what was asked for is no ballot.
    """
    voter, support, reason = _asked(asked)
    check_reason(reason)
    check_open(vote)
    parts = (vote.chain_id, vote.governor, vote.proposal_id, voter, support, reason)
    data = ballot_typed_data(*parts, lane=vote.lane, nonce=nonce)
    disposition = f'attachment; filename="{name}"'
    return JSONResponse(data, headers=NO_STORE | {"Content-Disposition": disposition})


async def transaction(site: Site, vote: Vote, asked: Mapping[str, str]) -> Response:
    """Return the transaction by which a voter's own wallet votes, and about what it costs.

    Raises:
        BallotRefusedError, BadRequestError, RevertedError: it would not count, or cannot be paid.
    """
    voter, support, reason = _asked(asked)
    coin = site.network.coin
    own = await plan_own_vote(site.contracts, vote, voter, support, reason, coin)
    body = {
        "transaction": {"to": own.call.to, "data": "0x" + own.call.data.hex(), "value": "0x0"},
        "fee": str(own.fee),
        "fee_text": coins(own.fee, coin),
    }
    return JSONResponse(body, headers=NO_STORE)


async def where_it_stands(site: Site, vote: Vote, text: str, asked: Mapping[str, str]) -> Response:
    """Return where a voter's ballot stands; with `tx` where that transaction of its own wallet stands.

    Raises:
        BadRequestError: the voter is no address.
        NotFoundError: it has not voted, and has sent nothing.
    """
    voter = parse_address(text)
    status = await ballot_status(site.store, site.contracts, vote, voter)
    if "tx" in asked and (status is None or status.status != "mined"):
        why = await why_own_vote_failed(site.contracts, vote, asked["tx"])
        body = {"status": "refused" if why else "sent", "voter": voter, "error": why or None}
        return JSONResponse(body, headers=NO_STORE)
    if status is None:
        raise NotFoundError(_("{voter} has not voted on this.").format(voter=voter))
    return JSONResponse(status_json(vote, status), headers=NO_STORE)


async def voter_json(site: Site, vote: Vote, voter: Address) -> dict[str, Any]:
    """Return a voter's power, and where its ballot stands."""
    power, voted = await read_power(site.contracts, voter, vote)
    status = await ballot_status(site.store, site.contracts, vote, voter)
    return {
        "voter": voter,
        "power": str(power),
        "power_text": power_text(vote, power),
        "has_voted": voted,
        # One that was refused is none: its voter may sign again.
        "ballot": None if status is None or status.status == "refused" else status_json(vote, status),
    }


def tally_json(vote: Vote) -> dict[str, Any]:
    """Return votes so far, as numbers and in words."""
    tally = vote.tally
    parts = (("for", tally.for_), ("against", tally.against), ("abstain", tally.abstain))
    return {
        "tally": {
            **{name: str(amount) for name, amount in parts},
            "quorum": str(tally.quorum),
            "super_quorum": None if tally.super_quorum is None else str(tally.super_quorum),
            "supply": str(tally.supply),
        },
        "tally_text": {
            name: f"{vote.votes(amount)} ({percent(tally.percent(amount))})" for name, amount in parts
        },
    }


def votes_text(vote: Vote, amount: int) -> str:
    """Return an amount as people count votes: "12,400 votes"."""
    return plural("{n} vote", "{n} votes", amount // 10**vote.decimals).format(n=vote.votes(amount))


def power_text(vote: Vote, power: int) -> str:
    """Return what a wallet's votes are worth: "12,400 votes (4.1 %)"."""
    if not power:
        return _("no votes")
    return f"{votes_text(vote, power)} ({percent(vote.tally.percent(power))})"


def status_json(vote: Vote, status: BallotStatus) -> dict[str, Any]:
    """Return where a ballot stands as the API tells it."""
    return {
        "status": status.status,
        "voter": status.voter,
        "support": status.support,
        "choice": Support(status.support).word,
        "weight": str(status.weight),
        "weight_text": votes_text(vote, status.weight),
        "tx": status.tx or None,
        "block": status.block or None,
        "error": status.error or None,
    }


def _asked(asked: Mapping[str, str]) -> tuple[Address, int, str]:
    """Return voter, choice and reason of a query."""
    voter = parse_address(asked.get("voter"))
    support, reason = asked.get("support", ""), asked.get("reason", "")
    if support not in {str(int(one)) for one in Support}:
        raise BallotInvalidError(
            _("A ballot has a choice and may have a reason."),
            mend=_("Ask with support=0 (against), 1 (for) or 2 (abstain)."),
        )
    return voter, int(support), reason
