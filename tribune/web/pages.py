"""Pages for people: a ballot, a wallet's link, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from tribune.ballots.cases.panel import panel_size
from tribune.ballots.cases.result import Phase, find_closing, phase_of, result_words
from tribune.ballots.checks import REASON_LIMIT
from tribune.exceptions import ChainError
from tribune.figures.theme import Theme
from tribune.ids import Cid
from tribune.language import _
from tribune.reports.oversight import independence
from tribune.web.chart import draw_chart, has_chart
from tribune.web.problems import BadRequestError, NotFoundError
from tribune.web.site import Site, parse_address, read_json
from tribune.web.voters import voters_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def get_page(request: Request) -> Response:
    """`GET /b/{case_id}`: a ballot, readable without a script."""
    site: Site = request.app.state.site
    vote = await site.vote(request)
    phase = phase_of(vote)
    over = phase is Phase.OVER
    return await site.page(
        "ballot.html",
        vote=vote,
        phase=phase,
        result=result_words(vote) if over else "",
        voters=await voters_of(site, vote, request),
        closing=await find_closing(site.contracts, vote) if over else None,
        chart=f"/b/{vote.case_id}/chart.png" if has_chart(vote) else None,
        reason_limit=REASON_LIMIT,
        phones=site.phone_links(f"/b/{vote.case_id}"),
    )


async def get_chart(request: Request) -> Response:
    """`GET /b/{case_id}/chart.png[?theme=dark]`: the finding as a figure."""
    site: Site = request.app.state.site
    vote = await site.vote(request)
    theme = Theme.DARK if request.query_params.get("theme") == Theme.DARK else Theme.LIGHT
    image = await draw_chart(site.documents, site.contracts, vote, theme)
    if image is None:
        raise NotFoundError(_("There is no chart of case {case}.").format(case=vote.case_id))
    return Response(image, media_type="image/png", headers={"Cache-Control": "public, max-age=300"})


async def get_link(request: Request) -> Response:
    """`GET /link/{token}[?wallet=0x…]`: what to sign. Spends nothing."""
    site: Site = request.app.state.site
    token: str = request.path_params["token"]
    if "wallet" in request.query_params:
        wallet = parse_address(request.query_params["wallet"])
        return JSONResponse(
            {"message": await site.links.message(token, wallet)}, headers={"Cache-Control": "no-store"}
        )
    offer = await site.links.look(token)
    return await site.page(
        "link.html",
        offer=offer,
        phones=site.phone_links(f"/link/{token}"),
    )


async def post_link(request: Request) -> Response:
    """`POST /link/{token}` {message, signature}: link the wallet that signed."""
    site: Site = request.app.state.site
    body = await read_json(request)
    message, signature = body.get("message"), body.get("signature")
    if not isinstance(message, str) or not isinstance(signature, str):
        raise BadRequestError(_("A link takes a message and its signature."), mend=_("Send both as text."))
    linked = await site.links.redeem(request.path_params["token"], message, signature)
    return JSONResponse(
        {"status": "linked", "wallet": linked.wallet, "moved": linked.moved},
        headers={"Cache-Control": "no-store"},
    )


async def get_evidence(request: Request) -> Response:
    """`GET /evidence/{cid}`: a document, byte for byte as it was named."""
    from tribune.reports.canonical import canonical_bytes

    site: Site = request.app.state.site
    name: str = request.path_params["cid"]
    document = await site.documents.read(Cid(name))
    # The store's bytes are canonical (reading checks it), so these are the same bytes.
    return Response(
        canonical_bytes(document),
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{name}"'},
    )


async def get_evidence_view(request: Request) -> Response:
    """`GET /evidence/{cid}/view`: the same for people."""
    site: Site = request.app.state.site
    name = Cid(request.path_params["cid"])
    document = await site.documents.read(name)
    return await site.page(
        "evidence.html", name=name, document=document, measured_by=await _measured_by(site, document)
    )


async def _measured_by(site: Site, document: Mapping[str, Any]) -> str:
    """Return what to say of the panel behind a report; empty for a panel of several, or no report of one."""
    model_id, frame = document.get("model"), document.get("frame")
    if not (isinstance(model_id, int) and isinstance(frame, int) and model_id > 0 and frame >= 0):
        return ""
    try:
        panel = await panel_size(site.contracts, model_id, frame)
    except ChainError:
        return _("we cannot see now how many monitors measured this")
    return "" if panel is None else independence(panel)


async def get_health(request: Request) -> Response:
    """`GET /healthz`: 200 while chain and store answer."""
    site: Site = request.app.state.site
    head = await site.contracts.chain.head()
    await site.store.read(lambda session: session.connection().exec_driver_sql("SELECT 1").one())
    return PlainTextResponse(f"ok, block {head.number}\n", headers={"Cache-Control": "no-store"})
