"""Rates of groups side by side: whom does the model say yes to, how often, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tribune.figures.canvas import LINE, MARGIN, WIDTH, Format, Sheet, plain
from tribune.figures.theme import Theme
from tribune.language import _, number, plural
from tribune.metrics.fixed import MICRO, exact
from tribune.metrics.statistics.intervals import wilson

MOST_GROUPS = 8
"""More bars cannot be read on a phone; the lowest and highest rates are kept."""
LEFT, RIGHT = MARGIN, WIDTH - MARGIN
"""Where 0 and 100 of 100 lie."""
_BAR = 14


@dataclass(frozen=True)
class GroupRate:
    """A group's bar.

    Args:
        name: for people.
        hits, rows: rows that …, of how many.
        low, high: Wilson bounds of the rate, from 0 to 1; None where none were asked for.
    """

    name: str
    hits: int
    rows: int
    low: float | None = None
    high: float | None = None

    @property
    def words(self) -> str:
        """The rate as people say it, never none or all where it is neither."""
        return of_100(self.hits, self.rows)


def of_100(hits: int, rows: int) -> str:
    """Return a rate as "53 of 100"; "–" of no rows."""
    if not rows:
        return "–"
    share = round(100 * hits / rows)
    if share == 0 and hits:
        return _("<1 of 100")
    if share == 100 and hits < rows:
        return _(">99 of 100")
    return _("{share} of 100").format(share=share)


def bars_of(rates: Mapping[str, tuple[int, int]], z_micro: int = 0) -> list[GroupRate]:
    """Return the bars that are drawn, highest rate first; groups without rows are left out."""
    bars = []
    for name, (hits, rows) in rates.items():
        if rows and z_micro:
            with exact():
                low, high = wilson(hits, rows, z_micro)
            bars.append(GroupRate(name, hits, rows, float(low), float(high)))
        elif rows:
            bars.append(GroupRate(name, hits, rows))
    bars.sort(key=lambda bar: (-bar.hits / bar.rows, bar.name))
    if len(bars) > MOST_GROUPS:
        half = MOST_GROUPS // 2
        bars = bars[:half] + bars[-half:]
    return bars


def group_rates(
    rates: Mapping[str, tuple[int, int]],
    *,
    title: str,
    z_micro: int = 0,
    form: Format = "png",
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Draw the rate of each group as a bar of 100: any rate, of all rows or of those with one label.

    Args:
        rates: (rows that …, rows) by the group's name; groups without rows are left out.
        title: what the rate is, over the figure.
        z_micro: z of the Wilson intervals that are drawn, in millionths; 0: none.
        form: "png" or "svg".
        theme: light or dark.
    """
    sheet = Sheet(title, theme)
    bars = bars_of(rates, z_micro)
    for bar in bars:
        sheet.top = _bar(sheet, bar)
    if not bars:
        sheet.text(_("No group has enough rows."), MARGIN, sheet.top, colour=sheet.palette.quiet)
        sheet.top += LINE
    left_out = sum(1 for _hits, rows in rates.values() if rows) - len(bars)
    notes: list[str] = []
    if left_out:
        told = plural("Not shown: {n} group between these.", "Not shown: {n} groups between these.", left_out)
        notes.append(told.format(n=number(left_out)))
    if z_micro and bars:
        told = _("Lines: where the rate may truly lie (z = {z}). In brackets: rows.")
        notes.append(told.format(z=f"{z_micro / MICRO:.3g}"))
    for note in notes:
        sheet.top = sheet.lines(note, MARGIN, sheet.top, colour=sheet.palette.quiet, most=3)
    return sheet.finish(form, f"{title}: {summary_of(bars)}")


def summary_of(bars: list[GroupRate]) -> str:
    """Return the bars in words."""
    return "; ".join(f"{bar.name} {bar.words} ({_rows(bar.rows)})" for bar in bars) or _("no group has rows")


def _rows(count: int) -> str:
    return plural("{n} row", "{n} rows", count).format(n=number(count))


def _bar(sheet: Sheet, bar: GroupRate) -> float:
    colours = sheet.palette
    sheet.text(bar.words, RIGHT, sheet.top, bold=True, align="right")
    top = sheet.lines(f"{plain(bar.name, 90)} ({number(bar.rows)})", LEFT, sheet.top, width=220, most=3) + 2
    span = RIGHT - LEFT
    sheet.ground(LEFT, top, span, _BAR)
    sheet.bar(LEFT, top, span * bar.hits / bar.rows, _BAR, colours.good)
    if bar.low is not None and bar.high is not None:
        sheet.interval(LEFT + span * bar.low, LEFT + span * bar.high, top + _BAR / 2, colours.ink)
    return top + _BAR + 9
