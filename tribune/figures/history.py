"""A rule's value over the last frames, with its limit: was this sudden, and how far beyond is it?

Frames that were not measured are gaps, never zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tribune.figures.canvas import CHART_HEIGHT, LINE, MARGIN, TEXT, WIDTH, Format, Sheet, text_width
from tribune.figures.theme import Theme
from tribune.language import _, number, plural
from tribune.metrics.fixed import MICRO

FRAMES = 12
_FOOT = LINE + 8  # below the plot: the frames' numbers


@dataclass(frozen=True)
class Point:
    """A rule's value in one frame, in millionths; None where it was not available."""

    frame: int
    micro: int | None


def rule_history(
    points: Sequence[Point],
    *,
    limit: int,
    above: bool,
    title: str,
    percent: bool = True,
    form: Format = "png",
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Draw a rule's history: discs within the limit, crosses beyond it.

    Args:
        points: by frame, oldest first; only the last 12 frames are drawn, frames between may be missing.
        limit: of the rule, in millionths.
        above: whether a value above the limit is a hit (else below).
        title: over the figure.
        percent: show values as percent.
        form: "png" or "svg".
        theme: light or dark.

    Returns:
        the file's bytes; a figure without points says that nothing was measured yet.
    """
    sheet = Sheet(title, theme)
    last = max((point.frame for point in points), default=0)
    shown = [point for point in points if point.frame > last - FRAMES]
    plot = _Plot.around(sheet, shown, limit, percent=percent)
    _draw_axes(sheet, plot, limit, above=above, percent=percent)
    run: list[tuple[float, float]] = []
    for at, point in enumerate(shown):
        if point.micro is None or (run and point.frame != shown[at - 1].frame + 1):
            _join(sheet, run)
            run = []
        if point.micro is not None:
            run.append((plot.x(point.frame), plot.y(point.micro)))
    _join(sheet, run)
    measured = [(point.frame, point.micro) for point in shown if point.micro is not None]
    for frame, micro in measured:
        sheet.mark(plot.x(frame), plot.y(micro), bad=_hit(micro, limit, above))
    if measured:
        _name_last(sheet, plot, measured[-1], limit, above=above, percent=percent)
    else:
        middle = (plot.left + plot.right) / 2
        sheet.text(_("not measured yet"), middle, (plot.top + plot.bottom) / 2 - LINE, align="center")
    told = f"{title}. {summary_of(points, limit=limit, above=above, percent=percent)}"
    return sheet.finish(form, told, height=max(CHART_HEIGHT, plot.bottom + _FOOT))


def summary_of(points: Sequence[Point], *, limit: int, above: bool, percent: bool = True) -> str:
    """Return a history in words; arguments as for `rule_history`."""
    last = max((point.frame for point in points), default=0)
    measured = [(p.frame, p.micro) for p in points if p.micro is not None and p.frame > last - FRAMES]
    if not measured:
        return _("Limit {limit}, not measured yet.").format(limit=_amount(limit, percent))
    frame, micro = measured[-1]
    hits = sum(_hit(value, limit, above) for _frame, value in measured)
    now = (
        _("Frame {frame}: {value}, beyond the limit of {limit}")
        if _hit(micro, limit, above)
        else _("Frame {frame}: {value}, within the limit of {limit}")
    ).format(frame=frame, value=_amount(micro, percent), limit=_amount(limit, percent))
    frames = plural("{n} frame", "{n} frames", len(measured)).format(n=number(len(measured)))
    return plural(
        "{now}; {hits} of {frames} was beyond it.", "{now}; {hits} of {frames} were beyond it.", hits
    ).format(now=now, hits=hits, frames=frames)


@dataclass(frozen=True)
class _Plot:
    """Where frames and values lie on the sheet."""

    left: float
    right: float
    top: float
    bottom: float
    frames: tuple[int, int]
    values: tuple[float, float]

    @classmethod
    def around(cls, sheet: Sheet, shown: Sequence[Point], limit: int, *, percent: bool) -> _Plot:
        values = [limit, *(point.micro for point in shown if point.micro is not None)]
        low, high = min([*values, 0]), max([*values, 0])
        room = (high - low) * 0.12 or MICRO / 100
        frames = (shown[0].frame, shown[-1].frame) if shown else (0, 1)
        wide = max(text_width(_amount(value, percent)) for value in (0, limit))
        return cls(
            left=MARGIN + wide + 14,
            right=WIDTH - MARGIN - 10,
            top=sheet.top + 6,
            bottom=max(CHART_HEIGHT, sheet.top + 140) - _FOOT,
            frames=frames if frames[0] < frames[1] else (frames[0] - 1, frames[1]),
            values=(low - room if low < 0 else low, high + room if high > 0 else high),
        )

    def x(self, frame: int) -> float:
        first, last = self.frames
        return self.left + (self.right - self.left) * (frame - first) / (last - first)

    def y(self, micro: float) -> float:
        low, high = self.values
        return self.bottom - (self.bottom - self.top) * (micro - low) / (high - low)


def _draw_axes(sheet: Sheet, plot: _Plot, limit: int, *, above: bool, percent: bool) -> None:
    colours, line = sheet.palette, plot.y(limit)
    edge = plot.left - 10
    over = (plot.top, line) if above else (line, plot.bottom)
    sheet.ground(edge, over[0], WIDTH - edge, over[1] - over[0])
    sheet.path([(edge, plot.bottom), (WIDTH - MARGIN / 2, plot.bottom)], colours.quiet, wide=1)
    sheet.path([(edge, line), (WIDTH - MARGIN / 2, line)], colours.bad, dashed=True)
    sheet.text(_amount(limit, percent), edge - 4, line - LINE / 2, colour=colours.bad, align="right")
    zero = plot.y(0)
    if zero < plot.bottom:
        sheet.path([(edge, zero), (WIDTH - MARGIN / 2, zero)], colours.quiet, wide=0.5)
    if abs(zero - line) > LINE:
        sheet.text(_amount(0, percent), edge - 4, zero - LINE / 2, colour=colours.quiet, align="right")
    beside = line - LINE - 1 if above else line + 1
    sheet.text(_("limit"), edge + 4, beside, colour=colours.bad)
    first, last = plot.frames
    foot = plot.bottom + 4
    sheet.text(_("frame {frame}").format(frame=first), edge, foot, colour=colours.quiet)
    sheet.text(str(last), plot.right, foot, colour=colours.quiet, align="center")


def _name_last(
    sheet: Sheet, plot: _Plot, point: tuple[int, int], limit: int, *, above: bool, percent: bool
) -> None:
    """Write the last value beside its mark, clear of the limit's line."""
    frame, micro = point
    bad, words = _hit(micro, limit, above), _amount(micro, percent)
    top = plot.y(micro) - LINE - 7
    if top < plot.top - LINE or _covers(top, plot.y(limit)):
        top = plot.y(micro) + 6
    colour = sheet.palette.bad if bad else sheet.palette.ink
    wide = text_width(words, bold=True)
    right = max(plot.x(frame) + 8, plot.left + wide)
    if not bad:
        sheet.ground(right - 2 - wide, top + 2, wide + 4, LINE - 3, clear=True)
    sheet.text(words, right, top, bold=True, colour=colour, align="right")


def _join(sheet: Sheet, run: list[tuple[float, float]]) -> None:
    if len(run) > 1:
        sheet.path(run, sheet.palette.quiet)


def _covers(top: float, line: float) -> bool:
    return top - 2 < line < top + TEXT + 4


def _amount(micro: int, percent: bool) -> str:
    value = micro * (100 if percent else 1) / MICRO
    shown = "0" if abs(value) >= 1000 else f"{value:.3g}"
    if "e" not in shown:
        shown = number(value, len(shown.partition(".")[2]))
    return f"{shown}{' %' if percent else ''}"


def _hit(micro: int, limit: int, above: bool) -> bool:
    return micro > limit if above else micro < limit
