"""`/monitors`, `/monitors/{address}`: whether monitors agree, what they missed, which models they watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.language import _
from tribune.web.dashboard.asking import asked_page, listing_of, part_of
from tribune.web.problems import NotFoundError
from tribune.web.site import parse_address

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import Listing
    from tribune.ballots.histories.monitors import Monitors
    from tribune.web.site import Site

EACH = 50
"""Monitors, or models that one watches, on a page."""
MOST_FRAMES = 20
"""Frames that are named: the newest that were missed, and those with another result."""


async def get_list(request: Request) -> Response:
    """`GET /monitors[?page=2]`: all monitors."""
    site: Site = request.app.state.site
    listing, found = await _read(site)
    return await site.page(
        "dashboard/monitors.html",
        listing=listing,
        monitors=found,
        look_back=site.records.look_back,
        admitted=sum(one.active for one in found.found.values()),
        kept={},
        part=part_of(list(found.found.values()), EACH, asked_page(request)),
    )


async def get_page(request: Request) -> Response:
    """`GET /monitors/{address}[?page=2]`: one monitor."""
    site: Site = request.app.state.site
    address = parse_address(request.path_params["address"])
    listing, found = await _read(site)
    monitor = found.found.get(address)
    if monitor is None:
        raise NotFoundError(
            _("{address} is no monitor, as far as the chain has been read.").format(address=address),
            mend=_("Choose one of the list of monitors."),
        )
    return await site.page(
        "dashboard/monitor.html",
        listing=listing,
        monitors=found,
        look_back=site.records.look_back,
        monitor=monitor,
        most=MOST_FRAMES,
        kept={},
        part=part_of(monitor.watches, EACH, asked_page(request)),
    )


async def _read(site: Site) -> tuple[Listing, Monitors]:
    listing = await listing_of(site)
    return listing, await site.records.look(listing)
