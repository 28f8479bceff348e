"""What all figures share: size, type and colours readable at a phone's width, and bytes that repeat.

Uses matplotlib's Figure objects, never pyplot: no global state, so figures may be drawn in threads.
matplotlib is imported when the first figure is drawn.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format = Literal["png", "svg"]

INK = "#1f2430"
QUIET = "#8a91a0"
GOOD = "#2b6cb0"
BAD = "#c53030"
SPAN = "#f6e3e1"

WIDTH_IN, HEIGHT_IN, DPI = 4.0, 2.5, 200
"""800 × 500 px: shown 360 px wide on a phone, 9 pt is then as large as body text."""
TEXT_PT = 9.0
_LONGEST_LABEL = 24


def new_figure(title: str) -> tuple[Figure, Any]:
    """Return a figure with one set of axes, titled; `title` is shown as it is, never as mathtext."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    axes.set_title(plain(title, 60), fontsize=TEXT_PT, color=INK, loc="left", parse_math=False)
    axes.tick_params(labelsize=TEXT_PT - 1, colors=INK, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
    return figure, axes


def plain(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Shorten a given name to one line; control characters, which fonts cannot draw, become spaces."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def rendered(figure: Figure, form: Format) -> bytes:
    """Return the figure's bytes: the same for the same input, with no date or random id in them."""
    import warnings

    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
    with warnings.catch_warnings(), matplotlib.rc_context({"svg.hashsalt": "tribune"}):
        # A name in a script that the bundled font lacks is drawn as boxes; that is no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(buffer, format=form, metadata=metadata)
    return buffer.getvalue()
