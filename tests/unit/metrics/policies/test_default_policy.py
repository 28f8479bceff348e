"""The default policy of several models, and its file."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tribune.exceptions import PolicyError
from tribune.metrics import (
    Column,
    ColumnKind,
    ModelSpec,
    Policy,
    Profile,
    Role,
    Scheme,
    Severity,
    Tally,
    Task,
    make_profile,
)
from tribune.metrics.policies.alarms import YEAR_S, alarms_a_year, all_looks, looks
from tribune.metrics.policies.default_policy import Allowance, DefaultPolicy, default_policy, default_terms
from tribune.metrics.policies.policy_text import explain, explain_chances, write_policy
from tribune.metrics.policies.terms import FrameTerms
from unit.metrics.measured import profile_of as table_profile
from unit.metrics.samples import BINNINGS, SPEC, Row, profile_of, rows

HOUR = default_terms(3600)
INVALID = "quality.invalid_rate_increase.lower.max"
DRIFT = "drift.effect.lower.max"
DROP = "performance.accuracy_drop.lower"
ODDS = "fairness.equalized_odds_difference.lower/sex"
PARITY = "fairness.demographic_parity_difference.lower/sex"


def made_of(sample: list[Row]) -> DefaultPolicy:
    return default_policy(profile_of(sample), HOUR)


@pytest.fixture(scope="module")
def made() -> DefaultPolicy:
    return made_of(rows(3000, 1, unfair=0.02))


def rule_limits(policy: Policy) -> list[tuple[str, int, Severity, int, int]]:
    return [(rule.metric, rule.limit, rule.severity, rule.m, rule.w) for rule in policy.rules]


def test_default_policy__binary_with_all__is_section_seven(made: DefaultPolicy) -> None:
    assert rule_limits(made.policy) == [
        (INVALID, 20_000, Severity.TRIP, 1, 1),
        (DROP, 30_000, Severity.TRIP, 2, 2),
        (ODDS, 100_000, Severity.VOTE, 2, 3),
        (DRIFT, 200_000, Severity.VOTE, 2, 3),
        (DRIFT, 100_000, Severity.WARN, 2, 3),
        (PARITY, 100_000, Severity.WARN, 1, 1),
    ]
    assert not made.left_out
    assert not made.notes


@pytest.mark.parametrize("step_s", [5, 3600, 86_400])
@pytest.mark.parametrize("allowance", [Allowance(), Allowance(1e-6, 10, 100)])
def test_default_policy__false_alarms__stay_within_the_stated_number(
    made: DefaultPolicy, step_s: int, allowance: Allowance
) -> None:
    policy = default_policy(made.profile, default_terms(step_s), allowance).policy
    for severity in Severity:
        expected = [
            alarms_a_year(rule, all_looks(rule, policy, made.profile), YEAR_S / step_s) or 0
            for rule in policy.rules
            if rule.severity is severity
        ]
        assert expected
        assert sum(expected) <= allowance.of(severity)


def test_default_policy__no_labels__leaves_out_what_needs_them() -> None:
    made = made_of([replace(row, label=None) for row in rows(500, 1, unfair=0.02)])
    assert set(made.left_out) == {DROP, ODDS}
    assert made.left_out[DROP] == "the reference cannot be judged by it: the profile has no labels"
    assert {rule.metric for rule in made.policy.rules} == {INVALID, DRIFT, PARITY}


def test_default_policy__one_group_only__leaves_out_fairness() -> None:
    made = made_of([replace(row, sex="1") for row in rows(500, 1)])
    assert set(made.left_out) == {ODDS, PARITY}
    assert "fewer than two groups" in made.left_out[PARITY]


def test_default_policy__reference_beyond_a_limit__watches_for_worse() -> None:
    made = made_of(rows(4000, 1, unfair=0.3))
    (rule,) = (rule for rule in made.policy.rules if rule.metric == PARITY)
    assert rule.limit % 10_000 == 0
    assert 300_000 < rule.limit < 400_000
    assert made.notes[PARITY].startswith("The usual limit is 10 %, but the reference itself is at 29.8 %")


def test_default_policy__generic_model__keeps_inputs_only() -> None:
    made = default_policy(generic(), HOUR)
    assert {rule.metric for rule in made.policy.rules} == {INVALID, DRIFT}
    assert set(made.left_out) == {"performance, fairness"}


def generic() -> Profile:
    kept = [column for column in SPEC.columns if column.name in ("age", "job")]
    spec = ModelSpec(tuple(kept), Task.GENERIC, min_rows=10)
    of = profile_of(rows(500, 1))
    columns = {name: of.reference.columns[name] for name in ("age", "job")}
    binnings = {name: BINNINGS[name] for name in columns}
    assert not Scheme(spec, binnings).outcomes.groups
    return make_profile(spec, Tally(500, columns, {0: 500}), binnings)


def test_default_policy__few_rows__is_refused() -> None:
    with pytest.raises(PolicyError, match="a frame needs 10"):
        made_of(rows(9, 1))


def test_default_policy__labels_late__bears_their_wait(made: DefaultPolicy) -> None:
    spec = replace(made.profile.spec, label_lag=7)
    late = default_policy(replace(made.profile, spec=spec), HOUR).policy
    for before, after in zip(made.policy.rules, late.rules, strict=True):
        assert after.na_budget - before.na_budget == (7 if before.metric in (DROP, ODDS) else 0)


@pytest.mark.parametrize("step_s", [1, 5, 60, 3600, 86_400, 30 * 86_400])
def test_default_terms__any_step__are_terms_without_gaps(step_s: int) -> None:
    terms = default_terms(step_s)
    assert terms.length_s == step_s
    assert terms.grace_s < terms.deadline_s


def test_write_policy__read_back__is_the_same(made: DefaultPolicy, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(write_policy(made), encoding="utf-8")
    assert Policy.load(path) == made.policy
    assert FrameTerms.load(path) == made.terms


def test_write_policy__a_rule__is_said_in_words_with_its_arithmetic(made: DefaultPolicy) -> None:
    text = " ".join(write_policy(made).replace("\n# ", " ").split())
    assert (
        "Tell Discord when the gap in positive decisions between groups by sex is surely above 10 %" in text
    )
    assert "8,760 frames · 10 looks · (1 − Φ(" in text


def test_write_policy__what_is_left_out__says_why() -> None:
    text = write_policy(made_of([replace(row, label=None) for row in rows(500, 1, unfair=0.02)]))
    assert f"# Left out: {DROP}: the reference cannot be judged by it" in text


def test_explain_chances__default_policy__adds_up_below_the_allowance(made: DefaultPolicy) -> None:
    *_, total = explain_chances(made.policy, made.profile, 3600)
    stops, votes, warnings = (
        float(total.split(word)[0].split()[-1]) for word in (" stops", " votes", " warnings")
    )
    assert 0 < stops <= 0.01
    assert 0 < votes <= 0.1
    assert 0 < warnings <= 1


def test_explain__without_a_profile__says_each_rule(made: DefaultPolicy) -> None:
    lines = list(explain(made.policy, made.profile.spec))
    assert lines[0].startswith("1. Stop the model")
    assert lines[1] == "   24 frames in a row without a value are borne; one more counts as a hit."
    assert sum(line[0].isdigit() for line in lines) == len(made.policy.rules)


def test_explain_chances__metric_of_another_model__is_refused(made: DefaultPolicy) -> None:
    with pytest.raises(PolicyError):
        list(explain_chances(made.policy, generic(), 3600))


def classes(folder: Path) -> Profile:
    spec = ModelSpec(
        (
            Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
            Column("label", ColumnKind.CATEGORY, Role.LABEL),
        ),
        Task.MULTICLASS,
        classes=("cat", "dog", "owl"),
    )
    said = ["cat", "dog", "owl"] * 300
    return table_profile(folder, spec, {"prediction": said, "label": [*said[:-30], *["cat"] * 30]})


def numbers(folder: Path) -> Profile:
    spec = ModelSpec(
        (
            Column("sex", ColumnKind.CATEGORY, Role.GROUP),
            Column("prediction", ColumnKind.NUMERIC, Role.PREDICTION),
            Column("label", ColumnKind.NUMERIC, Role.LABEL),
        ),
        Task.REGRESSION,
    )
    dice = np.random.default_rng(1)
    label = dice.normal(100, 20, 1000)
    said = label + dice.normal(0, 4, 1000)
    return table_profile(folder, spec, {"sex": ["m", "f"] * 500, "prediction": said, "label": label})


def test_default_policy__multiclass__watches_each_class(tmp_path: Path) -> None:
    made = default_policy(classes(tmp_path), HOUR)
    assert rule_limits(made.policy)[1:3] == [
        (DROP, 30_000, Severity.TRIP, 2, 2),
        ("performance.class_recall_drop.lower.max", 100_000, Severity.VOTE, 2, 3),
    ]
    assert looks("performance.class_recall_drop.lower.max", made.profile) == 3
    assert set(made.left_out) == {"fairness"}


def test_default_policy__regression__limits_follow_from_its_mean_error(tmp_path: Path) -> None:
    made = default_policy(numbers(tmp_path), HOUR)
    rules = {rule.metric: rule for rule in made.policy.rules}
    error = 4 * math.sqrt(2 / math.pi) * 1e6
    worse = rules["performance.mae_increase.lower"]
    assert worse.severity is Severity.TRIP
    assert worse.limit == pytest.approx(error / 10, rel=0.1)
    unlike = rules["fairness.error_difference.lower/sex"]
    assert unlike.severity is Severity.VOTE
    assert unlike.limit == pytest.approx(error / 4, rel=0.1)
