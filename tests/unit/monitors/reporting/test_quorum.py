"""Whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tribune_monitors.reporting.quorum import rank


@given(st.integers(1, 96), st.integers(0, 10**9))
def test_rank__any_number__each_turn_is_exactly_one_members(size: int, number: int) -> None:
    assert sorted(rank(index, number, size) for index in range(size)) == list(range(size))


def test_rank__consecutive_frames__each_member_is_first_in_turn() -> None:
    first = [next(i for i in range(3) if rank(i, frame, 3) == 0) for frame in range(6)]
    assert first == [0, 1, 2, 0, 1, 2]
