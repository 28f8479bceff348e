"""A place of the chain as a row of the index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.index import put, registered
from tribune.store.feed import row_at
from tribune.store.session import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        with opened.session() as session:  # rows 1 to 4, at (1, 1), (1, 2), (3, 3), (3, 4)
            put(
                session,
                *(registered(number, "a", hours=hours) for number, hours in enumerate((0, 0, 2, 2), 1)),
            )
        yield opened


@pytest.mark.parametrize(
    ("place", "row"),
    [((1, 1), 0), ((1, 2), 2), ((2, 0), 3), ((3, 3), 3), ((3, 4), 4), ((3, 5), 5), ((2**63 - 1, 0), 5)],
)
def test_row_at__place__is_above_all_before_it_and_none_after(
    store: Store, place: tuple[int, int], row: int
) -> None:
    with store.session(readonly=True) as session:
        assert row_at(session, place) == row
