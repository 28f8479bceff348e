"""Each rule over the last frames, as the hub judged them: values beside the limit, in words and as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from tribune.exceptions import PolicyError
from tribune.figures.history import FRAMES, Point, summary_of
from tribune.metrics.policies.policy import Rule
from tribune.metrics.value import NOT_AVAILABLE

if TYPE_CHECKING:
    from tribune.ballots.histories.judged import JudgedReport
    from tribune.chain.policy_book import OnChainRule
    from tribune.metrics.profile import Profile
    from tribune.store.tables import ChainEvent

LOOK_TWICE = 2
"""Reports looked through for each frame that is shown: versions and policies change in between."""


class Shape(TypedDict):
    """How a rule's figure is drawn, as `tribune.figures.history.rule_history` takes it."""

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

    @property
    def measured(self) -> bool:
        """Whether the newest frame has a value."""
        return bool(self.points) and self.points[-1].micro is not None


def rule_histories(
    newest: JudgedReport, rules: Sequence[OnChainRule], events: Sequence[ChainEvent], profile: Profile | None
) -> list[RuleHistory]:
    """Return the history of each rule that a report was judged by, broken ones first.

    Args:
        newest: the report.
        rules: of its policy; those of a newer release are left out.
        events: the model's `ReportJudged`, newest first.
        profile: names columns for people; None: they keep the log's names.
    """
    found = []
    for place, on_chain in enumerate(rules):
        try:
            rule = Rule.from_chain(on_chain.on_chain())
        except PolicyError:
            continue
        points = points_of(events, newest.model_id, "0x" + newest.policy.hex(), place, newest.frame)
        title = title_of(rule, profile)
        words = f"{title}. {summary_of(points, **shape_of(rule))}"
        found.append(RuleHistory(rule, title, tuple(points), bool(newest.hits >> place & 1), words))
    return sorted(found, key=lambda one: not one.hit)


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
    from tribune.metrics.policies.words import describe_metric

    words = describe_metric(rule.metric, None if profile is None else profile.spec)
    return words[:1].upper() + words[1:]


def shape_of(rule: Rule) -> Shape:
    """Return how a rule's figure is drawn."""
    from tribune.metrics.registry import find

    return {"limit": rule.limit, "above": rule.op == ">", "percent": find(rule.metric)[1].percent}
