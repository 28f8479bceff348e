"""Light and dark: the colours of figures and of the page they stand on.

Ink, quiet, good and bad are text colours too: at least 4.5:1 against paper (WCAG 2.2, 1.4.3), and all that is
drawn at least 3:1 (1.4.11). A colour never says anything alone: a shape, a hatch or a word says it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    """What a figure is drawn for."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Palette:
    """Colours of a theme.

    Args:
        paper: what all lies on.
        card: a slightly raised ground, behind tables and forbidden ranges.
        ink: text and what is measured now.
        quiet: lesser text, axes, and the reference.
        good: what is measured, where nothing is wrong.
        bad: a limit, and what is beyond it.
    """

    paper: str
    card: str
    ink: str
    quiet: str
    good: str
    bad: str


PALETTES: Mapping[Theme, Palette] = {
    Theme.LIGHT: Palette("#ffffff", "#f4f1ea", "#1f2430", "#5b6270", "#1f5fa8", "#b3261e"),
    Theme.DARK: Palette("#16181d", "#262b34", "#e8e6e1", "#a3a9b5", "#7db4f0", "#ff9a9a"),
}
