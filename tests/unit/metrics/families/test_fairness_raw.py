"""Fairness of raw rows, counted by the engine, against fairlearn on the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fairlearn.metrics as fair
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error

from tribune.metrics import METRICS, Column, ColumnKind, ModelSpec, Profile, Role, Tally, Task, evaluate
from unit.metrics.counted import profile_of_rows, tally_of_rows

RATES = [
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
]
TARGETS = {"SEX": ["SEX"], "RACE": ["RACE"], "SEX&RACE": ["SEX", "RACE"]}
GROUPS = (
    Column("SEX", ColumnKind.CATEGORY, Role.GROUP, "sex", (("1", "men"), ("2", "women"))),
    Column("RACE", ColumnKind.CATEGORY, Role.GROUP, "race", (("2", "Black people"),)),
)
CLASSES = ("bird", "cat", "dog")


def rows(n: int, seed: int, answers: list[str]) -> pd.DataFrame:
    """Rows in which the second sex and the third race are answered worse."""
    dice = np.random.default_rng(seed)
    sex, race = dice.choice([1, 2], n), dice.choice([1, 2, 3], n, p=[0.6, 0.3, 0.1])
    label = dice.integers(0, len(answers), n)
    wrong = dice.random(n) < 0.1 + 0.1 * (sex == 2) + 0.2 * (race == 3)
    said = np.where(wrong, dice.integers(0, len(answers), n), label)
    texts = np.array(answers)
    return pd.DataFrame(
        {"SEX": sex.astype(str), "RACE": race.astype(str), "prediction": texts[said], "label": texts[label]}
    )


def spec_of(task: Task, kind: ColumnKind, classes: tuple[str, ...] = ()) -> ModelSpec:
    answers = (Column("prediction", kind, Role.PREDICTION), Column("label", kind, Role.LABEL))
    crossed = (("SEX", "RACE"),)
    return ModelSpec((*GROUPS, *answers), task, min_group=30, classes=classes, intersections=crossed)


Case = tuple[Profile, Tally, pd.DataFrame]


def case_of(folder: Path, spec: ModelSpec, made: Callable[[int, int], pd.DataFrame]) -> Case:
    profile, now = profile_of_rows(folder, spec, made(2000, 1)), made(5000, 2)
    return profile, tally_of_rows(folder, profile, now), now


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Case:
    spec = spec_of(Task.BINARY, ColumnKind.CATEGORY)
    return case_of(tmp_path_factory.mktemp("binary"), spec, lambda n, seed: rows(n, seed, ["0", "1"]))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Case:
    spec = spec_of(Task.MULTICLASS, ColumnKind.CATEGORY, CLASSES)
    return case_of(tmp_path_factory.mktemp("many"), spec, lambda n, seed: rows(n, seed, list(CLASSES)))


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Case:
    def made(n: int, seed: int) -> pd.DataFrame:
        frame = rows(n, seed, ["0"]).drop(columns=["prediction", "label"])
        dice = np.random.default_rng(seed + 100)
        label = dice.integers(0, 200, n).astype(float)
        spread = 5 + 5 * (frame["SEX"] == "2") + 10 * (frame["RACE"] == "3")
        return frame.assign(prediction=label + np.rint(dice.normal(0, spread)), label=label)

    spec = spec_of(Task.REGRESSION, ColumnKind.NUMERIC)
    return case_of(tmp_path_factory.mktemp("numbers"), spec, made)


def measured(case: Case, name: str) -> int | None:
    profile, tally, _ = case
    return evaluate([name], profile, tally, tally, {})[name].micro


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("measure", RATES)
def test_rates__raw_rows__are_fairlearns(binary: Case, measure: str, target: str) -> None:
    now = binary[2]
    label, said = now["label"] == "1", now["prediction"] == "1"
    expected = getattr(fair, measure)(label, said, sensitive_features=now[TARGETS[target]])
    assert measured(binary, f"fairness.{measure}/{target}") == round(expected * 1e6)


@pytest.mark.parametrize("measure", RATES)
def test_rates__several_classes__are_fairlearns_of_the_worst_class(many: Case, measure: str) -> None:
    now = many[2]
    each = [
        getattr(fair, measure)(
            now["label"] == name, now["prediction"] == name, sensitive_features=now[["SEX", "RACE"]]
        )
        for name in CLASSES
    ]
    worst = max(each) if measure.endswith("difference") else min(each)
    assert measured(many, f"fairness.{measure}/SEX&RACE") == round(worst * 1e6)


@pytest.mark.parametrize("target", TARGETS)
def test_accuracy_difference__raw_rows__is_fairlearns(binary: Case, many: Case, target: str) -> None:
    for case in (binary, many):
        now = case[2]
        frame = fair.MetricFrame(
            metrics=accuracy_score,
            y_true=now["label"],
            y_pred=now["prediction"],
            sensitive_features=now[TARGETS[target]],
        )
        assert measured(case, f"fairness.accuracy_difference/{target}") == round(frame.difference() * 1e6)


@pytest.mark.parametrize("target", TARGETS)
def test_error_difference__whole_numbers__is_fairlearns(numbers: Case, target: str) -> None:
    now = numbers[2]
    frame = fair.MetricFrame(
        metrics=mean_absolute_error,
        y_true=now["label"],
        y_pred=now["prediction"],
        sensitive_features=now[TARGETS[target]],
    )
    assert measured(numbers, f"fairness.error_difference/{target}") == round(frame.difference() * 1e6)


def test_error_difference__one_row_of_a_group__waits_for_a_second(numbers: Case, tmp_path: Path) -> None:
    profile, _, now = numbers
    profile = replace(profile, spec=replace(profile.spec, min_group=1, min_rows=1))
    men, women = now[now["SEX"] == "1"][:9], now[now["SEX"] == "2"][:9]
    newest = tally_of_rows(tmp_path, profile, pd.concat([men, women[:1]]))
    earlier = tally_of_rows(tmp_path, profile, women[1:])
    name = "fairness.error_difference/SEX"
    value = evaluate([name], profile, newest, newest, {}, [(earlier, earlier)])[name]
    gap = [abs(rows["prediction"] - rows["label"]).mean() for rows in (men, women)]
    assert (value.micro, value.reason) == (round(abs(gap[0] - gap[1]) * 1e6), "over 2 frames")


def test_error_difference__bounds__contain_it_and_shrink(numbers: Case) -> None:
    profile, tally, _ = numbers
    name = "fairness.error_difference/RACE"
    once, four = (
        evaluate([name], profile, t, t, {name: 3_000_000})[name] for t in (tally, sum([tally] * 3, tally))
    )
    assert once.micro == four.micro
    assert 0 < once.lower < four.lower < four.micro < four.upper < once.upper  # type: ignore[operator]


def test_rates__a_small_crossed_group__is_named_for_people(binary: Case, tmp_path: Path) -> None:
    profile, _, now = binary
    few = now[(now["SEX"] == "1") | (now["RACE"] != "2") | (now.index < 100)]
    known = len(few[(few["SEX"] == "2") & (few["RACE"] == "2")])
    value = evaluate(
        ["fairness.demographic_parity_ratio/SEX&RACE"],
        profile,
        tally_of_rows(tmp_path, profile, few),
        None,
        {},
    )["fairness.demographic_parity_ratio/SEX&RACE"]
    assert value.reason == f"not judged: women, Black people (rows: {known})"


def test_rates__classes_with_few_rows_of_a_group__are_named(many: Case, tmp_path: Path) -> None:
    profile, _, now = many
    few = now[(now["SEX"] == "1") | (now["label"] != "cat")]
    name = "fairness.equal_opportunity_difference/SEX"
    tally = tally_of_rows(tmp_path, profile, few)
    value = evaluate([name], profile, tally, tally, {})[name]
    assert value.reason.startswith("worst class: ")
    assert "men for " not in value.reason
    rows_of = evaluate(["fairness.equalized_odds_ratio/SEX"], profile, tally, tally, {})
    assert "women for cat (rows of its rarer label: 0)" in rows_of["fairness.equalized_odds_ratio/SEX"].reason


def test_error_difference__a_model_whose_labels_never_come__has_no_target(tmp_path: Path) -> None:
    columns = (*GROUPS, Column("prediction", ColumnKind.NUMERIC, Role.PREDICTION))
    spec = ModelSpec(columns, Task.REGRESSION)
    frame = rows(600, 1, ["0"]).assign(prediction=1.5).drop(columns=["label"])
    profile = profile_of_rows(tmp_path, spec, frame)
    targets = METRICS["fairness.error_difference"].targets
    assert targets is not None
    assert targets(profile) == ()


def test_rates__five_thousand_groups__the_listed_ones_are_judged_and_the_rest_named(tmp_path: Path) -> None:
    spec = spec_of(Task.BINARY, ColumnKind.CATEGORY)
    dice = np.random.default_rng(5)
    now = rows(20_000, 3, ["0", "1"])
    towns = np.where(dice.random(20_000) < 0.5, dice.integers(0, 20, 20_000), dice.integers(0, 5000, 20_000))
    now["RACE"] = towns.astype(str)
    profile = profile_of_rows(tmp_path, spec, now)
    tally = tally_of_rows(tmp_path, profile, now)
    large = now[now["RACE"].isin([str(town) for town in range(20)])]
    said = large["prediction"] == "1"
    expected = fair.demographic_parity_difference(said, said, sensitive_features=large["RACE"])
    values = evaluate(
        [f"fairness.demographic_parity_difference/{target}" for target in ("RACE", "SEX&RACE")],
        profile,
        tally,
        None,
        {},
    )
    value, crossed = values.values()
    assert value.micro == round(expected * 1e6)
    assert value.reason.startswith("not judged: race=")
    assert "other race (rows: " in value.reason
    assert "25 smaller groups (rows: " in value.reason  # 44 listed towns and the rest, of which 20 are named
    assert crossed.micro is not None
    assert len(crossed.reason) < 2000


def test_rates__rows_without_a_group__are_named_and_judged_nowhere(binary: Case, tmp_path: Path) -> None:
    profile, _, now = binary
    holes = pd.DataFrame(
        {"SEX": [None] * 40, "RACE": ["1"] * 40, "prediction": ["1"] * 40, "label": ["1"] * 40}
    )
    name = "fairness.demographic_parity_difference/SEX&RACE"
    with_holes = tally_of_rows(tmp_path, profile, pd.concat([now, holes]))
    value = evaluate([name], profile, with_holes, None, {})[name]
    assert value.micro == measured(binary, name)
    assert value.reason == "not judged: no sex, race=1 (rows: 40)"


def test_rates__a_group_column_of_nulls_only__is_not_available_and_says_so(
    binary: Case, tmp_path: Path
) -> None:
    profile, _, now = binary
    holes = now.assign(SEX=pd.Series([None] * len(now), dtype=object))
    tally = tally_of_rows(tmp_path, profile, holes)
    for measure in RATES:
        value = evaluate([f"fairness.{measure}/SEX"], profile, tally, tally, {})[f"fairness.{measure}/SEX"]
        assert value.micro is None
        assert value.reason.startswith("fewer than two groups have 30 ")
        assert "not judged: no sex (" in value.reason
