"""The page of an incident: what happened, step by step, from the index. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tribune.ballots.cases.result import Phase, phase_of, result_words
from tribune.ballots.histories.incident import Incident, read_incident
from tribune.web.chart import has_chart
from tribune.web.words import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.web.site import Site


async def get_page(request: Request) -> Response:
    """`GET /i/{case_id}`: the timeline, readable without a script."""
    site: Site = request.app.state.site
    incident = await _read(request)
    vote = incident.vote
    return await site.page(
        "incident.html",
        incident=incident,
        vote=vote,
        result=result_words(vote) if phase_of(vote) is Phase.OVER else "",
        chart=f"/b/{vote.case_id}/chart.png" if has_chart(vote) else None,
    )


async def get_incident(request: Request) -> Response:
    """`GET /api/incidents/{case_id}`: the same for programs; the texts are for people."""
    return JSONResponse(incident_json(await _read(request)), headers={"Cache-Control": "no-store"})


def incident_json(incident: Incident) -> dict[str, Any]:
    """Return an incident as the API tells it."""
    vote = incident.vote
    return {
        "case_id": vote.case_id,
        "model": {"id": vote.model.id, "name": vote.model.name, "version": vote.model.version},
        "model_state": vote.model.state,
        "kind": vote.kind,
        "outcome": vote.outcome,
        "related": list(incident.related),
        "read_to": incident.read_to,
        "steps": [
            {"time": iso(step.time), "text": step.text, "block": step.block, "tx": step.tx}
            for step in incident.steps
        ],
    }


async def _read(request: Request) -> Incident:
    site: Site = request.app.state.site
    vote = await site.vote(request)
    return await read_incident(site.store, site.contracts, site.documents, vote)
