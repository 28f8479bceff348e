"""Delegation: the page on which a holder says who votes with its tokens, and its API. Anyone may call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.contracts import TOKEN
from tribune.ballots.delegating.delegations import (
    Delegating,
    DelegationStatus,
    SignedBy,
    accept_delegation,
    delegation_status,
    read_delegating,
    unsigned_delegation,
)
from tribune.ballots.power import Standing, why_none
from tribune.ballots.typed_data import parse_signature
from tribune.ids import Address
from tribune.language import _
from tribune.web.problems import BadRequestError, NotFoundError
from tribune.web.site import Site, parse_address, read_json

if TYPE_CHECKING:
    from starlette.requests import Request

_NO_STORE = {"Cache-Control": "no-store"}
_MOST = 2**256


async def get_page(request: Request) -> Response:
    """`GET /delegate[?to=0x…]`: what delegating is, and where it is signed; readable without a script."""
    site: Site = request.app.state.site
    to = parse_address(request.query_params["to"]) if "to" in request.query_params else None
    path = "/delegate" if to is None else f"/delegate?to={to}"
    return await site.page(
        "delegate.html",
        to=to,
        token=await site.contracts.token(),
        chain_id=site.contracts.chain.chain_id,
        phones=site.phone_links(path),
    )


async def get_delegation(request: Request) -> Response:
    """`GET /api/delegation?wallet=0x…[&to=0x…]`: how a wallet stands, and what it would sign or send."""
    site: Site = request.app.state.site
    wallet = parse_address(request.query_params.get("wallet"))
    to = parse_address(request.query_params.get("to")) if "to" in request.query_params else wallet
    delegating = await read_delegating(site.contracts, wallet)
    call = site.contracts.call(TOKEN, "delegate", to)
    body = {
        **_standing_json(delegating),
        "to": to,
        "typed_data": None if delegating.domain is None else unsigned_delegation(delegating, to),
        "transaction": {"to": call.to, "data": "0x" + call.data.hex(), "function": f"delegate({to})"},
    }
    return JSONResponse(body, headers=_NO_STORE)


async def post_delegation(request: Request) -> Response:
    """`POST /api/delegation` {delegator, delegatee, nonce, expiry, signature}: check it and queue it."""
    site: Site = request.app.state.site
    body = await read_json(request)
    signed = SignedBy(
        delegator=parse_address(body.get("delegator")),
        delegatee=parse_address(body.get("delegatee")),
        nonce=_whole(body.get("nonce")),
        expiry=_whole(body.get("expiry")),
        signature=parse_signature(body.get("signature")),
    )
    status = await accept_delegation(site.store, site.contracts, site.limits, signed)
    where = f"/api/delegation/{status.delegator}/{status.nonce}"
    return JSONResponse({**_status_json(status), "delegation": where}, status_code=202, headers=_NO_STORE)


async def get_status(request: Request) -> Response:
    """`GET /api/delegation/{delegator}/{nonce}`: where a signed delegation stands."""
    site: Site = request.app.state.site
    delegator = parse_address(request.path_params["delegator"])
    nonce = _whole(request.path_params["nonce"])
    status = await delegation_status(site.store, delegator, nonce)
    if status is None:
        raise NotFoundError(_("{wallet} has signed no such delegation.").format(wallet=delegator))
    return JSONResponse(_status_json(status), headers=_NO_STORE)


def _standing_json(delegating: Delegating) -> dict[str, Any]:
    """Return a wallet's standing; amounts are strings of token units."""
    standing = delegating.standing
    return {
        "wallet": standing.wallet,
        "token": delegating.token,
        "chain_id": delegating.chain_id,
        "balance": str(standing.balance),
        "votes": str(standing.votes),
        "delegate": standing.delegate if standing.is_delegated else None,
        "standing_text": _words(standing),
        "nonce": delegating.nonce,
    }


def _words(standing: Standing) -> str:
    if not standing.balance or not standing.is_delegated:
        return why_none(standing, "")
    if standing.delegate == standing.wallet:
        return _("Its {tokens} are delegated to itself: it votes with them.").format(tokens=standing.tokens)
    return why_none(standing, standing.delegate)


def _status_json(status: DelegationStatus) -> dict[str, Any]:
    return {
        "status": status.status,
        "delegator": status.delegator,
        "delegatee": Address(status.delegatee),
        "nonce": status.nonce,
        "tx": status.tx or None,
        "block": status.block or None,
        "error": status.error or None,
    }


def _whole(given: object) -> int:
    """Read a whole number, as JSON gives it or in decimal digits."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 79:
        given = int(given)
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < _MOST:
        return given
    raise BadRequestError(
        _("A delegation has a number and an end."),
        mend=_('Send "nonce" and "expiry" as in the typed data that was signed.'),
    )
