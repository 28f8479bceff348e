"""All that is measured of a frame, and frames themselves."""

from __future__ import annotations

from tribune.metrics import Policy, Rule, Severity
from tribune.metrics.measure import DISPLAY_Z_MICRO, measure, measure_rules, measured_metrics

from .samples import count, profile_of, rows

PARITY = "fairness.demographic_parity_difference"
POLICY = Policy((Rule(f"{PARITY}.lower/sex", ">", 100_000, Severity.TRIP, z=3_000_000),))


def test_measured_metrics__a_bounded_rule__its_plain_metric_has_the_same_z() -> None:
    names = measured_metrics(POLICY, profile_of(rows(100)))
    assert next(iter(names)) == f"{PARITY}.lower/sex"
    assert names[f"{PARITY}/sex"] == 3_000_000
    assert names["drift.effect/age"] == DISPLAY_Z_MICRO
    assert names["drift.psi/age"] == 0


def test_measure__a_frame__has_rules_and_all_others() -> None:
    tally = count(rows(300, 2))
    values = measure(POLICY, profile_of(rows(500)), tally, tally)
    assert values[f"{PARITY}.lower/sex"].micro == values[f"{PARITY}/sex"].lower
    assert all(value.micro is not None for value in values.values())


def test_measure_rules__a_frame__is_what_measure_says_of_the_rules() -> None:
    tally, profile = count(rows(300, 2)), profile_of(rows(500))
    values = measure(POLICY, profile, tally, tally)
    assert measure_rules(POLICY, profile, tally, tally) == {n: values[n] for n in POLICY.metric_names}
