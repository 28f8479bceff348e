"""Small figures that stand in a page as SVG: where things lie, so that a template can draw them.

Colours and type come from the stylesheet, so a figure follows the page into the dark; numbers stand beside
each as a table. The figures of `tribune.figures` are pictures of their own and take too long for a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.metrics.policies.words import amount

if TYPE_CHECKING:
    from tribune.ballots.histories.rules import RuleHistory
    from tribune.ballots.histories.stretches import Stretch
    from tribune.chain.enums import State

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 8, 306, 16, 112


@dataclass(frozen=True)
class Mark:
    """A measured frame."""

    frame: int
    x: float
    y: float
    bad: bool
    shown: str


@dataclass(frozen=True)
class RulePlot:
    """A rule's history.

    Args:
        lines: runs of frames in a row, as the points of a polyline.
        marks: the measured frames, oldest first.
        limit_y: where the limit lies.
        limit: the limit in words.
        beyond: top and height of what lies beyond the limit.
        label_y: where the limit's label stands, on the side that is free.
        first, last: the frames at both ends.
    """

    lines: tuple[str, ...]
    marks: tuple[Mark, ...]
    limit_y: float
    limit: str
    beyond: tuple[float, float]
    label_y: float
    first: int
    last: int


def rule_plot(history: RuleHistory) -> RulePlot:
    """Return where a rule's values lie; frames that were not measured are gaps."""
    rule, points = history.rule, history.points
    values: list[float] = [0, rule.limit, *(one.micro for one in points if one.micro is not None)]
    low, high = min(values), max(values)
    room = (high - low) * 0.12 or 1
    low, high = (low - room if low < 0 else low), high + room
    first, last = (points[0].frame, points[-1].frame) if points else (0, 1)
    across = max(1, last - first)

    def y_of(micro: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (micro - low) / (high - low), 1)

    marks = tuple(
        Mark(
            one.frame,
            round(RIGHT - (RIGHT - LEFT - 8) * (last - one.frame) / across, 1),
            y_of(one.micro),
            rule.is_hit(one.micro),
            amount(rule.metric, one.micro),
        )
        for one in points
        if one.micro is not None
    )
    limit_y, above = y_of(rule.limit), rule.op == ">"
    return RulePlot(
        lines=_runs(marks),
        marks=marks,
        limit_y=limit_y,
        limit=amount(rule.metric, rule.limit),
        beyond=(TOP, round(limit_y - TOP, 1)) if above else (limit_y, round(BOTTOM - limit_y, 1)),
        label_y=limit_y - 4 if above else limit_y + 12,
        first=first,
        last=last,
    )


def _runs(marks: Sequence[Mark]) -> tuple[str, ...]:
    runs: list[list[Mark]] = []
    for mark in marks:
        if runs and runs[-1][-1].frame + 1 == mark.frame:
            runs[-1].append(mark)
        else:
            runs.append([mark])
    return tuple(" ".join(f"{one.x},{one.y}" for one in run) for run in runs if len(run) > 1)


@dataclass(frozen=True)
class Piece:
    """A stretch of a model's time, from 0 to 1000."""

    state: State
    x: float
    width: float


def service_bar(found: Sequence[Stretch]) -> list[Piece]:
    """Return a model's time as pieces of a bar; none so thin that it cannot be seen."""
    if not found:
        return []
    begin: datetime = found[0].begin
    whole = (found[-1].end - begin).total_seconds() or 1
    pieces = []
    for one in found:
        x = 1000 * (one.begin - begin).total_seconds() / whole
        width = max(4.0, 1000 * (one.end - one.begin).total_seconds() / whole)
        pieces.append(Piece(one.state, round(min(x, 996), 1), round(width, 1)))
    return pieces
