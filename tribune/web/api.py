"""The ballots' API: what a wallet's script needs to vote, and where a ballot stands. Anyone may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.checks import BallotInvalidError, check_open, check_reason
from tribune.ballots.queue import BallotStatus, accept_ballot, ballot_status
from tribune.ballots.typed_data import (
    SignedBallot,
    Support,
    ballot_typed_data,
    parse_signature,
    unsigned_ballot,
)
from tribune.ballots.view import CaseVote, VoteState, read_power
from tribune.language import _, plural
from tribune.web.problems import NotFoundError
from tribune.web.site import Site, parse_address, read_json
from tribune.web.words import percent

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

_NO_STORE = {"Cache-Control": "no-store"}


async def get_ballot(request: Request) -> Response:
    """`GET /api/ballots/{case_id}[?voter=0x…]`: the vote, typed data to sign, and a voter's power."""
    site: Site = request.app.state.site
    vote = await site.vote(request)
    body = vote_json(vote)
    if "voter" in request.query_params:
        voter = parse_address(request.query_params["voter"])
        power, voted = await read_power(site.contracts, voter, vote)
        status = await ballot_status(site.store, site.contracts, vote, voter)
        body |= {
            "voter": voter,
            "power": str(power),
            "power_text": power_text(vote, power),
            "has_voted": voted,
            "ballot": None if status is None or status.status == "refused" else status_json(vote, status),
        }
    return JSONResponse(body, headers=_NO_STORE)


async def post_ballot(request: Request) -> Response:
    """`POST /api/ballots/{case_id}`: check a signed ballot and queue it."""
    site: Site = request.app.state.site
    body = await read_json(request)
    vote = await site.vote(request)
    voter = parse_address(body.get("voter"))
    support, reason = body.get("support"), body.get("reason") or ""
    if not isinstance(support, int) or isinstance(support, bool) or not isinstance(reason, str):
        raise BallotInvalidError(
            _("A ballot has a choice and may have a reason."),
            mend=_('Send "support": 0 (against), 1 (for) or 2 (abstain), and "reason" as text.'),
        )
    ballot = SignedBallot(vote.proposal_id, voter, support, reason, parse_signature(body.get("signature")))
    status = await accept_ballot(site.store, site.contracts, vote, ballot, site.limits)
    return JSONResponse(
        {**status_json(vote, status), "ballot": f"/api/ballots/{vote.case_id}/{voter}"},
        status_code=202,
        headers=_NO_STORE,
    )


async def get_ballot_status(request: Request) -> Response:
    """`GET /api/ballots/{case_id}/{voter}`: where a voter's ballot stands."""
    site: Site = request.app.state.site
    voter = parse_address(request.path_params["voter"])
    vote = await site.vote(request)
    status = await ballot_status(site.store, site.contracts, vote, voter)
    if status is None:
        raise NotFoundError(_("{voter} has not voted on case {case}.").format(voter=voter, case=vote.case_id))
    return JSONResponse(status_json(vote, status), headers=_NO_STORE)


def vote_json(vote: CaseVote) -> dict[str, Any]:
    """Return a vote as the API tells it; amounts are strings of token units."""
    tally = vote.tally
    body: dict[str, Any] = {
        "case_id": vote.case_id,
        "proposal_id": str(vote.proposal_id),
        "model": {"id": vote.model.id, "name": vote.model.name, "version": vote.model.version},
        "model_state": vote.model.state,
        "kind": vote.kind,
        "question": vote.question,
        "why": vote.why,
        "for": vote.if_for,
        "against": vote.if_against,
        "abstain": vote.if_abstain,
        "call": {
            "contract": vote.call.contract,
            "address": vote.call.address,
            "function": vote.call.function,
            "arguments": {name: str(value) for name, value in vote.call.arguments.items()},
            "text": vote.call.text,
            "matches": vote.call.matches,
        },
        "chain_id": vote.chain_id,
        "governor": vote.governor,
        "snapshot": _iso(vote.snapshot),
        "deadline": _iso(vote.deadline),
        "state": vote.state,
        "open": vote.state is VoteState.ACTIVE and vote.call.matches,
        "evidence": vote.evidence,
        "tally": {
            "for": str(tally.for_),
            "against": str(tally.against),
            "abstain": str(tally.abstain),
            "quorum": str(tally.quorum),
            "super_quorum": None if tally.super_quorum is None else str(tally.super_quorum),
            "supply": str(tally.supply),
        },
        "tally_text": {
            name: f"{vote.votes(amount)} ({percent(tally.percent(amount))})"
            for name, amount in (("for", tally.for_), ("against", tally.against), ("abstain", tally.abstain))
        },
        "block": vote.block,
    }
    if vote.proposal_id:
        domain = (vote.chain_id, vote.governor, vote.proposal_id)
        body["typed_data"] = {
            "ballot": unsigned_ballot(*domain),
            "extended_ballot": unsigned_ballot(*domain, extended=True),
        }
    return body


async def get_message(request: Request) -> Response:
    """`GET /api/ballots/{case_id}/message?voter=0x…&support=1[&reason=…]`: the typed data, as a file to sign.

    Complete, so that any tool that knows EIP-712 signs it as it is.
    """
    site: Site = request.app.state.site
    vote = await site.vote(request)
    asked = request.query_params
    voter = parse_address(asked.get("voter"))
    support, reason = asked.get("support", ""), asked.get("reason", "")
    if support not in {str(int(one)) for one in Support}:
        raise BallotInvalidError(
            _("A ballot has a choice and may have a reason."),
            mend=_("Ask with support=0 (against), 1 (for) or 2 (abstain)."),
        )
    check_reason(reason)
    check_open(vote)
    data = ballot_typed_data(
        vote.chain_id, vote.governor, vote.proposal_id, voter, int(support), reason, lane=vote.lane
    )
    name = f'attachment; filename="ballot-{vote.case_id}.json"'
    return JSONResponse(data, headers=_NO_STORE | {"Content-Disposition": name})


def votes_text(vote: CaseVote, amount: int) -> str:
    """Return an amount as people count votes: "12,400 votes"."""
    return plural("{n} vote", "{n} votes", amount // 10**vote.decimals).format(n=vote.votes(amount))


def power_text(vote: CaseVote, power: int) -> str:
    """Return what a wallet's votes are worth: "12,400 votes (4.1 %)"."""
    if not power:
        return _("no votes")
    return f"{votes_text(vote, power)} ({percent(vote.tally.percent(power))})"


def status_json(vote: CaseVote, status: BallotStatus) -> dict[str, Any]:
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


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
