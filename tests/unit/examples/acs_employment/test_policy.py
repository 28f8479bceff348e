"""The rules on real frames of 2,000 rows: silent on 2016 to 2018, loud in each incident."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import pytest
from scipy.stats import norm

from examples.acs_employment.incident import Incident
from examples.acs_employment.model import Model
from examples.acs_employment.reference import Reference
from examples.acs_employment.rows import Row, batches, load_spec, stream
from examples.acs_employment.terms import load_policy, load_terms
from tribune.decisions.anchor import log_folder
from tribune.decisions.frames.sealing import seal_evaluation
from tribune.decisions.leaf import Decision, LogSchema
from tribune.ids import ModelId, VersionNumber
from tribune.metrics import Policy, Profile, Severity, Tally, Value, evaluate
from tribune_monitors.engines.duckdb_engine import DuckDBEngine

ROWS = 2_000
FRAMES = 36
DP_BY_SEX = "fairness.demographic_parity_difference.lower/SEX"
INVALID = "quality.invalid_rate_increase.lower.max"


def count(rows: Sequence[Row], incident: Incident, model: Model, profile: Profile) -> Tally:
    """Let the model answer rows as they arrive, put them on record and count the record."""
    spoilt = [incident.spoil(row.features) for row in rows]
    answers = model.answer([model.features(features) for features in spoilt])
    decisions = [
        Decision(row.id, place, features, answer.prediction, answer.score)
        for place, (row, features, answer) in enumerate(zip(rows, spoilt, answers, strict=True))
    ]
    labels = [(row.id, place, row.label) for place, row in enumerate(rows)]
    model_id, version = ModelId(1), VersionNumber(1)
    with tempfile.TemporaryDirectory() as place:
        folder = log_folder(Path(place), model_id, version)
        manifest = seal_evaluation(
            Path(place), LogSchema.of(profile.spec), decisions, labels, model_id=model_id, version=version
        )
        return DuckDBEngine(threads=1).count(
            [folder / partition.path for partition in manifest.partitions],
            [folder / partition.path for partition in manifest.labels],
            profile,
        )


def measure(tally: Tally, policy: Policy, profile: Profile) -> Mapping[str, Value]:
    return evaluate(policy.metric_names, profile, tally, tally, policy.z_micro)


@pytest.fixture(scope="module")
def healthy(v1: Model, reference: Reference) -> list[Mapping[str, Value]]:
    policy, profile = load_policy(), reference.profile
    frames = islice(batches(stream(load_spec()), ROWS), FRAMES)
    return [measure(count(rows, Incident.NONE, v1, profile), policy, profile) for rows in frames]


@pytest.fixture(scope="module")
def first_frame() -> list[Row]:
    return next(batches(stream(load_spec()), ROWS))


@pytest.mark.slow
def test_policy__every_frame_of_2016_to_2018__no_rule_is_hit(healthy: list[Mapping[str, Value]]) -> None:
    policy = load_policy()
    for frame in range(FRAMES):
        values = policy.values(healthy[: frame + 1])
        hits = [r.metric for r, value in zip(policy.rules, values, strict=True) if r.is_hit(value)]
        assert hits == [], frame


@pytest.mark.slow
def test_policy__every_frame_of_2016_to_2018__every_rule_but_race_can_be_judged(
    healthy: list[Mapping[str, Value]],
) -> None:
    missing = {name for frame in healthy for name, value in frame.items() if value.micro is None}
    assert missing <= {"fairness.demographic_parity_difference.lower/RAC1P"}


def test_policy__evaluation_set__passes(reference: Reference) -> None:
    policy, profile = load_policy(), reference.profile
    values = policy.values([measure(profile.reference, policy, profile)], evaluation=True)
    assert [r.metric for r, value in zip(policy.rules, values, strict=True) if r.is_hit(value)] == []


def test_policy__womens_ages_40_too_high__parity_by_sex_is_the_first_tripping_rule(
    v1: Model, reference: Reference, first_frame: list[Row]
) -> None:
    policy, profile = load_policy(), reference.profile
    values = policy.values([measure(count(first_frame, Incident.WOMEN, v1, profile), policy, profile)])
    tripped = [
        rule
        for rule, value in zip(policy.rules, values, strict=True)
        if rule.severity is Severity.TRIP and rule.is_hit(value)
    ]
    assert tripped[0].metric == DP_BY_SEX
    assert values[policy.rules.index(tripped[0])] > 2 * tripped[0].limit


def test_policy__ages_in_months__the_invalid_rate_trips_and_parity_does_not(
    v1: Model, reference: Reference, first_frame: list[Row]
) -> None:
    policy, profile = load_policy(), reference.profile
    values = policy.values([measure(count(first_frame, Incident.MONTHS, v1, profile), policy, profile)])
    tripped = [
        rule.metric
        for rule, value in zip(policy.rules, values, strict=True)
        if rule.severity is Severity.TRIP and rule.is_hit(value)
    ]
    assert tripped == [INVALID]


def test_policy__rules__cover_all_families_and_severities() -> None:
    policy = load_policy()
    assert {rule.metric.split(".")[0] for rule in policy.rules} == {
        "quality",
        "drift",
        "fairness",
        "performance",
    }
    assert {rule.severity for rule in policy.rules} == set(Severity)


@pytest.mark.parametrize(
    ("metric", "alarms_a_year", "looks"),
    [
        (DP_BY_SEX, 0.01, 2),
        (INVALID, 0.01, 18),
        ("performance.accuracy_drop.lower", 0.01, 1),
        ("fairness.equalized_odds_difference.lower/SEX", 0.1, 4),
        ("drift.effect.lower.max", 0.1, 36),
        ("fairness.demographic_parity_difference.lower/RAC1P", 1, 72),
    ],
)
def test_policy__z__follows_from_false_alarms_and_looks(
    metric: str, alarms_a_year: float, looks: int
) -> None:
    frames_a_year = 365 * 24 * 3600 / load_terms().step_s
    exact = norm.isf(alarms_a_year / (frames_a_year * looks))
    assert load_policy().z_micro[metric] / 1e6 == pytest.approx(math.ceil(exact * 100) / 100)


def test_policy__looks__are_those_of_the_profile(reference: Reference) -> None:
    assert len(reference.profile.spec.measured) == 18
    races = len(reference.profile.binnings["RAC1P"].values)  # type: ignore[union-attr]
    assert math.comb(races, 2) * 2 == 72
