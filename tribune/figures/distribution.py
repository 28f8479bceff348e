"""A column's values in the reference and now, side by side: what has changed, and by how much?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tribune.figures.canvas import LINE, MARGIN, WIDTH, Format, Sheet, plain
from tribune.figures.theme import Theme
from tribune.language import _, number

LEFT, RIGHT = MARGIN, WIDTH - MARGIN
_BAR = 9


@dataclass(frozen=True)
class Share:
    """Rows of one value or range.

    Args:
        name: for people.
        now, then: rows in the frame and in the reference.
    """

    name: str
    now: int
    then: int


def distribution(
    shares: Sequence[Share],
    *,
    title: str,
    rows: tuple[int, int],
    form: Format = "png",
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Draw how often each value or range occurs: now filled, in the reference hatched.

    Args:
        shares: in the order in which they are drawn; at most a dozen are readable.
        title: which column, over the figure.
        rows: all rows of the frame and of the reference; 0 where there are none.
        form: "png" or "svg".
        theme: light or dark.
    """
    sheet = Sheet(title, theme)
    now, then = rows
    if not shares or not now or not then:
        sheet.text(_("There are too few rows to show."), MARGIN, sheet.top, colour=sheet.palette.quiet)
        sheet.top += LINE
        return sheet.finish(form, _("{title}: too few rows to show").format(title=title))
    _legend(sheet)
    largest = max(max(share.now / now, share.then / then) for share in shares)
    widest = most_changed(shares, rows)
    for place, share in enumerate(shares):
        _row(sheet, share, rows, largest or 1.0, changed_most=place == widest)
    return sheet.finish(form, f"{title}: {summary_of(shares, rows)}")


def most_changed(shares: Sequence[Share], rows: tuple[int, int]) -> int:
    """Return the place of the share that changed most, the first of equals; -1 where none did."""
    now, then = rows
    changes = [abs(share.now * then - share.then * now) for share in shares]
    return changes.index(max(changes)) if any(changes) else -1


def summary_of(shares: Sequence[Share], rows: tuple[int, int]) -> str:
    """Return the shares in words."""
    now, then = rows
    one = _("{name} {then}, now {now}")
    told = [one.format(name=s.name, then=percent(s.then, then), now=percent(s.now, now)) for s in shares]
    return "; ".join(told)


def percent(part: int, whole: int) -> str:
    """Return a share as "12 %", with a decimal below 10 %, never 0 or 100 where it is neither."""
    if not whole:
        return "–"
    share = 100 * part / whole
    shown = f"{share:.1f}" if share < 9.95 else f"{share:.0f}"
    if part and shown == "0.0":
        return f"<{number(0.1, 1)} %"
    if part < whole and shown == "100":
        return ">99 %"
    exact = shown.removesuffix(".0")
    return f"{number(share, len(exact.partition('.')[2]))} %"


def _legend(sheet: Sheet) -> None:
    colours, middle = sheet.palette, sheet.top + LINE / 2 - _BAR / 2
    sheet.bar(LEFT, middle, 24, _BAR, colours.quiet, hatched=True)
    sheet.text(_("reference"), LEFT + 32, sheet.top, colour=colours.quiet)
    sheet.bar(LEFT + 150, middle, 24, _BAR, colours.good)
    sheet.text(_("now"), LEFT + 182, sheet.top)
    sheet.top += LINE + 6


def _row(sheet: Sheet, share: Share, rows: tuple[int, int], largest: float, *, changed_most: bool) -> None:
    colours, (now, then) = sheet.palette, rows
    change = f"{percent(share.then, then)} → {percent(share.now, now)}"
    sheet.text(change, RIGHT, sheet.top, bold=changed_most, align="right")
    top = sheet.lines(plain(share.name, 90), LEFT, sheet.top, width=190, bold=changed_most, most=3) + 2
    scale = (RIGHT - LEFT) / largest
    sheet.bar(LEFT, top, scale * share.then / then, _BAR, colours.quiet, hatched=True)
    sheet.bar(LEFT, top + _BAR + 2, scale * share.now / now, _BAR, colours.good)
    sheet.top = top + 2 * _BAR + 10
