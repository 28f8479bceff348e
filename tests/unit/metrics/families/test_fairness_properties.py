"""What must hold of every fairness measure, whatever was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.metrics import METRICS, Profile, Tally, Task, make_profile
from unit.metrics.samples import BINNINGS, SCHEME, SPEC, count, rows

Z = 2_000_000
NAMES = [
    name for name, metric in METRICS.items() if name.startswith("fairness.") and Task.BINARY in metric.tasks
]
PROFILE = make_profile(replace(SPEC, min_group=5), count(rows(500)), BINNINGS)
PROFILE_OF_MORE = make_profile(replace(SPEC, min_group=45), count(rows(500)), BINNINGS)
"""With nine times the rows, the same groups are large enough."""
Counts = Mapping[tuple[int, int, int], int]
"""Rows by (sex, label, prediction)."""
CELLS = [(sex, label, said) for sex in range(3) for label in range(2) for said in range(2)]
TALLIES = st.lists(st.integers(0, 60), min_size=12, max_size=12).map(
    lambda counts: dict(zip(CELLS, counts, strict=True))
)


def tally_of(counts: Counts) -> Tally:
    outcomes = {SCHEME.outcomes.flat((*cell, 0)): n for cell, n in counts.items() if n}
    return Tally(sum(counts.values()), {}, outcomes)


def measured(name: str, counts: Counts, profile: Profile = PROFILE) -> tuple[int | None, ...]:
    value = METRICS[name].measure(profile, tally_of(counts), "sex", Z)
    return value.micro, value.lower, value.upper, value.n


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(TALLIES)
def test_fairness__groups_renamed__is_the_same(name: str, counts: Counts) -> None:
    turned = {((sex + 1) % 3, label, said): n for (sex, label, said), n in counts.items()}
    assert measured(name, counts) == measured(name, turned)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(5, 60), min_size=4, max_size=4), st.lists(st.integers(1, 5), min_size=3, max_size=3)
)
def test_fairness__groups_that_differ_in_size_only__are_alike(
    name: str, cells: list[int], sizes: list[int]
) -> None:
    counts = {(sex, label, said): cells[2 * label + said] * sizes[sex] for sex, label, said in CELLS}
    micro, lower, upper, _ = measured(name, counts)
    assert micro == (1_000_000 if name.endswith("ratio") else 0)
    assert lower is not None
    assert upper is not None
    assert lower <= micro <= upper


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(TALLIES)
def test_fairness__any_counts__bounds_contain_the_value_and_shrink(name: str, counts: Counts) -> None:
    micro, lower, upper, _ = measured(name, counts)
    if micro is None:
        return
    nine = measured(name, {cell: 9 * n for cell, n in counts.items()}, PROFILE_OF_MORE)
    assert nine[0] == micro
    assert None not in (lower, upper, *nine)
    assert lower <= nine[1] <= micro <= nine[2] <= upper  # type: ignore[operator]
    assert (lower, upper) != nine[1:3] or lower == upper == micro
