"""The first page: what is overseen and how it stands, and what can be voted on now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.holders.view import listed_call
from tribune.chain.enums import State
from tribune.language import marked
from tribune.store.calls import newest_collecting
from tribune.web.dashboard.asking import asked_page, asked_text, listing_of, part_of
from tribune.web.dashboard.votes import titles_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import ListedModel, Listing
    from tribune.web.site import Site

EACH = 50
"""Models on a page."""
MOST_VOTES = 50
"""Votes of a kind that are listed."""
SHOWN: dict[str, tuple[str, tuple[State, ...]]] = {
    "all": (marked("all"), tuple(State)),
    "stopped": (marked("stopped"), (State.SUSPENDED, State.PAUSED)),
    "active": (marked("active"), (State.ACTIVE,)),
    "inactive": (marked("inactive or retired"), (State.INACTIVE, State.RETIRED)),
}


async def get_page(request: Request) -> Response:
    """`GET /[?q=…&show=stopped&page=2]`: votes, and models with their state."""
    site: Site = request.app.state.site
    listing = await listing_of(site)
    sought, show = asked_text(request, "q"), request.query_params.get("show", "")
    show = show if show in SHOWN else "all"
    states = SHOWN[show][1]
    found = listing.search(sought, states)
    called = await site.store.read(newest_collecting, MOST_VOTES)
    proposals = [one for one in reversed(listing.proposals.values()) if one.is_open(listing.at)][:MOST_VOTES]
    return await site.page(
        "dashboard/overview.html",
        listing=listing,
        part=part_of(found, EACH, asked_page(request)),
        shown=SHOWN,
        show=show,
        sought=sought,
        kept={name: text for name, text in (("q", sought), ("show", show)) if text and text != "all"},
        counts=_counts(listing.models.values(), listing),
        cases=[one for one in reversed(listing.cases.values()) if one.is_live(listing.at)][:MOST_VOTES],
        calls=[listed_call(row, _name(listing, row.model_id)) for row in called],
        proposals=proposals,
        titles=await titles_of(site, listing, proposals),
    )


def _counts(models: Iterable[ListedModel], listing: Listing) -> dict[State, int]:
    """Return how many models stand where."""
    counts = dict.fromkeys(State, 0)
    for model in models:
        counts[model.state(listing.at)] += 1
    return counts


def _name(listing: Listing, model_id: int) -> str:
    model = listing.models.get(model_id)
    return f"model {model_id}" if model is None else model.name
