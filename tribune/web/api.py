"""The ballots' API: what a wallet's script needs to vote, and where a ballot stands. Anyone may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.checks import BallotInvalidError
from tribune.ballots.queue import BallotStatus, accept_ballot, ballot_status
from tribune.ballots.typed_data import SignedBallot, Support, parse_signature, unsigned_ballot
from tribune.ballots.view import CaseVote, VoteState, read_power
from tribune.ids import CaseId
from tribune.web.problems import NotFoundError
from tribune.web.site import Site, parse_address, read_json

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
        share = vote.tally.percent(power)
        body |= {
            "voter": voter,
            "power": str(power),
            "power_text": f"{vote.votes(power)} votes ({share:.1f} %)" if power else "no votes",
            "has_voted": voted,
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
            "A ballot has a choice and may have a reason.",
            mend='Send "support": 0 (against), 1 (for) or 2 (abstain), and "reason" as text.',
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
        raise NotFoundError(f"{voter} has not voted on case {CaseId(vote.case_id)}.")
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
            name: f"{vote.votes(amount)} ({tally.percent(amount):.1f} %)"
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


def status_json(vote: CaseVote, status: BallotStatus) -> dict[str, Any]:
    """Return where a ballot stands as the API tells it."""
    return {
        "status": status.status,
        "voter": status.voter,
        "support": status.support,
        "choice": Support(status.support).word,
        "weight": str(status.weight),
        "weight_text": f"{vote.votes(status.weight)} votes",
        "tx": status.tx or None,
        "block": status.block or None,
        "error": status.error or None,
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
