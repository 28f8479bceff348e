"""Which page answers at which address."""

from __future__ import annotations

from starlette.routing import Route

from tribune.web.dashboard import audit, overview


def routes() -> list[Route]:
    """Return the dashboard's routes; one line a page."""
    return [
        Route("/", overview.get_page),
        Route("/audit", audit.get_page),
    ]
