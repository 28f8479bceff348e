"""Means and rates of columns beside the reference's, for models whose answer is a number or no answer at all.

Each track is as wide as one standard deviation of the column's reference either way, so that columns of any
unit can be compared, and what is small looks small. It computes no value of the frame: those are the
document's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from tribune.figures.canvas import LINE, MARGIN, WIDTH, Format, Sheet, plain, text_width
from tribune.figures.reading import shown_value
from tribune.figures.theme import Theme
from tribune.metrics.fixed import MICRO
from tribune.metrics.policies.words import target_title
from tribune.metrics.profile import Profile
from tribune.metrics.registry import find
from tribune.metrics.statistics.numbers import numbers_of
from tribune.metrics.value import MetricName

MOST_MEANS = 8
"""More rows cannot be read on a phone; those that moved furthest are kept."""
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
_MEASURES = ("summary.mean", "summary.rate")
_NOTE = "Line: the reference, in the middle of one standard deviation either way. Dot: now, with its bounds."


@dataclass(frozen=True)
class Mean:
    """A column's mean or rate.

    Args:
        name: of the column, for people.
        then, now: in the reference and in the frame, for people.
        moved, low, high: how far it and its bounds are from the reference's, in its standard deviations.
    """

    name: str
    then: str
    now: str
    moved: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """Both values."""
        return f"{self.then} → {self.now}"


def means_of(document: Mapping[str, Any], profile: Profile) -> list[Mean]:
    """Return the means and rates of a document, the one that moved furthest first; constant ones left out."""
    found = []
    for name, value in document["values"].items():
        parts = MetricName.parse(name)
        if parts.base not in _MEASURES or parts.bound or value["micro"] is None:
            continue
        before = find(name)[1].measure(profile, profile.reference, parts.target, None).micro
        spread = _spread(profile, parts, before or 0)
        if before is None or not spread:
            continue
        low, high = (value["micro"] if value[key] is None else value[key] for key in ("lower", "upper"))
        moved = [(micro - before) / MICRO / spread for micro in (value["micro"], low, high)]
        shown = shown_value(name, before), shown_value(name, value["micro"])
        found.append(Mean(target_title(parts.target, profile.spec), *shown, *moved))
    return sorted(found, key=lambda mean: -abs(mean.moved))[:MOST_MEANS]


def means(found: Sequence[Mean], *, title: str, form: Format = "png", theme: Theme = Theme.LIGHT) -> bytes:
    """Draw means and rates beside the reference's.

    Args:
        found: as `means_of` gives them.
        title: over the figure.
        form: "png" or "svg".
        theme: light or dark.
    """
    sheet = Sheet(title, theme)
    for mean in found:
        sheet.text(mean.words, RIGHT, sheet.top, bold=True, align="right")
        room = RIGHT - LEFT - 8 - text_width(mean.words, bold=True)
        top = sheet.lines(plain(mean.name, 90), LEFT, sheet.top, width=room) + 2
        sheet.ground(LEFT, top, RIGHT - LEFT, 14)
        middle = (LEFT + RIGHT) / 2
        sheet.path([(middle, top - 1), (middle, top + 15)], sheet.palette.quiet, wide=2)
        sheet.interval(_place(mean.low), _place(mean.high), top + 7, sheet.palette.ink)
        sheet.mark(_place(mean.moved), top + 7, bad=False)
        sheet.top = top + 14 + 9
    sheet.top = sheet.lines(_NOTE, MARGIN, sheet.top, colour=sheet.palette.quiet, most=4)
    return sheet.finish(form, f"{title}: {summary_of(found)}", height=sheet.top + LINE / 2)


def summary_of(found: Sequence[Mean]) -> str:
    """Return the means in words."""
    return "; ".join(f"{mean.name} {mean.words}" for mean in found)


def _spread(profile: Profile, parts: MetricName, before: int) -> float:
    """Return the standard deviation of a column in the reference, in its unit; of a rate that of 0 and 1."""
    if parts.base == "summary.rate":
        return sqrt(before / MICRO * (1 - before / MICRO))
    numbers = numbers_of(profile, profile.reference, parts.target)
    if not numbers.n:
        return 0.0
    total, squares = numbers.sums
    return sqrt(squares / numbers.n - (total / numbers.n) ** 2)


def _place(moved: float) -> float:
    """Return where a distance lies, in CSS pixels; beyond the track at its end."""
    return (LEFT + RIGHT) / 2 + (RIGHT - LEFT - 12) / 2 * min(max(moved, -1.0), 1.0)
