"""Proposals of the slow lane: the page and the ballot of one, the page of a draft, and JSON beside both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.cases.view import VoteState
from tribune.ballots.checks import REASON_LIMIT
from tribune.ballots.queue import next_nonce
from tribune.ballots.slow_lane.drafts import Draft, read_draft
from tribune.ballots.slow_lane.proposals import (
    ProposalVote,
    find_proposal,
    read_proposal,
)
from tribune.ballots.slow_lane.proposer import read_proposer
from tribune.ballots.typed_data import unsigned_ballot
from tribune.language import _
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
from tribune.web.voters import voters_of

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from tribune.ballots.slow_lane.decided import CallWords
    from tribune.ids import Address


async def get_page(request: Request) -> Response:
    """`GET /p/{number}`: a proposal with its ballot, readable without a script."""
    site: Site = request.app.state.site
    vote = await _vote(site, request)
    return await site.page(
        "proposal.html",
        vote=vote,
        votable=vote.state in (VoteState.PENDING, VoteState.ACTIVE) and not vote.misleads,
        state=state_words(vote),
        voters=await voters_of(site, vote, request),
        reason_limit=REASON_LIMIT,
        phones=site.phone_links(f"/p/{vote.number}"),
    )


async def get_draft_page(request: Request) -> Response:
    """`GET /p/draft/{draft_id}`: what would be proposed, and where a wallet sends it."""
    site: Site = request.app.state.site
    draft = await _draft(site, request)
    return await site.page("draft.html", draft=draft, phones=site.phone_links(f"/p/draft/{draft.draft_id}"))


async def get_proposal(request: Request) -> Response:
    """`GET /api/proposals/{number}[?voter=0x…]`: the proposal, typed data to sign, and a voter's power."""
    site: Site = request.app.state.site
    vote = await _vote(site, request)
    body = proposal_json(vote)
    if "voter" in request.query_params:
        body |= await _voter_json(site, vote, parse_address(request.query_params["voter"]))
    return JSONResponse(body, headers=NO_STORE)


async def post_ballot(request: Request) -> Response:
    """`POST /api/proposals/{number}`: check a signed ballot and queue it."""
    site: Site = request.app.state.site
    body = await read_json(request)
    vote = await _vote(site, request)
    return await take_ballot(site, vote, body, f"/api/proposals/{vote.number}")


async def get_message(request: Request) -> Response:
    """`GET /api/proposals/{number}/message?voter=0x…&support=1[&reason=…]`: typed data, as a file to sign."""
    site: Site = request.app.state.site
    vote = await _vote(site, request)
    voter = parse_address(request.query_params.get("voter"))
    nonce = await next_nonce(site.store, site.contracts, vote, voter)
    return message_file(vote, request.query_params, f"ballot-proposal-{vote.number}.json", nonce)


async def get_ballot_status(request: Request) -> Response:
    """`GET /api/proposals/{number}/{voter}[?tx=0x…]`: where a voter's ballot, or own transaction, stands."""
    site: Site = request.app.state.site
    vote = await _vote(site, request)
    return await where_it_stands(site, vote, request.path_params["voter"], request.query_params)


async def get_transaction(request: Request) -> Response:
    """`GET /api/proposals/{number}/transaction?voter=0x…&support=1[&reason=…]`: what a wallet sends."""
    site: Site = request.app.state.site
    return await transaction(site, await _vote(site, request), request.query_params)


async def get_draft(request: Request) -> Response:
    """`GET /api/drafts/{draft_id}[?proposer=0x…]`: a draft, and the transaction that sends it."""
    site: Site = request.app.state.site
    draft = await _draft(site, request)
    body = draft_json(draft)
    if "proposer" in request.query_params:
        wallet = parse_address(request.query_params["proposer"])
        found = await read_proposer(site.store, site.contracts, draft, wallet)
        body |= {
            "proposer": wallet,
            "votes": str(found.votes),
            "threshold": str(found.threshold),
            "power_text": _("{votes} votes; {needed} are needed").format(
                votes=found.votes_text(found.votes), needed=found.votes_text(found.threshold)
            ),
            "refusal": found.refusal or None,
            "transaction": {"to": found.call.to, "data": "0x" + found.call.data.hex(), "value": "0x0"},
            "proposal_id": str(found.proposal_id),
            "number": found.number or None,
            "page": f"/p/{found.number}" if found.number else None,
        }
    return JSONResponse(body, headers=NO_STORE)


def state_words(vote: ProposalVote) -> str:
    """Return where a proposal stands, in a sentence; times stand beside it."""
    return {
        VoteState.NOT_OPENED: "",
        VoteState.PENDING: _("Voting has not begun yet."),
        VoteState.ACTIVE: _("Voting is open."),
        VoteState.CANCELED: _("Its proposer has withdrawn it."),
        VoteState.DEFEATED: _("The vote has not passed."),
        VoteState.SUCCEEDED: _("The vote has passed, and anyone can put it into the timelock."),
        VoteState.QUEUED: _("The vote has passed, and it waits in the timelock."),
        VoteState.EXPIRED: _("The vote passed, but nobody carried it out in time."),
        VoteState.EXECUTED: _("The vote has passed, and it was carried out."),
    }[vote.state]


def proposal_json(vote: ProposalVote) -> dict[str, Any]:
    """Return a proposal as the API tells it; amounts are strings of token units."""
    return {
        "number": vote.number,
        "proposal_id": str(vote.proposal_id),
        "title": vote.title,
        "calls": [_call_json(call) for call in vote.calls],
        "claim": vote.claim,
        "proposer": vote.proposed.proposer,
        "chain_id": vote.chain_id,
        "governor": vote.governor,
        "snapshot": _iso(vote.snapshot),
        "deadline": _iso(vote.deadline),
        "eta": _iso(vote.eta),
        "state": vote.state,
        "open": vote.state is VoteState.ACTIVE and not vote.misleads,
        "backtest": vote.proposed.backtest,
        "backtest_fits": vote.backtest_fits,
        **tally_json(vote),
        "block": vote.block,
    }


def draft_json(draft: Draft) -> dict[str, Any]:
    """Return a draft as the API tells it."""
    return {
        "title": draft.title,
        "kind": draft.kind,
        "calls": [_call_json(call) for call in draft.calls],
        "failures": [failure or None for failure in draft.failures],
        "works": draft.works,
        "description": draft.proposal.description,
        "backtest": draft.backtest,
        "backtest_fits": draft.backtest_fits,
    }


async def _vote(site: Site, request: Request) -> ProposalVote:
    found = await find_proposal(site.store, site.contracts, request.path_params["number"])
    return await read_proposal(site.contracts, site.documents, found)


async def _draft(site: Site, request: Request) -> Draft:
    return await read_draft(site.store, site.contracts, site.documents, request.path_params["draft_id"])


async def _voter_json(site: Site, vote: ProposalVote, voter: Address) -> dict[str, Any]:
    nonce = await next_nonce(site.store, site.contracts, vote, voter)
    domain = (vote.chain_id, vote.governor, vote.proposal_id)
    return {
        **await voter_json(site, vote, voter),
        "typed_data": {
            "ballot": unsigned_ballot(*domain, lane=vote.lane, nonce=nonce),
            "extended_ballot": unsigned_ballot(*domain, extended=True, lane=vote.lane, nonce=nonce),
        },
    }


def _call_json(call: CallWords) -> dict[str, Any]:
    return {
        "title": call.title,
        "words": list(call.lines),
        "known": call.known,
        "contract": call.contract,
        "address": call.address,
        "function": call.function,
        "text": call.text,
        "value": str(call.value),
        "data": "0x" + call.data.hex(),
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat().replace("+00:00", "Z")
