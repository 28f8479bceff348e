"""A model's page: how it stands and why, what was measured, what it is made of, what happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.histories.policies import by_digest
from tribune.ballots.histories.rules import RuleHistory, rule_histories
from tribune.reports.oversight import independence
from tribune.web.dashboard.groups import group_tables
from tribune.web.dashboard.plots import rule_plot, service_bar
from tribune.web.dashboard.reading import ReadModel, cases_of, profiles_of, read_model
from tribune.web.dashboard.standing import standing_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.metrics.profile import Profile
    from tribune.web.site import Site

FRAMES = 10
"""Frames in the table."""
CASES = 5
"""Incidents on the page; the history has them all."""


async def get_page(request: Request) -> Response:
    """`GET /m/{model}`: the model, from the index and the evidence that it names."""
    site: Site = request.app.state.site
    model = await read_model(request)
    newest = model.reports[0] if model.reports else None
    profile: Profile | None = None
    document = None
    if newest is not None:
        profile = (await profiles_of(site, model, [newest.version])).get(newest.version)
        document = await site.documents.find(newest.evidence)
    cases = await cases_of(site, model, slice(CASES))
    histories = _histories(model, profile)
    return await site.page(
        "dashboard/model.html",
        model=model,
        standing=standing_of(model.listing, model.listed),
        alone=independence(len(model.policy.policy.panel)) if model.policy else "",
        newest=newest,
        readable=document is not None and profile is not None,
        rules=[(one, rule_plot(one)) for one in histories],
        groups=group_tables(document, profile),
        frames=model.reports[:FRAMES],
        cases=cases,
        more_cases=len(model.events.named("CaseOpened")) - len(cases),
        bar=service_bar(model.service),
    )


def _histories(model: ReadModel, profile: Profile | None) -> list[RuleHistory]:
    if not model.reports:
        return []
    newest = model.reports[0]
    policy = by_digest(model.policies, "0x" + newest.policy.hex())
    if policy is None:
        return []
    return rule_histories(newest, policy.policy.rules, model.events.reports, profile)
