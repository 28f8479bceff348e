"""All figures of a report: what to draw, in order, each drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tribune.figures.canvas import FORMATS, Format
from tribune.figures.columns import shares_of
from tribune.figures.distribution import distribution, summary_of
from tribune.figures.groups import bars_of, group_rates
from tribune.figures.groups import summary_of as summary_of_groups
from tribune.figures.history import Point, rule_history
from tribune.figures.history import summary_of as summary_of_history
from tribune.figures.means import Mean, means, means_of
from tribune.figures.means import summary_of as summary_of_means
from tribune.figures.overview import headline, overview
from tribune.figures.reading import (
    MOST_MOVED,
    check,
    in_numbers,
    moved_columns,
    rates_of,
    rule_lines,
    worst_columns,
    z_of,
)
from tribune.figures.theme import Theme
from tribune.language import _, marked
from tribune.metrics.policies.policy import Policy
from tribune.metrics.policies.words import describe_metric, target_title
from tribune.metrics.profile import Profile
from tribune.metrics.registry import find
from tribune.metrics.spec import Task
from tribune.metrics.statistics.groups import targets

_PARITY, _ODDS = "fairness.demographic_parity_difference", "fairness.equalized_odds_difference"
RIGHT = ("right", "fairness.accuracy_difference", marked("Right answers, by {group}"))
RATES = (
    ("selection", _PARITY, marked('Says "{outcome}", by {group}')),
    ("true_positive", _ODDS, marked('Says "{outcome}" where that is true, by {group}')),
    ("false_positive", _ODDS, marked('Says "{outcome}" where it is not, by {group}')),
    RIGHT,
)


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn.

    Args:
        name: a file's name without its ending.
        title: over the figure.
        words: what it shows, for those who do not see it.
        draw: function of (form, theme) that returns the file's bytes.
        section: "overview", "columns", "means", "groups" or "history".
    """

    name: str
    title: str
    words: str
    draw: Callable[[Format, Theme], bytes]
    section: str


def report_drawings(
    document: Mapping[str, Any],
    profile: Profile,
    policy: Policy,
    *,
    title: str = "This report",
    history: Sequence[Sequence[Point]] = (),
) -> list[Drawing]:
    """Return the figures of a report: overview, worst columns, group rates or means, each rule's history.

    Args:
        document: evidence.
        profile: the one it was measured with.
        policy: the one it was judged by.
        title: what was measured, over the overview.
        history: per rule its values over the last frames, this one included; empty: not known.

    Raises:
        EvidenceError: the document is of another profile or of other rules.
    """
    document = in_numbers(document)
    check(document, profile, policy)
    drawings = [_overview(document, profile, policy, title)]
    drawings.extend(
        column_drawing(document, profile, name) for name in worst_columns(document, profile, policy)
    )
    for group in targets(profile):
        for kind, metric, words in rate_kinds(profile):
            drawing = group_drawing(document, profile, group, kind, metric, words)
            if drawing is not None:
                drawings.append(drawing)
    if profile.spec.task in (Task.REGRESSION, Task.GENERIC) and (found := means_of(document, profile)):
        drawings.append(_means(found))
    for place, points in enumerate(history):
        drawings.append(_history(profile, policy, place, points))
    return drawings


def write_drawings(drawings: Sequence[Drawing], folder: Path) -> list[Path]:
    """Write figures into a folder, each as PNG and SVG, light and dark; return the files."""
    written = []
    for drawing in drawings:
        for theme in Theme:
            for form in FORMATS:
                path = folder / f"{drawing.name}-{theme}.{form}"
                path.write_bytes(drawing.draw(form, theme))
                written.append(path)
    return written


def _overview(document: Mapping[str, Any], profile: Profile, policy: Policy, title: str) -> Drawing:
    lines = rule_lines(document, profile, policy)
    moved = [column for _, column in moved_columns(document, profile)[:MOST_MOVED]]

    def draw(form: Format, theme: Theme) -> bytes:
        return overview(lines, moved, title=title, form=form, theme=theme)

    return Drawing("overview", title, f"{headline(lines)}.", draw, "overview")


def column_drawing(document: Mapping[str, Any], profile: Profile, name: str) -> Drawing:
    """Return the figure of a column's values in the reference and now."""
    shares, rows = shares_of(document, profile, name)
    title = _sentence(profile.spec.column(name).title)

    def draw(form: Format, theme: Theme) -> bytes:
        return distribution(shares, title=title, rows=rows, form=form, theme=theme)

    place = [column.name for column in profile.spec.measured].index(name)
    return Drawing(f"column-{place}", title, summary_of(shares, rows), draw, "columns")


def group_drawing(
    document: Mapping[str, Any], profile: Profile, group: str, kind: str, metric: str, words: str
) -> Drawing | None:
    """Return the figure of one rate of all groups; None where the document has no such rate.

    Args:
        document: evidence.
        profile: the one it was measured with.
        group: a group column, or crossed ones ("A&B").
        kind: of the rate, as in `rates_of`.
        metric: whose z the intervals have.
        words: of the title, with {outcome} and {group}.
    """
    rates = rates_of(document, profile, group, kind)
    if not rates:
        return None
    title = rates_title(profile, group, words)
    z_micro = z_of(document, f"{metric}/{group}")
    place = targets(profile).index(group)

    def draw(form: Format, theme: Theme) -> bytes:
        return group_rates(rates, title=title, z_micro=z_micro, form=form, theme=theme)

    return Drawing(
        f"groups-{place}-{kind}", title, summary_of_groups(bars_of(rates, z_micro)), draw, "groups"
    )


def rate_kinds(profile: Profile) -> Sequence[tuple[str, str, str]]:
    """Return which rates of groups are shown: kind as in `rates_of`, metric, words of the title."""
    return RATES if profile.spec.task is Task.BINARY else (RIGHT,)  # others say more than yes or no


def rates_title(profile: Profile, group: str, words: str) -> str:
    """Return the title over a rate of groups; `words` have places for {outcome} and {group}."""
    spec = profile.spec
    outcome = spec.outcome or dict(spec.prediction.values).get(spec.positive) or spec.positive
    return _(words).format(outcome=outcome, group=target_title(group, spec))


def _means(found: Sequence[Mean]) -> Drawing:
    title = _("Means and rates, reference and now")

    def draw(form: Format, theme: Theme) -> bytes:
        return means(found, title=title, form=form, theme=theme)

    return Drawing("means", title, summary_of_means(found), draw, "means")


def _history(profile: Profile, policy: Policy, place: int, points: Sequence[Point]) -> Drawing:
    rule = policy.rules[place]
    title = _sentence(describe_metric(rule.metric, profile.spec))
    above, percent = rule.op == ">", find(rule.metric)[1].percent

    def draw(form: Format, theme: Theme) -> bytes:
        return rule_history(
            points, limit=rule.limit, above=above, title=title, percent=percent, form=form, theme=theme
        )

    told = summary_of_history(points, limit=rule.limit, above=above, percent=percent)
    return Drawing(f"rule-{place}", title, told, draw, "history")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
