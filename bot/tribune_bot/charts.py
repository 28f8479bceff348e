"""The chart of a case: its rule over the last frames, from the reports that the hub judged.

matplotlib is imported when the first chart is drawn, in a worker thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tribune.figures.history import FRAMES, Point
from tribune.metrics.value import NOT_AVAILABLE
from tribune.store.happenings import events_of_model

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.metrics.policy import Rule
    from tribune.metrics.profile import Profile
    from tribune.store.tables import ChainEvent
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


def points_of(events: Sequence[ChainEvent], model_id: int, policy: str, rule: int, frame: int) -> list[Point]:
    """Return a rule's values up to a frame, oldest first, as judged under one policy."""
    found: dict[int, Point] = {}
    for event in events:
        report = event.args["report"]
        ours = report["model_id"] == model_id and report["policy"] == policy
        if not ours or not 0 < report["frame"] <= frame or rule >= len(report["values"]):
            continue
        value = report["values"][rule]
        found.setdefault(report["frame"], Point(report["frame"], None if value == NOT_AVAILABLE else value))
    return [found[at] for at in sorted(found)][-FRAMES:]


def title_of(rule: Rule, profile: Profile | None) -> str:
    """Return what a rule measures, over its figure; with the profile's own names where there is one."""
    from tribune.metrics.words import describe_metric

    words = describe_metric(rule.metric, None if profile is None else profile.spec)
    return words[:1].upper() + words[1:]


def _draw(vote: CaseVote, points: list[Point], profile: Profile | None = None) -> bytes:
    from tribune.figures.history import rule_history
    from tribune.metrics.registry import find

    rule = vote.rule
    if rule is None:  # checked by the caller
        raise AssertionError("a chart needs a rule")
    return rule_history(
        points,
        limit=rule.limit,
        above=rule.op == ">",
        title=title_of(rule, profile),
        percent=find(rule.metric)[1].percent,
    )
