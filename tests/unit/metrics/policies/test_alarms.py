"""False alarms a year and the z that follows, against the normal distribution of scipy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from tribune.exceptions import PolicyError
from tribune.metrics import Policy, Profile, Rule, Severity
from tribune.metrics.policies.alarms import alarms_a_year, all_looks, looks, z_for
from unit.metrics.samples import profile_of, rows


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(500, 1))


@given(st.floats(0.001, 10), st.integers(1, 10**8), st.integers(1, 10_000))
def test_z_for__any_allowance__is_scipys_rounded_up(alarms: float, frames: int, looks: int) -> None:
    z = z_for(alarms, frames, looks) / 1e6
    exact = max(norm.isf(min(alarms / frames / looks, 0.5)), 0)
    assert exact - 1e-6 <= z <= max(exact, 0) + 0.01 + 1e-6
    assert round(z * 100) == pytest.approx(z * 100, abs=1e-9)


@given(st.floats(0.001, 10), st.integers(1, 10**8), st.integers(1, 10_000))
def test_alarms_a_year__z_of_an_allowance__never_exceeds_it(alarms: float, frames: int, looks: int) -> None:
    rule = Rule("drift.effect.lower.max", ">", 100_000, Severity.WARN, z=z_for(alarms, frames, looks))
    expected = alarms_a_year(rule, looks, frames)
    assert expected is not None
    assert expected <= alarms * (1 + 1e-6)
    assert expected == pytest.approx(frames * looks * norm.sf(rule.z / 1e6), rel=1e-6)


def test_alarms_a_year__no_bound__is_not_known() -> None:
    assert alarms_a_year(Rule("drift.psi.max", ">", 250_000, Severity.WARN), 4, 8760) is None


@pytest.mark.parametrize("given", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_z_for__nothing_allowed__is_refused(given: tuple[float, float, int]) -> None:
    with pytest.raises(PolicyError, match="above 0"):
        z_for(*given)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("drift.effect.lower.max", 5),  # age, job, sex, prediction, score
        ("drift.ks.max", 2),
        ("drift.effect.lower/age", 1),
        ("performance.accuracy_drop.lower", 1),
        ("fairness.demographic_parity_difference.lower/sex", 6),  # three pairs of groups, both orders
        ("fairness.equalized_odds_difference.lower/sex", 12),  # for two rates
    ],
)
def test_looks__metric__counts_columns_and_pairs(profile: Profile, metric: str, expected: int) -> None:
    assert looks(metric, profile) == expected


def test_looks__unknown_column__is_refused(profile: Profile) -> None:
    with pytest.raises(PolicyError, match="cannot be measured"):
        looks("drift.effect.lower/shoe", profile)


def test_all_looks__two_rules_on_a_metric__counts_both(profile: Profile) -> None:
    warn = Rule("drift.effect.lower.max", ">", 100_000, Severity.WARN, z=4_000_000)
    policy = Policy((warn, replace(warn, limit=200_000, severity=Severity.VOTE)))
    assert all_looks(warn, policy, profile) == 10
