"""A model's public history: what it has behind it, each incident with its end, all that was done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.histories.kinds import names_of
from tribune.store.audit import Wanted, trail, trail_size
from tribune.web.dashboard.asking import Part, asked_page, place
from tribune.web.dashboard.audit import told_deeds
from tribune.web.dashboard.plots import service_bar
from tribune.web.dashboard.reading import cases_of, read_model
from tribune.web.dashboard.standing import standing_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.web.site import Site

EACH = 30
"""Deeds on a page."""
CASES = 20
"""Incidents on a page; those of a page of deeds stand beside it."""


async def get_page(request: Request) -> Response:
    """`GET /m/{model}/history[?page=2&cases=2]`: the history."""
    site: Site = request.app.state.site
    model = await read_model(request)
    opened = model.events.named("CaseOpened")
    shown, pages, start = place(len(opened), CASES, asked_page(request, "cases"))
    cases = await cases_of(site, model, slice(start, start + CASES))
    wanted = Wanted(names_of(""), model.listed.id)
    total = await site.store.read(trail_size, wanted)
    page, of, begin = place(total, EACH, asked_page(request))
    events = await site.store.read(trail, wanted, limit=EACH, offset=begin)
    return await site.page(
        "dashboard/history.html",
        model=model,
        standing=standing_of(model.listing, model.listed),
        cases=Part(cases, shown, pages, len(opened)),
        bar=service_bar(model.service),
        deeds=Part(await told_deeds(site, model.listing, events), page, of, total),
        kept={"cases": str(shown)} if shown > 1 else {},
    )
