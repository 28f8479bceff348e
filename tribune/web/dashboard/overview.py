"""The first page: what is overseen and how it stands, and what can be voted on now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.holders.view import listed_call
from tribune.chain.enums import Oversight, State
from tribune.language import marked
from tribune.reports.oversight import independence
from tribune.store.calls import newest_collecting
from tribune.web.dashboard.asking import Part, asked_page, asked_text, listing_of, part_of
from tribune.web.dashboard.votes import titles_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import ListedModel, Listing
    from tribune.ballots.watching import Judged
    from tribune.web.site import Site

EACH = 50
"""Models on a page."""
MOST_VOTES = 50
"""Votes of a kind that are listed."""
_STOPPED = (State.SUSPENDED, State.PAUSED)
_UNWATCHED = (Oversight.STALE, Oversight.DISPUTED)
SHOWN: dict[str, tuple[str, Callable[[State, Oversight], bool]]] = {
    "all": (marked("all"), lambda state, oversight: True),
    "stopped": (marked("stopped"), lambda state, oversight: state in _STOPPED),
    "unwatched": (marked("not watched as they should be"), lambda state, oversight: oversight in _UNWATCHED),
    "active": (marked("in service"), lambda state, oversight: state is State.ACTIVE),
    "inactive": (
        marked("inactive or retired"),
        lambda state, oversight: state in (State.INACTIVE, State.RETIRED),
    ),
}
Line = tuple["ListedModel", Oversight, "Judged | None", str]
"""A model, how well it is watched, its newest judged report, and what to say of a panel of one."""


async def get_page(request: Request) -> Response:
    """`GET /[?q=…&show=stopped&page=2]`: votes, and models with their state."""
    site: Site = request.app.state.site
    listing = await listing_of(site)
    sought, show = asked_text(request, "q"), request.query_params.get("show", "")
    show = show if show in SHOWN else "all"
    stand = {one.id: (one.state(listing.at), listing.oversight(one)) for one in listing.models.values()}
    found = [one for one in listing.search(sought) if SHOWN[show][1](*stand[one.id])]
    part = part_of(found, EACH, asked_page(request))
    called = await site.store.read(newest_collecting, MOST_VOTES)
    proposals = [one for one in reversed(listing.proposals.values()) if one.is_open(listing.at)][:MOST_VOTES]
    cases = [one for one in reversed(listing.cases.values()) if listing.is_live(one)]
    return await site.page(
        "dashboard/overview.html",
        listing=listing,
        part=Part([_line(listing, one) for one in part.items], part.page, part.pages, part.total),
        shown=SHOWN,
        show=show,
        sought=sought,
        kept={name: text for name, text in (("q", sought), ("show", show)) if text and text != "all"},
        counts={name: sum(fits(*one) for one in stand.values()) for name, (_word, fits) in SHOWN.items()},
        cases=cases[:MOST_VOTES],
        calls=[listed_call(row, listing.name_of(row.model_id)) for row in called],
        proposals=proposals,
        titles=await titles_of(site, listing, proposals),
    )


def _line(listing: Listing, model: ListedModel) -> Line:
    watching = listing.watching
    grid = watching.in_force(model.id, listing.at)
    alone = independence(len(grid.panel)) if grid is not None else ""
    return model, listing.oversight(model), watching.newest.get(model.id), alone
