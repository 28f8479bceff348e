"""Contrast of both themes, by the formula of WCAG 2.2."""

from __future__ import annotations

import pytest

from tribune.figures.theme import PALETTES, Theme


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast__black_on_white__is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("ground", ["paper", "card"])
@pytest.mark.parametrize("name", ["ink", "quiet", "good", "bad"])
def test_palette__text_colour_on_any_ground__has_text_contrast(theme: Theme, ground: str, name: str) -> None:
    palette = PALETTES[theme]
    assert contrast(getattr(palette, name), getattr(palette, ground)) >= 4.5


@pytest.mark.parametrize("theme", Theme)
def test_palette__interval_on_a_bar__has_graphics_contrast_by_its_edge(theme: Theme) -> None:
    palette = PALETTES[theme]
    assert contrast(palette.paper, palette.good) >= 3
    assert contrast(palette.paper, palette.ink) >= 3
