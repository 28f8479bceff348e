"""Which page answers at which address."""

from __future__ import annotations

from starlette.routing import Route

from tribune.web.dashboard import (
    audit,
    badge,
    history,
    model,
    monitors,
    overview,
    policy,
    report,
    votes,
)


def routes() -> list[Route]:
    """Return the dashboard's routes; one line a page."""
    return [
        Route("/", overview.get_page),
        Route("/audit", audit.get_page),
        Route("/monitors", monitors.get_list),
        Route("/monitors/{address}", monitors.get_page),
        Route("/proposals", votes.get_page),
        Route("/r/{model}/{version}/{frame}", report.get_page),
        Route("/r/{model}/{version}/{frame}/{figure}.svg", report.get_figure),
        Route("/m/{model}", model.get_page),
        Route("/m/{model}/history", history.get_page),
        Route("/m/{model}/policy", policy.get_page),
        Route("/badge/{model}.svg", badge.get_badge),
    ]
