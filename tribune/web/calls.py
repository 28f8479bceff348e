"""Holders' calls for a vote: the page on which one is read and signed, and its API. Anyone may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.holders.progress import power_of
from tribune.ballots.holders.refusals import CallMismatchError, CallNotPossibleError
from tribune.ballots.holders.signing import accept_signature
from tribune.ballots.holders.view import CallView, read_call, try_call
from tribune.ballots.typed_data import parse_signature
from tribune.language import _
from tribune.store.states import CallState
from tribune.web.problems import NotFoundError
from tribune.web.site import Site, parse_address, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

_NO_STORE = {"Cache-Control": "no-store"}


async def get_page(request: Request) -> Response:
    """`GET /c/{call_id}`: a call, readable without a script."""
    site: Site = request.app.state.site
    view = await _read(site, request)
    simulation, refused = None, None
    if view.progress.state is CallState.COLLECTING:
        try:
            simulation = await try_call(site.contracts, view)
        except (CallNotPossibleError, CallMismatchError) as fault:
            refused = fault
    return await site.page(
        "call.html",
        view=view,
        said=None if view.document is None else view.document.said,
        simulation=simulation,
        refused=refused,
        phones=site.phone_links(f"/c/{view.id}"),
    )


async def get_call(request: Request) -> Response:
    """`GET /api/calls/{call_id}[?signer=0x…]`: a call, the typed data to sign, and what a signer brings."""
    site: Site = request.app.state.site
    view = await _read(site, request)
    body = call_json(view)
    if "signer" in request.query_params:
        signer = parse_address(request.query_params["signer"])
        power = await power_of(site.contracts, signer)
        body |= {
            "signer": signer,
            "power": str(power),
            "power_text": view.power_words(power),
            "has_signed": signer in view.signers,
        }
    return JSONResponse(body, headers=_NO_STORE)


async def post_signature(request: Request) -> Response:
    """`POST /api/calls/{call_id}` {signer, signature}: check a holder's signature and keep it."""
    site: Site = request.app.state.site
    number = _number(request)
    body = await read_json(request)
    signer = parse_address(body.get("signer"))
    signature = parse_signature(body.get("signature"))
    signed = await accept_signature(
        site.store, site.contracts, site.documents, number, signer, signature, site.limits
    )
    return JSONResponse(
        {
            "status": "signed",
            "new": signed.new,
            "signer": signer,
            "power": str(signed.power),
            "state": signed.progress.state,
            "progress_text": signed.progress.words,
            "call": f"/api/calls/{number}",
        },
        status_code=202,
        headers=_NO_STORE,
    )


def call_json(view: CallView) -> dict[str, Any]:
    """Return a call as the API tells it; amounts are strings of token units."""
    progress, call = view.progress, view.call
    return {
        "call": view.id,
        "kind": "holder_resume" if view.resuming else "holder_pause",
        "question": view.question,
        "model": {"id": call.model_id, "name": view.name, "version": call.version},
        "epoch": call.epoch,
        "round": call.round,
        "deadline": call.deadline.isoformat().replace("+00:00", "Z"),
        "evidence": view.cid,
        "evidence_sha256": "0x" + call.evidence.hex(),
        "readable": view.document is not None,
        "chain_id": view.chain_id,
        "governor": view.governor,
        "runs": {
            "contract": view.decoded.contract,
            "address": view.decoded.address,
            "function": view.decoded.function,
            "text": view.decoded.text,
        },
        "state": progress.state,
        "progress_text": progress.words,
        "signed": str(progress.power),
        "needed": str(progress.needed),
        "supply": str(progress.supply),
        "signers": len(view.signers),
        "vote": f"/b/{progress.case_id}" if progress.case_id else None,
        "block": progress.block,
        "typed_data": view.typed_data,
    }


async def _read(site: Site, request: Request) -> CallView:
    return await read_call(site.store, site.contracts, site.documents, _number(request))


def _number(request: Request) -> int:
    text: str = request.path_params["call_id"]
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise NotFoundError(
            _("{text} is no call.").format(text=repr(text[:40])),
            mend=_("A call is a number: check the link."),
        )
    return int(text)
