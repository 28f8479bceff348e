"""Figures of a report and of its rules over the last frames, from what the hub judged and the evidence.

matplotlib is imported when the first figure is drawn, in a worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tribune.ballots.histories.rules import LOOK_TWICE, RuleHistory, rule_histories, shape_of
from tribune.figures.history import FRAMES, rule_history
from tribune.figures.theme import Theme
from tribune.language import _
from tribune.reports.counts import FAULTS
from tribune.store.happenings import events_of_model

if TYPE_CHECKING:
    from tribune.ballots.histories.judged import JudgedReport, ToldReport
    from tribune_bot.services import Services

MOST_FIGURES = 4
"""Figures under one answer."""


async def read_histories(services: Services, newest: JudgedReport) -> list[RuleHistory]:
    """Return the history of each rule that a report was judged by, broken ones first.

    Raises:
        ChainUnreachableError: the rules cannot be read.
        StoreError: the index cannot be read.
    """
    record = await services.tribune.policy_book.policy_by_digest(newest.model_id, newest.policy)
    if record is None:
        return []
    events = await services.store.read(
        events_of_model, newest.model_id, ["ReportJudged"], limit=FRAMES * LOOK_TWICE
    )
    version = await services.tribune.model_registry.version(newest.model_id, newest.version)
    profile = await services.documents.profile(version.details.profile)
    return rule_histories(newest, record.policy.rules, events, profile)


def draw_histories(histories: Sequence[RuleHistory]) -> list[bytes]:
    """Return a PNG for each of the first rules that were measured at all."""
    measured = [one for one in histories if one.points][:MOST_FIGURES]
    return [rule_history(one.points, title=one.title, **shape_of(one.rule)) for one in measured]


def report_figure(told: ToldReport) -> bytes | None:
    """Return a PNG of a report at a glance; None where evidence or profile are missing or of another form."""
    from tribune.figures.report import report_drawings

    if told.document is None or told.profile is None or told.policy is None:
        return None
    frame, version = told.report.frame, told.report.version
    title = (
        _("{model} v{version}, frame {frame}") if frame else _("{model} v{version}, its evaluation")
    ).format(model=told.name, version=version, frame=frame)
    try:
        return report_drawings(told.document, told.profile, told.policy, title=title)[0].draw(
            "png", Theme.LIGHT
        )
    except FAULTS:
        return None
