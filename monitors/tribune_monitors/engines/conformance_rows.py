"""The rows of the conformance file: numbers, texts and labels on which engines have disagreed."""

from __future__ import annotations

import math
import struct
from functools import cache

_EDGES = (0.0, 1.0, 5.0, 10.0)
_NUMBERS: tuple[float | None, ...] = (
    None,
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    -2.225073858507201e-308,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    1e300,
    -1e300,
    9007199254740993.0,
    0.1,
    2.5,
    -2.5,
    1e-17,
    7.999999999999999,
    *_EDGES,
    *(math.nextafter(edge, math.inf) for edge in _EDGES),
    *(math.nextafter(edge, -math.inf) for edge in _EDGES),
)
_TEXTS: tuple[str | None, ...] = (
    None, "", " ", "a", "A", "a ", " a", "\u00e4", "a\u0308", "\u0130", "i\u0307", "\u00df", "ss", "\x00",
    "a\x00b", "\n", "\ufeff", "\u200b", "\U0001f600", "NULL", "nan", "0", "00", "0.0", "'", '"', "\\",
    "x" * 300, "\u0435", "e",
)  # fmt: skip
_GROUPS: tuple[str | None, ...] = ("g", "h", None, "G", "g")
_SAID: tuple[int | None, ...] = (0, 1, 1, 0, None, 7, 1)

Row = tuple[str, float | None, float | None, str | None, str | None, int | None, float | None]
LabelRow = tuple[str | None, int | None, str | None]

COLUMNS = ("id", "wide", "narrow", "text", "group", "prediction", "score")
"""Columns of the decision rows: string, double, float32, string, string, int64, double."""


def narrow(number: float | None) -> float | None:
    """Return the float32 nearest to a number (the file's column is float32), as a double."""
    if number is None or math.isnan(number) or math.isinf(number):
        return number
    if abs(number) > 3.4028235e38:
        return math.copysign(math.inf, number)
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


@cache
def rows() -> tuple[Row, ...]:
    """Return the decision rows: every odd number and text at least twice, in changing company."""
    made: list[Row] = []
    for place in range(4 * len(_NUMBERS)):
        number = _NUMBERS[place % len(_NUMBERS)]
        score = None if place % 11 == 3 else (place * 37 % 128) / 127
        if place % 17 == 5:
            score = number
        made.append(
            (
                f"d{place}",
                number,
                narrow(_NUMBERS[(place * 5 + 1) % len(_NUMBERS)]),
                _TEXTS[place % len(_TEXTS)],
                _GROUPS[place % len(_GROUPS)],
                _SAID[place % len(_SAID)],
                score,
            )
        )
    return tuple(made)


@cache
def label_rows() -> tuple[LabelRow, ...]:
    """Return the label rows: late, repeated, contradicting, empty, strange and for nobody."""
    made: list[LabelRow] = []
    for place in range(0, len(rows()), 2):
        made.append((f"d{place}", 1_000_000 + place, ("0", "1", "maybe", None)[place // 2 % 4]))
    made += [("d0", 2_000_000, "1"), ("d2", 5, "0"), ("d4", 1_000_004, "1"), ("d8", 1_000_008, "0")]
    made += [("d1", 7, "1"), ("d1", 7, "0"), ("d3", None, "1"), ("d3", 9, "0"), ("d5", None, None)]
    made += [("d7", 1, None), ("d7", 1, "1"), ("d9", 3, None), ("d9", 4, "1")]
    made += [(None, 1, "1"), ("nobody", 1, "0"), ("", 1, "1"), ("D11", 1, "1"), ("d11 ", 1, "1")]
    return tuple(made)
