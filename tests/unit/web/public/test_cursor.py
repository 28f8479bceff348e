"""Cursors: any text of their form is a place, and a place comes back as it was."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tribune.web.public.cursor import PATTERN, Place


@given(major=st.integers(0, 2**63 - 1), minor=st.integers(0, 2**32 - 1))
def test_place__written_and_read__is_the_same(major: int, minor: int) -> None:
    text = Place(major, minor).written()
    assert re.fullmatch(PATTERN, text)
    assert Place.read(text) == (major, minor)


@given(text=st.from_regex(PATTERN, fullmatch=True).filter(lambda text: len(text) == 16))
def test_read__any_text_of_the_form__is_a_place_that_a_database_compares(text: str) -> None:
    major, minor = Place.read(text)
    assert 0 <= major < 2**63
    assert 0 <= minor < 2**32
