"""Drift against scipy on raw rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, ks_2samp

from tribune.metrics import Profile, Tally, Value
from tribune.metrics.families import drift
from unit.metrics.samples import Row, count, profile_of, rows

REFERENCE, PRESENT = rows(3000, 1), rows(1500, 2, older=6)
Z = 2_500_000


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(REFERENCE)


@pytest.fixture(scope="module")
def tally() -> Tally:
    return count(PRESENT)


def raw_table(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Contingency table of sample × bin from raw rows."""
    edges = {"age": [-np.inf, 20, 30, 40, 50, 60, np.inf], "job": None}[name]
    table = []
    for sample in (PRESENT, REFERENCE):
        values = [getattr(row, name) for row in sample]
        if edges:
            table.append(np.histogram(values, bins=edges)[0])
        else:
            table.append(np.array([values.count(value) for value in "abc"]))
    return np.array(table)


@pytest.mark.parametrize("name", ["age", "job"])
def test_effect__raw_rows__is_chi_squared_per_row(profile: Profile, tally: Tally, name: str) -> None:
    table = raw_table(name)
    squared = chi2_contingency(table, correction=False).statistic
    n, m = table.sum(axis=1)
    assert drift.effect(profile, tally, name, None).micro == round(np.sqrt(squared * (1 / n + 1 / m)) * 1e6)


@pytest.mark.parametrize("name", ["age", "job"])
def test_psi__raw_rows__is_the_textbook_sum(profile: Profile, tally: Tally, name: str) -> None:
    p, q = (counts / counts.sum() for counts in raw_table(name))
    assert drift.psi(profile, tally, name, None).micro == round(float(((p - q) * np.log(p / q)).sum()) * 1e6)


@pytest.mark.parametrize("name", ["age", "job"])
def test_jensen_shannon__raw_rows__is_scipys(profile: Profile, tally: Tally, name: str) -> None:
    expected = jensenshannon(*raw_table(name), base=2)
    assert drift.jensen_shannon(profile, tally, name, None).micro == round(expected * 1e6)


@pytest.mark.parametrize("name", ["age", "score"])
def test_ks__raw_rows__is_scipys(profile: Profile, tally: Tally, name: str) -> None:
    expected = ks_2samp([getattr(r, name) for r in PRESENT], [getattr(r, name) for r in REFERENCE]).statistic
    assert drift.ks(profile, tally, name, None).micro == round(expected * 1e6)


def test_ks__values_beyond_the_range__are_counted_in_full(profile: Profile) -> None:
    away = [replace(row, age=500.0) for row in PRESENT]
    assert drift.ks(profile, count(away), "age", None).micro == 1_000_000


MEASURES: list[Callable[[Profile, Tally, str, int | None], Value]] = [
    drift.effect,
    drift.psi,
    drift.jensen_shannon,
    drift.ks,
    drift.chi_squared_statistic,
    drift.wasserstein,
]


@pytest.mark.parametrize("measure", MEASURES)
def test_drift__the_reference_itself_twice__is_zero(profile: Profile, measure: Callable[..., Value]) -> None:
    twice = profile.reference + profile.reference
    assert measure(profile, twice, "age", None).micro == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_drift__samples_swapped__is_the_same(
    profile: Profile, tally: Tally, measure: Callable[..., Value]
) -> None:
    swapped = profile_of(PRESENT)
    assert (
        measure(profile, tally, "age", None).micro == measure(swapped, profile.reference, "age", None).micro
    )


def test_effect__bounds__contain_the_value(profile: Profile, tally: Tally) -> None:
    value = drift.effect(profile, tally, "age", Z)
    assert None not in (value.lower, value.micro, value.upper)
    assert 0 < (value.lower or 0) < (value.micro or 0) <= (value.upper or 0)


def test_effect__same_distribution__lower_is_zero_whatever_z(profile: Profile) -> None:
    for z in (1_000_000, 5_000_000, 20_000_000):
        assert drift.effect(profile, count(rows(1500, 7)), "age", z).lower == 0


def test_effect__ten_times_the_rows__bounds_close_in_on_the_value(profile: Profile, tally: Tally) -> None:
    many = sum([tally] * 9, tally)
    little, much = (drift.effect(profile, t, "age", Z) for t in (tally, many))
    assert (
        (little.lower or 0) < (much.lower or 0) < (much.micro or 0) < (much.upper or 0) < (little.upper or 0)
    )


def test_effect__overdispersed_reference__lower_falls(profile: Profile, tally: Tally) -> None:
    noisy = replace(profile, overdispersion={**profile.overdispersion, "age": 3_000_000})
    assert (drift.effect(noisy, tally, "age", Z).lower or 0) < (
        drift.effect(profile, tally, "age", Z).lower or 0
    )


def test_effect__only_holes__is_not_available_with_a_reason(profile: Profile) -> None:
    holes = [Row(None, None, "1", "1", None)] * 30
    value = drift.effect(profile, count(holes), "age", None)
    assert (value.micro, value.reason) == (None, "no valid values in this frame")


def test_effect__more_holes__is_unchanged(profile: Profile, tally: Tally) -> None:
    holes = count([Row(float("nan"), None, "1", "1", 0.5)] * 400)
    for name in ("age", "job"):
        with_holes = drift.effect(profile, tally + holes, name, None)
        assert with_holes == drift.effect(profile, tally, name, None)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=20))
def test_joined__any_counts__keeps_sums_and_expects_five(pairs: list[tuple[int, int]]) -> None:
    now, then = (list(side) for side in zip(*pairs, strict=True))
    a, b = drift.joined(now, then)
    n, m = sum(now), sum(then)
    assert (sum(a), sum(b)) == (n, m)
    if len(a) > 1:
        assert all((x + y) * min(n, m) / (n + m) >= 5 for x, y in zip(a, b, strict=True))


def test_joined__no_rows_at_all__is_one_empty_cell() -> None:
    assert drift.joined([0, 0], [0, 0]) == ([0], [0])
    assert drift.chi_squared(*drift.joined([0, 0], [0, 0])) == (Fraction(0), 0)


def test_effect__values_beyond_the_range__belong_to_the_outermost_bins(profile: Profile) -> None:
    inside = [*[Row(10, "a", "1", "1", 0.5)] * 20, *[Row(90, "a", "1", "1", 0.5)] * 30]
    beyond = [*[Row(-7, "a", "1", "1", 0.5)] * 20, *[Row(500, "a", "1", "1", 0.5)] * 30]
    assert drift.effect(profile, count(beyond), "age", Z) == drift.effect(profile, count(inside), "age", Z)
