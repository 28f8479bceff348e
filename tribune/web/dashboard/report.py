"""`/r/{model}/{version}/{frame}`: what was found in a frame, who signed it, and how to check it oneself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.histories.judged import Said, ToldReport, Verdict, find_version_report, tell_report
from tribune.figures.theme import Theme
from tribune.language import _
from tribune.reports.canonical import cid
from tribune.reports.counts import FAULTS
from tribune.web.dashboard.asking import asked_model, asked_number
from tribune.web.problems import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from tribune.figures.report import Drawing
    from tribune.web.site import Site


def drawings_of(told: ToldReport) -> Sequence[Drawing]:
    """Return the figures that a report has; none where evidence or profile cannot be read."""
    from tribune.figures.report import report_drawings

    if told.document is None or told.profile is None or told.policy is None:
        return ()
    try:
        return report_drawings(told.document, told.profile, told.policy, title=_("At a glance"))
    except FAULTS:  # a document of another form
        return ()


async def get_page(request: Request) -> Response:
    """`GET /r/{model}/{version}/{frame}`: a report, readable without a script."""
    site: Site = request.app.state.site
    told = await _told(request)
    return await site.page(
        "dashboard/report.html",
        told=told,
        report=told.report,
        name=cid(told.report.evidence),
        drawings=drawings_of(told),
        Verdict=Verdict,
        Said=Said,
    )


async def get_figure(request: Request) -> Response:
    """`GET /r/{model}/{version}/{frame}/{figure}.svg[?theme=dark]`: one of its figures."""
    told = await _told(request)
    theme = Theme.DARK if request.query_params.get("theme") == Theme.DARK else Theme.LIGHT
    name: str = request.path_params["figure"]
    drawing = next((one for one in drawings_of(told) if one.name == name), None)
    if drawing is None:
        raise NotFoundError(_("This report has no such figure."))
    image = await asyncio.to_thread(drawing.draw, "svg", theme)
    return Response(image, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


async def _told(request: Request) -> ToldReport:
    site: Site = request.app.state.site
    model = await asked_model(request)
    version, frame = asked_number(request, "version"), asked_number(request, "frame")
    found = None
    if version is not None and frame is not None:
        found = await find_version_report(site.store, model.id, version, frame)
    if found is None:
        raise NotFoundError(
            _("No such report on {model} has been judged, as far as the chain has been read.").format(
                model=model.name or _("(no name)")
            ),
            mend=_("A report counts once enough monitors have signed the same one."),
        )
    return await tell_report(found, site.store, site.documents)
