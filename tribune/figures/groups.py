"""Rates of groups side by side: whom does the model say yes to, and how often?"""

from __future__ import annotations

from collections.abc import Mapping

from tribune.figures.canvas import BAD, GOOD, INK, QUIET, TEXT_PT, Format, new_figure, plain, rendered

MOST_GROUPS = 8
"""More bars cannot be read on a phone; the lowest and highest rates are kept."""


def group_rates(rates: Mapping[str, tuple[int, int]], *, title: str, form: Format = "png") -> bytes:
    """Draw the rate of each group as a bar of 100.

    Args:
        rates: (rows that …, rows) by the group's name; groups without rows are left out.
        title: one line over the figure.
        form: "png" or "svg".
    """
    figure, axes = new_figure(title)
    bars = sorted(((100 * hits / rows, name) for name, (hits, rows) in rates.items() if rows), reverse=True)
    if len(bars) > MOST_GROUPS:
        half = MOST_GROUPS // 2
        bars = bars[:half] + bars[-half:]
    for place, (rate, _) in enumerate(bars):
        lowest = len(bars) > 1 and place == len(bars) - 1
        axes.barh(place, rate, color=BAD if lowest else GOOD, height=0.62)
        axes.text(rate + 1.5, place, f"{rate:.0f} of 100", va="center", fontsize=TEXT_PT, color=INK)
    if not bars:
        axes.text(
            0.5,
            0.5,
            "no group has rows",
            transform=axes.transAxes,
            ha="center",
            color=QUIET,
            fontsize=TEXT_PT,
        )
    axes.set_yticks(range(len(bars)), [plain(name) for _, name in bars], parse_math=False)
    axes.set_xlim(0, 125)  # room for the words beside a full bar
    axes.set_xticks([0, 50, 100])
    axes.invert_yaxis()
    return rendered(figure, form)
