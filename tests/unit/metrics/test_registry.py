"""Evaluation by name: values, reasons, and clear refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.exceptions import PolicyError
from tribune.metrics import (
    METRICS,
    MetricName,
    Profile,
    Role,
    Tally,
    Value,
    evaluate,
    make_profile,
    standard_metrics,
)
from tribune.metrics.registry import find, needs_labels
from tribune.metrics.value import NO_LABEL_COLUMN

from .samples import BINNINGS, SCHEME, SPEC, count, profile_of, rows


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 1))


@pytest.mark.parametrize(
    "name",
    [
        "drift.effect.lower.max",
        "quality.missing_rate/A.B c/é",
        "fairness.equalized_odds_difference.upper/sex",
        "quality.volume",
    ],
)
def test_parse__a_name__is_written_back(name: str) -> None:
    assert str(MetricName.parse(name)) == name


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("drift", "not the name"),
        ("drift.efect/age", "Did you mean drift.effect"),
        ("drift.psi.lower/age", "no lower bound"),
        ("drift.effect", "needs either"),
        ("drift.effect.max/age", "needs either"),
        ("performance.accuracy/age", "whole model"),
        ("performance.accuracy.max", "whole model"),
        ("fairness.demographic_parity_ratio.upper.max", "has no .max"),
        ("summary.mean.max", "has no .max"),
        ("performance.class_recall.max", "has no .max"),
        ("drift.wasserstein.max", "has no .max"),
    ],
)
def test_find__no_such_metric__says_why(name: str, word: str) -> None:
    with pytest.raises(PolicyError) as fault:
        find(name)
    assert word in str(fault.value)


def test_evaluate__unknown_column__lists_those_there_are(profile: Profile) -> None:
    with pytest.raises(PolicyError, match=r"job.*It can for: age, score"):
        evaluate(["drift.ks/job"], profile, count(rows(50)), None, {})


def test_evaluate__bound_without_z__is_refused(profile: Profile) -> None:
    with pytest.raises(PolicyError, match="needs a z"):
        evaluate(["drift.effect.lower/age"], profile, count(rows(50)), None, {})


def test_evaluate__no_rows__everything_is_not_available(profile: Profile) -> None:
    names = standard_metrics(profile)
    values = evaluate(names, profile, Tally.zero(SCHEME), Tally.zero(SCHEME), {})
    assert {value.reason for value in values.values()} == {"no rows"}
    assert {value.micro for value in values.values()} == {None}


def test_evaluate__few_rows__only_volume_is_measured(profile: Profile) -> None:
    few = count(rows(9))
    values = evaluate(standard_metrics(profile), profile, few, few, {})
    assert [name for name, value in values.items() if value.micro is not None] == ["quality.volume"]
    assert values["drift.psi/age"].reason == "only 9 rows, 10 are needed"


def test_evaluate__lagged_frame_without_manifest__label_metrics_say_so(profile: Profile) -> None:
    values = evaluate(standard_metrics(profile), profile, count(rows(100)), None, {})
    assert {values[name].reason for name in values if needs_labels(name)} == {"no labels yet"}
    assert values["quality.volume"].micro == 100_000_000


def test_evaluate__model_without_a_label_column__says_that_and_not_that_labels_come_later() -> None:
    bare = [replace(row, label=None) for row in rows(1000, 1)]
    spec = replace(SPEC, columns=tuple(c for c in SPEC.columns if c.role is not Role.LABEL))
    profile = make_profile(spec, count(bare), BINNINGS, ())
    values = evaluate(standard_metrics(profile), profile, count(bare), count(bare), {})
    found = {name: value.reason for name, value in values.items() if needs_labels(name)}
    assert found
    assert set(found.values()) == {NO_LABEL_COLUMN}


def test_evaluate__lower__is_the_bound_of_the_plain_value(profile: Profile) -> None:
    plain, lower = "performance.accuracy", "performance.accuracy.lower"
    tally = count(rows(200, 2))
    values = evaluate([plain, lower], profile, tally, tally, {plain: 10**6, lower: 10**6})
    assert values[lower].micro == values[plain].lower != values[plain].micro


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_saturated__beyond_the_range__is_its_end(metric: object) -> None:
    assert hasattr(metric, "saturated")
    assert metric.saturated(Value(2**80, 1)).micro == metric.hi  # type: ignore[attr-defined]
    assert metric.saturated(Value(-(2**80), 1)).micro == metric.lo  # type: ignore[attr-defined]
    assert metric.saturated(Value(None, 1)).micro is None
