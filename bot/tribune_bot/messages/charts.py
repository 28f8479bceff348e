"""The chart of a case: its rule over the last frames, from the reports that the hub judged.

matplotlib is imported when the first chart is drawn, in a worker thread.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.ballots.histories.rules import points_of, shape_of, title_of
from tribune.store.happenings import events_of_model

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.figures.history import Point
    from tribune.metrics.profile import Profile
    from tribune_bot.services import Services

LOOK_BACK = 500
"""Judged reports looked through, for a case of long ago."""


async def case_chart(services: Services, vote: CaseVote) -> bytes | None:
    """Return a PNG of the case's rule over its last frames; None where the case has no rule."""
    if vote.rule is None:
        return None
    case = await services.tribune.kill_switch.case(vote.case_id)
    events = await services.store.read(events_of_model, case.model_id, ["ReportJudged"], limit=LOOK_BACK)
    points = points_of(events, case.model_id, "0x" + case.policy.hex(), case.rule, case.frame)
    version = await services.tribune.model_registry.version(vote.model.id, vote.model.version)
    profile = await services.documents.profile(version.details.profile)
    return await asyncio.to_thread(_draw, vote, points, profile)


def _draw(vote: CaseVote, points: list[Point], profile: Profile | None = None) -> bytes:
    from tribune.figures.history import rule_history

    rule = vote.rule
    if rule is None:  # checked by the caller
        raise AssertionError("a chart needs a rule")
    return rule_history(points, title=title_of(rule, profile), **shape_of(rule))
