"""What all figures share: a sheet of 360 CSS pixels, type of body size on it, and bytes that repeat.

Uses matplotlib's Figure objects, never pyplot. matplotlib is imported when the first figure is drawn; its
settings are one for the process, so figures drawn in threads are drawn one after another.
"""

from __future__ import annotations

import io
import threading
import unicodedata
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from tribune.figures.theme import PALETTES, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

Format = Literal["png", "svg"]
FORMATS: tuple[Format, ...] = ("png", "svg")
Align = Literal["left", "center", "right"]

WIDTH = 360
"""CSS pixels that a phone shows a figure at; one of them is one point here."""
CHART_HEIGHT = 225
"""Height of a chart in a message: 16 to 10, so that nothing is cut off."""
MARGIN = 12
TEXT = 16
"""Body text of phones and browsers, in CSS pixels; nothing is smaller."""
LINE = 21
_DPI = 160  # 360 points are then 800 pixels: sharp on a phone's screen
_COMPRESSION = 3  # of 9: a quarter faster than the usual 6, for a twentieth more bytes
_BASELINE = 16
_LONGEST_LABEL = 24
_FONT = "DejaVu Sans"  # comes with matplotlib, so a PNG looks the same on every machine
_FONTS = "'DejaVu Sans', Verdana, sans-serif"  # for SVG; what stands in is about as wide, or less
_SETTINGS = threading.Lock()


def plain(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Shorten a given name to one line; control characters, which fonts cannot draw, become spaces."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


class Sheet:
    """A figure in CSS pixels from its top left corner, drawn downwards; its height is set at the end.

    Args:
        title: over the figure, shown as it is, never as mathtext.
        theme: light or dark.

    `top` is where the next thing goes.
    """

    def __init__(self, title: str, theme: Theme = Theme.LIGHT) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        self.palette = PALETTES[theme]
        self.title = plain(title, 200)
        self.figure: Figure = Figure(facecolor=self.palette.paper)
        self._downwards = Affine2D()  # set when the height is known
        self._pixels: Any = self._downwards + self.figure.dpi_scale_trans
        self.top = self.lines(self.title, MARGIN, 8, bold=True, most=3) + 4

    def text(
        self, text: str, x: float, top: float, *, bold: bool = False, colour: str = "", align: Align = "left"
    ) -> None:
        """Write one line as it is; `top` is that of its line of 21 px."""
        self.figure.text(
            x,
            top + _BASELINE,
            text,
            transform=self._pixels,
            parse_math=False,
            family=_FONT,
            fontsize=TEXT,
            fontweight="bold" if bold else "normal",
            color=colour or self.palette.ink,
            ha=align,
            va="baseline",
        )

    def lines(
        self,
        text: str,
        x: float,
        top: float,
        *,
        width: float = 0.0,
        bold: bool = False,
        colour: str = "",
        most: int = 2,
    ) -> float:
        """Write text in at most so many lines of a width (else: up to the margin); return where they end."""
        for line in wrapped(text, width or WIDTH - MARGIN - x, bold=bold, most=most):
            self.text(line, x, top, bold=bold, colour=colour)
            top += LINE
        return top

    def bar(
        self, x: float, top: float, width: float, height: float, colour: str, *, hatched: bool = False
    ) -> None:
        """Fill a bar, or hatch it; nothing where it has no width."""
        if width <= 0:
            return
        face = self.palette.paper if hatched else colour
        box = self._box(x, top, width, height, facecolor=face, edgecolor=colour, linewidth=1.0)
        if hatched:
            box.set_hatch("/////")
            box.set_hatch_linewidth(1.5)

    def ground(self, x: float, top: float, width: float, height: float, *, clear: bool = False) -> None:
        """Shade what lies beyond a limit (the line beside it says so too), or clear a place for text."""
        colour = self.palette.paper if clear else self.palette.card
        self._box(x, top, width, height, facecolor=colour, linewidth=0, zorder=3 if clear else 0)

    def path(
        self, points: list[tuple[float, float]], colour: str, *, wide: float = 1.5, dashed: bool = False
    ) -> None:
        """Draw a line through points."""
        style = (0, (4, 2)) if dashed else "solid"
        self._line(points, color=colour, linewidth=wide, linestyle=style, zorder=2)

    def interval(self, low: float, high: float, middle: float, colour: str) -> None:
        """Draw an interval between two x as a line with ends; light around it, so that it shows on bars."""
        ends = [(x, y) for x in (low, high) for y in (middle - 5, middle + 5)]
        for ink, extra in ((self.palette.paper, 3.0), (colour, 0.0)):
            self.path([(low, middle), (high, middle)], ink, wide=2 + extra)
            self.path(ends[:2], ink, wide=2 + extra)
            self.path(ends[2:], ink, wide=2 + extra)

    def mark(self, x: float, y: float, *, bad: bool) -> None:
        """Mark a value: a disc, or a cross where it is beyond its limit."""
        colour = self.palette.bad if bad else self.palette.good
        for ink, size in ((self.palette.paper, 13.0), (colour, 10.0)):
            self._line(
                [(x, y)],
                marker="X" if bad else "o",
                markersize=size,
                markeredgewidth=0,
                color=ink,
                linestyle="none",
                zorder=4,
            )

    def _box(self, x: float, top: float, width: float, height: float, **style: Any) -> Rectangle:
        from matplotlib.patches import Rectangle

        box = Rectangle((x, top), width, height, transform=self._pixels, **style)
        self.figure.add_artist(box)
        return box

    def _line(self, points: list[tuple[float, float]], **style: Any) -> None:
        from matplotlib.lines import Line2D

        self.figure.add_artist(Line2D(*zip(*points, strict=True), transform=self._pixels, **style))

    def finish(self, form: Format, summary: str, *, height: float = 0.0) -> bytes:
        """Return the file's bytes: the same for the same input, with no date or random id in them.

        Args:
            form: "png" or "svg".
            summary: what the figure shows, for those who do not see it.
            height: in CSS pixels; 0: what was drawn.
        """
        tall = height or self.top + MARGIN
        self._downwards.clear().scale(1 / 72, -1 / 72).translate(0, tall / 72)
        self.figure.set_size_inches(WIDTH / 72, tall / 72)
        words = plain(summary, 2000)
        return _png(self, words) if form == "png" else _svg(self, words)


def wrapped(text: str, width: float, *, bold: bool = False, most: int = 2) -> list[str]:
    """Break text into at most so many lines of a width in CSS pixels; what does not fit ends in …"""
    lines = [""]
    for word in plain(text, 400).split():
        longer = f"{lines[-1]} {word}".strip()
        if text_width(longer, bold=bold) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    shown = lines[:most]
    if len(lines) > most:
        shown[-1] = f"{shown[-1]}…"
    return [_cut(line, width, bold=bold) for line in shown]


def _cut(line: str, width: float, *, bold: bool) -> str:
    if text_width(line, bold=bold) <= width:
        return line
    while line and text_width(f"{line}…", bold=bold) > width:
        line = line[:-1]
    return f"{line.rstrip(' …')}…"


def text_width(text: str, *, bold: bool = False) -> float:
    """Return the width of a line in CSS pixels."""
    return sum(_advance(character, bold) for character in text)


@lru_cache(4096)  # to ask the font anew took half the time of a figure
def _advance(character: str, bold: bool) -> float:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=_FONT, weight="bold" if bold else "normal")))
    font.set_size(TEXT, 72)
    glyph = font.get_char_index(ord(character))
    if glyph:
        return float(font.load_glyph(glyph).linearHoriAdvance / 65536)
    # another font will draw it; East Asian ones are as wide as they are high
    return TEXT if unicodedata.east_asian_width(character) in "WF" else TEXT * 0.65


def _png(sheet: Sheet, words: str) -> bytes:
    metadata = {"Software": None, "Title": sheet.title, "Description": words}
    return _saved(sheet, "png", metadata, pil_kwargs={"compress_level": _COMPRESSION})


def _svg(sheet: Sheet, words: str) -> bytes:
    """Return an SVG whose text is text, with a title and a description that screen readers find."""
    drawn = _saved(sheet, "svg", {"Date": None, "Creator": None, "Format": None, "Type": None}).decode()
    head, opened, rest = drawn.partition("<svg ")
    attributes, closed, body = rest.partition(">")
    named = (
        f'{head}{opened}role="img" aria-labelledby="title desc" {attributes}{closed}\n'
        f' <title id="title">{escape(sheet.title)}</title>\n <desc id="desc">{escape(words)}</desc>'
    )
    return (named + body.replace(f"font-family: '{_FONT}'", f"font-family: {_FONTS}")).encode()


def _saved(sheet: Sheet, form: Format, metadata: dict[str, str | None], **more: Any) -> bytes:
    import warnings

    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    settled = matplotlib.rc_context({"svg.hashsalt": "tribune", "svg.fonttype": "none"})
    with _SETTINGS, warnings.catch_warnings(), settled:
        # A name in a script that the bundled font lacks is drawn as boxes in a PNG; no reason to fail.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        FigureCanvasAgg(sheet.figure)
        sheet.figure.savefig(buffer, format=form, metadata=metadata, dpi=_DPI, **more)
    return buffer.getvalue()
