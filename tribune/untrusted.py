"""Reading JSON that strangers wrote.

CPython's reader calls itself once a level; where a library raised the recursion limit, deep nesting overflows
the C stack and ends the process. So depth is counted before anything is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 64
SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exact (RFC 8785 appendix D); larger ones become strings."""
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def load_json(data: bytes, *, number: Callable[[str], Any] | None = None) -> Any:
    """Return the value in JSON bytes (UTF-8).

    Args:
        data: what somebody sent or stored.
        number: makes something of numbers with a point or exponent, NaN and infinities; may raise ValueError.

    Raises:
        ValueError: no JSON, no UTF-8, or nested deeper than `MAX_DEPTH`.
    """
    depth = 0
    for token in _TOKEN.finditer(data):
        depth += _STEPS.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    return json.loads(data.decode("utf-8"), parse_float=number, parse_constant=number)
