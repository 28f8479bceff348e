"""Figures of a report and of its rules over the last frames, from what the hub judged and the evidence.

matplotlib is imported when the first figure is drawn, in a worker thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from tribune.exceptions import PolicyError
from tribune.figures.history import FRAMES, Point, rule_history, summary_of
from tribune.figures.theme import Theme
from tribune.language import _
from tribune.metrics.policy import Rule
from tribune.reports.counts import FAULTS
from tribune.store.happenings import events_of_model
from tribune_bot.charts import points_of, title_of

if TYPE_CHECKING:
    from tribune.ballots.histories.judged import JudgedReport, ToldReport
    from tribune_bot.services import Services

LOOK_TWICE = 2
"""Reports looked through for each frame that is shown: versions and policies change in between."""
MOST_FIGURES = 4
"""Figures under one answer."""


class Shape(TypedDict):
    """How a rule's figure is drawn."""

    limit: int
    above: bool
    percent: bool


@dataclass(frozen=True)
class RuleHistory:
    """A rule over the last frames.

    Args:
        rule: the rule.
        title: what is measured, as the model's profile names it.
        points: by frame, oldest first.
        hit: whether the newest frame is beyond the limit.
        words: all that in a line.
    """

    rule: Rule
    title: str
    points: tuple[Point, ...]
    hit: bool
    words: str


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
    found = []
    for place, on_chain in enumerate(record.policy.rules):
        try:
            rule = Rule.from_chain(on_chain.on_chain())
        except PolicyError:  # of a newer release
            continue
        points = points_of(events, newest.model_id, "0x" + newest.policy.hex(), place, newest.frame)
        shape = _shape(rule)
        title = title_of(rule, profile)
        words = f"{title}. {summary_of(points, **shape)}"
        found.append(RuleHistory(rule, title, tuple(points), bool(newest.hits >> place & 1), words))
    return sorted(found, key=lambda one: not one.hit)


def draw_histories(histories: Sequence[RuleHistory]) -> list[bytes]:
    """Return a PNG for each of the first rules that were measured at all."""
    measured = [one for one in histories if one.points][:MOST_FIGURES]
    return [rule_history(one.points, title=one.title, **_shape(one.rule)) for one in measured]


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


def _shape(rule: Rule) -> Shape:
    from tribune.metrics.registry import find

    return {"limit": rule.limit, "above": rule.op == ">", "percent": find(rule.metric)[1].percent}
