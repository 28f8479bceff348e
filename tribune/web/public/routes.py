"""What the API can be asked, and where."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tribune.web.headers import PUBLIC
from tribune.web.public import audit, cases, models, monitors, proposals, reports, status
from tribune.web.public.openapi import description
from tribune.web.public.operation import CACHED, Operation

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.web.site import Site

OPERATIONS: tuple[Operation[Any], ...] = (
    *status.OPERATIONS,
    *models.OPERATIONS,
    *reports.OPERATIONS,
    *cases.OPERATIONS,
    *proposals.OPERATIONS,
    *monitors.OPERATIONS,
    *audit.OPERATIONS,
)


def routes() -> list[Route]:
    """Return the API's routes."""
    methods = ["GET", "OPTIONS"]
    return [
        Route(f"{PUBLIC}/openapi.json", get_description, methods=methods),
        *(Route(PUBLIC + one.path, one.__call__, methods=methods) for one in OPERATIONS),
    ]


async def get_description(request: Request) -> Response:
    """`GET /api/v1/openapi.json`: what can be asked."""
    site: Site = request.app.state.site
    return JSONResponse(_described(site.public_url), headers=CACHED)


@cache
def _described(public_url: str) -> dict[str, Any]:
    return description(OPERATIONS, public_url)
