"""Whole numbers as canonical JSON: the same bytes on every machine, so that digests can be compared.

Refuses floats, and reads no integer that it would not have written so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from tribune.untrusted import SAFE_INTEGER


def flat(cells: Mapping[int, int]) -> list[int | str]:
    """Return a sparse table as index, count, index, …"""
    return json_integers([number for index in sorted(cells) for number in (index, cells[index])])


def sparse(numbers: Sequence[object]) -> dict[int, int]:
    """Read what `flat` wrote; ValueError where an index is twice there, out of order or without a count."""
    read = [read_integer(number) for number in numbers]
    places = read[::2]
    cells = dict(zip(places, read[1::2], strict=True))
    if places != sorted(cells) or 0 in cells.values():
        raise ValueError("its sparse cells are not in order")
    return cells


def json_integer(value: int) -> int | str:
    """Return an integer as RFC 8785 JSON can hold it."""
    return value if abs(value) <= SAFE_INTEGER else str(value)


def json_integers(values: Sequence[int]) -> list[int | str]:
    """Return integers as RFC 8785 JSON can hold them."""
    if not values or -SAFE_INTEGER <= min(values) <= max(values) <= SAFE_INTEGER:
        return list(values)
    return [json_integer(value) for value in values]


def read_integer(value: object) -> int:
    """Read what `json_integer` wrote; ValueError for anything else."""
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) < 4000:
        number = int(value)
        if abs(number) > SAFE_INTEGER and str(number) == value:
            return number
    raise ValueError(f"{value!r} is not a whole number")


_UNSURE = re.compile(r"[0-9](?:[0-9]{15}|[.eE])|[\ud800-\udfff\U00010000-\U0010ffff]")
"""Text in which a number may be a float or beyond 2^53 − 1, or a key may sort otherwise in UTF-16."""


def canonical_json(document: object) -> bytes:
    """Return RFC 8785 bytes of a document with text keys, no float and no integer beyond 2^53 − 1.

    Python's own encoder writes the same, many times as fast, where nothing in the text can make a difference.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    if not _UNSURE.search(text):
        return text.encode()
    import rfc8785

    return rfc8785.dumps(document)  # type: ignore[arg-type]
