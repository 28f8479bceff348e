"""Reading figures back: what an SVG says and where, and how large a PNG is."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hypothesis import strategies as st

SVG = "{http://www.w3.org/2000/svg}"

hostile = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)
"""Names as data may have them: any script, control characters, markup."""


@dataclass(frozen=True)
class Said:
    """A line of text on a figure, at CSS pixels."""

    text: str
    x: float
    y: float
    size: float
    anchor: str
    fill: str


@dataclass(frozen=True)
class Box:
    """What a path covers, at CSS pixels."""

    left: float
    top: float
    right: float
    bottom: float
    style: str


def root_of(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own figure


def texts(svg: bytes) -> list[Said]:
    found = []
    for element in root_of(svg).iter(f"{SVG}text"):
        style = dict(part.split(": ", 1) for part in element.get("style", "").split("; "))
        size = float(re.sub("px$", "", style["font-size"]))
        where = float(element.get("x", "nan")), float(element.get("y", "nan"))
        found.append(Said(element.text or "", *where, size, style.get("text-anchor", ""), style["fill"]))
    return found


def words(svg: bytes) -> str:
    return " ".join(said.text for said in texts(svg))


def boxes(svg: bytes, colour: str = "") -> list[Box]:
    """Return what is drawn, in order; with a colour: filled or stroked with it."""
    found = []
    for path in root_of(svg).iter(f"{SVG}path"):
        style = path.get("style", "")
        if colour not in style or path.get("id"):  # with an id: a definition, drawn elsewhere
            continue
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", path.get("d", ""))]
        xs, ys = numbers[::2], numbers[1::2]
        found.append(Box(min(xs), min(ys), max(xs), max(ys), style))
    return found


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height
