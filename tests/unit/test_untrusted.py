"""Strangers' JSON: depth is refused before the reader can fall into it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tribune.untrusted import MAX_DEPTH, load_json


@pytest.fixture
def raised_limit() -> Iterator[None]:
    """What some libraries do to the whole process."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("raised_limit")
@pytest.mark.parametrize("data", [b"[" * 500_000, b'{"a":' * 500_000, b'["\\"",' + b"[" * 500_000])
def test_load_json__endless_nesting__refused_before_it_is_read(data: bytes) -> None:
    with pytest.raises(ValueError, match="nested"):
        load_json(data)


def test_load_json__as_deep_as_allowed__read() -> None:
    value = load_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        (value,) = value
    assert value == []


def test_load_json__brackets_in_text__do_not_count() -> None:
    assert load_json(b'{"a": "' + b"[" * 1000 + b'"}') == {"a": "[" * 1000}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'"\\'])
def test_load_json__no_json__value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any sentence will do
        load_json(data)
