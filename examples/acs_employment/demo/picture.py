"""A picture of a run, made of what it said: `build/demo.svg`. The one in docs/ was made by a real run."""

from __future__ import annotations

import textwrap
from html import escape

COLUMNS = 96
LINE_PX, CHAR_PX, MARGIN_PX = 20, 8.4, 24
_BACKGROUND, _TEXT, _DIM = "#0f172a", "#e2e8f0", "#94a3b8"
_COLOURS = {
    "INCIDENT": "#fbbf24",
    "SUSPENDED": "#f87171",
    "PAUSED": "#f87171",
    "ACTIVE": "#4ade80",
    "All rules kept": "#4ade80",
}


def picture(lines: list[str], title: str) -> str:
    """Return an SVG of the lines as a terminal shows them; words for states are coloured.

    Args:
        lines: what was said, each with its time in front.
        title: shown above, and as the picture's name to screen readers.
    """
    rows = [(title, _DIM), ("", _TEXT)]
    for line in lines:
        colour = next((shade for word, shade in _COLOURS.items() if word in line), _TEXT)
        wrapped = textwrap.wrap(line, COLUMNS, subsequent_indent="      ") or [""]
        rows += [(piece, colour) for piece in wrapped]
    width = int(COLUMNS * CHAR_PX + 2 * MARGIN_PX)
    height = len(rows) * LINE_PX + 2 * MARGIN_PX
    texts = "\n".join(
        f'<text x="{MARGIN_PX}" y="{MARGIN_PX + (place + 1) * LINE_PX - 5}" fill="{colour}" '
        f'xml:space="preserve">{escape(row)}</text>'
        for place, (row, colour) in enumerate(rows)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="{width}" height="{height}" rx="10" fill="{_BACKGROUND}"/>\n{texts}\n</svg>\n'
    )
