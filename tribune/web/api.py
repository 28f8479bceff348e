"""The ballots' API: what a wallet's script needs to vote, and where a ballot stands. Anyone may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.cases.result import Phase, phase_of
from tribune.ballots.cases.view import CaseVote
from tribune.ballots.typed_data import unsigned_ballot
from tribune.web.ballots import (
    NO_STORE,
    message_file,
    take_ballot,
    tally_json,
    transaction,
    voter_json,
    where_it_stands,
)
from tribune.web.site import Site, parse_address, read_json

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request


async def get_ballot(request: Request) -> Response:
    """`GET /api/ballots/{case_id}[?voter=0x…]`: the vote, typed data to sign, and a voter's power."""
    site: Site = request.app.state.site
    vote = await site.vote(request)
    body = vote_json(vote)
    if "voter" in request.query_params:
        voter = parse_address(request.query_params["voter"])
        body |= await voter_json(site, vote, voter)
    return JSONResponse(body, headers=NO_STORE)


async def post_ballot(request: Request) -> Response:
    """`POST /api/ballots/{case_id}`: check a signed ballot and queue it."""
    site: Site = request.app.state.site
    body = await read_json(request)
    vote = await site.vote(request)
    return await take_ballot(site, vote, body, f"/api/ballots/{vote.case_id}")


async def get_ballot_status(request: Request) -> Response:
    """`GET /api/ballots/{case_id}/{voter}[?tx=0x…]`: where a voter's ballot, or own transaction, stands."""
    site: Site = request.app.state.site
    vote = await site.vote(request)
    return await where_it_stands(site, vote, request.path_params["voter"], request.query_params)


async def get_transaction(request: Request) -> Response:
    """`GET /api/ballots/{case_id}/transaction?voter=0x…&support=1[&reason=…]`: what a wallet sends."""
    site: Site = request.app.state.site
    return await transaction(site, await site.vote(request), request.query_params)


def vote_json(vote: CaseVote) -> dict[str, Any]:
    """Return a vote as the API tells it; amounts are strings of token units."""
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
        "open": phase_of(vote) is Phase.OPEN and vote.call.matches,
        "evidence": vote.evidence,
        **tally_json(vote),
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
    return message_file(vote, request.query_params, f"ballot-{vote.case_id}.json")


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
