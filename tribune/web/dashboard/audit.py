"""`/audit`: who did what, newest first, narrowed as people ask; whole as a file, CSV or JSON.

What an address asks for wrongly is said beside its field, and nothing of the form is lost. Who sent a
transaction is not told, only whom an event itself names: that anybody may send it is the point of many.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from tribune.ballots.histories.deeds import Telling, tell
from tribune.ballots.histories.kinds import EVERYTHING, KINDS
from tribune.exceptions import ChainError
from tribune.language import _
from tribune.store.audit import Wanted, cases_of, trail, trail_size
from tribune.store.reports import monitor_names
from tribune.web.dashboard.asking import Part, asked_page, listing_of, place
from tribune.web.dashboard.exports import as_csv, as_json
from tribune.web.dashboard.filters import read_filters
from tribune.web.problems import BadRequestError
from tribune.web.words import moment, short

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from tribune.ballots.directory import Listing
    from tribune.store.tables import ChainEvent
    from tribune.web.site import Site

EACH = 50
"""Events on a page."""
AT_ONCE = 500
"""Events of a file read at once; each read is a moment of its own, and none is long."""
FORMATS = {"csv": ("text/csv", as_csv), "json": ("application/json", as_json)}


@dataclass(frozen=True)
class Deed:
    """An event as it is told.

    Args:
        text: what happened; its times are marked for `timed`.
        model: name of the model that it is about; empty where it is about none, or that has none.
        more: title and address of a page that says more about it; None where there is none.
    """

    event: str
    contract: str
    time: datetime
    block: int
    tx: str
    log_index: int
    model_id: int | None
    model: str
    account: str | None
    text: str
    more: tuple[str, str] | None = None


async def get_page(request: Request) -> Response:
    """`GET /audit[?model=1&kind=cases&who=0x…&from=2026-11-01&to=2026-11-30&page=2&format=csv]`."""
    site: Site = request.app.state.site
    listing = await listing_of(site)
    asked = read_filters(request.query_params, listing)
    form = request.query_params.get("format", "")
    if form:
        return _file(site, listing, asked.checked(), form)
    deeds: Part[Deed] = Part((), 1, 1, 0)
    if asked.wanted is not None:
        size = await site.store.read(trail_size, asked.wanted)
        shown, pages, start = place(size, EACH, asked_page(request))
        events = await site.store.read(trail, asked.wanted, limit=EACH, offset=start)
        deeds = Part(await told_deeds(site, listing, events), shown, pages, size)
    page = await site.page(
        "dashboard/audit.html",
        asked=asked,
        part=deeds,
        kinds={name: title for name, (title, _names) in KINDS.items()},
        everything=EVERYTHING,
        kept=asked.given,
    )
    page.status_code = 400 if asked.faults else 200
    return page


def _file(site: Site, listing: Listing, wanted: Wanted, form: str) -> Response:
    if form not in FORMATS:
        raise BadRequestError(_("There is no such format."), mend=_("Ask for format=csv or format=json."))
    media, write = FORMATS[form]
    return StreamingResponse(
        write(_all(site, listing, wanted)),
        media_type=media,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="tribune-audit.{form}"',
        },
    )


async def _all(site: Site, listing: Listing, wanted: Wanted) -> AsyncIterator[Deed]:
    """Yield a whole trail, newest first."""
    below: int | None = None
    while events := await site.store.read(trail, wanted, limit=AT_ONCE, below=below):
        for deed in await told_deeds(site, listing, events):
            yield deed
        below = events[-1].id


async def told_deeds(site: Site, listing: Listing, events: Sequence[ChainEvent]) -> list[Deed]:
    """Return events in words."""
    cases = await site.store.read(cases_of, {one.proposal for one in events if one.proposal})
    names = await site.store.read(monitor_names)
    numbers = {one.id: one.number for one in listing.proposals.values()}

    def who(account: str) -> str:
        name = names.get(account)
        return f"{name} ({short(account)})" if name else short(account)

    how = Telling(who, moment, cases, await _decimals(site), numbers)
    return [replace(deed_of(event, listing, tell(event, how)), more=_more(event, how)) for event in events]


def _more(event: ChainEvent, how: Telling) -> tuple[str, str] | None:
    args = event.args
    proposal = args.get("proposal_id", 0)
    if event.name == "ReportJudged":
        return _("Report"), f"/r/{args['model_id']}/{args['version']}/{args['frame']}"
    if case := args.get("case_id") or how.cases.get(proposal):
        return _("Case {case}").format(case=case), f"/b/{case}"
    if number := how.proposals.get(proposal):
        return _("Proposal {number}").format(number=number), f"/p/{number}"
    return None


def deed_of(event: ChainEvent, listing: Listing, text: str) -> Deed:
    """Return an event as it is told."""
    model = listing.models.get(event.model_id or 0)
    return Deed(
        event=event.name,
        contract=event.contract,
        time=event.block_time,
        block=event.block_number,
        tx=event.tx_hash,
        log_index=event.log_index,
        model_id=event.model_id,
        model="" if model is None else model.name,
        account=event.account,
        text=text,
    )


async def _decimals(site: Site) -> int | None:
    """Return the token's decimals, None where nobody could look yet."""
    if site.head.block is None:  # not asked twice: it has just not answered
        return site.contracts.known_decimals
    try:
        return await site.contracts.decimals()
    except ChainError:
        return None
