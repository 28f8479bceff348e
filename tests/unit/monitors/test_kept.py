"""A bounded memory."""

from __future__ import annotations

import pytest

from tribune_monitors.kept import Kept


def test_get__twice__made_once() -> None:
    kept: Kept[int] = Kept(2)
    assert [kept.get("a", lambda: 1), kept.get("a", lambda: 2)] == [1, 1]


def test_get__more_than_it_keeps__the_longest_unasked_goes() -> None:
    kept: Kept[int] = Kept(2)
    for key in "aba":
        kept.get(key, lambda: 1)
    kept.get("c", lambda: 1)
    assert [kept.get(key, lambda: 2) for key in "ab"] == [1, 2]


def test_get__making_fails__made_again() -> None:
    kept: Kept[int] = Kept(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 3) == 3
