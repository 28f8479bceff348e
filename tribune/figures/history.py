"""A rule's value over the last frames, with its limit: was this sudden, and how far beyond is it?

Frames that were not measured are gaps, never zeros.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tribune.figures.canvas import BAD, GOOD, INK, QUIET, SPAN, TEXT_PT, Format, new_figure, rendered

FRAMES = 12
MICRO = 1_000_000


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
) -> bytes:
    """Draw a rule's history.

    Args:
        points: by frame, oldest first; only the last 12 frames are drawn, frames between may be missing.
        limit: of the rule, in millionths.
        above: whether a value above the limit is a hit (else below).
        title: one line over the figure.
        percent: show values as percent.
        form: "png" or "svg".

    Returns:
        the file's bytes; a figure without points says that nothing was measured yet.
    """
    figure, axes = new_figure(title)
    scale = (100 if percent else 1) / MICRO
    last = max((point.frame for point in points), default=0)
    shown = [point for point in points if point.frame > last - FRAMES]
    measured = [(p.frame, p.micro * scale, _hit(p.micro, limit, above)) for p in shown if p.micro is not None]
    line = limit * scale
    values = [line, *(value for _, value, _ in measured)]
    low, high = min([*values, 0.0]), max(values)
    room = (high - low) * 0.15 or 1.0
    bottom, top = (low - room if low < 0 else 0.0), high + room
    axes.set_ylim(bottom, top)
    axes.axhspan(*((line, top) if above else (bottom, line)), color=SPAN, zorder=0, linewidth=0)
    axes.axhline(line, color=BAD, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
    unit = " %" if percent else ""
    axes.text(
        0.01,
        (line - bottom) / (top - bottom),
        f"limit {line:.4g}{unit}",
        transform=axes.transAxes,
        color=BAD,
        fontsize=TEXT_PT - 1.5,
        va="bottom",
    )
    if measured:
        frames = [frame for frame, _, _ in measured]
        by_frame = {frame: value for frame, value, _ in measured}
        every = range(frames[0], frames[-1] + 1)
        axes.plot(every, [by_frame.get(f, math.nan) for f in every], color=QUIET, linewidth=1.2, zorder=2)
        colours = [BAD if hit else GOOD for _, _, hit in measured]
        axes.scatter(frames, [v for _, v, _ in measured], c=colours, s=26, zorder=3, clip_on=False)
        frame, value, hit = measured[-1]
        axes.annotate(
            f"{value:.3g}{unit}",
            (frame, value),
            textcoords="offset points",
            xytext=(-4, 5),
            ha="right",
            fontsize=TEXT_PT,
            fontweight="bold",
            color=BAD if hit else INK,
        )
    else:
        axes.text(
            0.5, 0.5, "not measured yet", transform=axes.transAxes, ha="center", color=QUIET, fontsize=TEXT_PT
        )
    first = shown[0].frame if shown else 1
    axes.set_xlim(min(first, last - 1) - 0.5, max(last, 1) + 0.5)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("frame", fontsize=TEXT_PT - 1, color=INK)
    return rendered(figure, form)


def _hit(micro: int, limit: int, above: bool) -> bool:
    return micro > limit if above else micro < limit
