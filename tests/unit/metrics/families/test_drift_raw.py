"""Drift of raw rows, counted by the engine, against scipy on the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Tally, Task, evaluate
from tribune.metrics.spec import MEASURED_ROLES
from unit.metrics.counted import profile_of_rows, tally_of_rows

NUMBERS = ["normal", "skewed", "heavy", "whole", "far", "score"]
SPEC = ModelSpec(
    (
        *(Column(name, ColumnKind.NUMERIC, Role.FEATURE) for name in NUMBERS[:-1]),
        Column("town", ColumnKind.CATEGORY, Role.FEATURE),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
    ),
    min_rows=10,
)


def rows(n: int, seed: int, away: float = 0.0) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    score = dice.beta(2 + away, 3, n)
    far = dice.normal(50, 5, n)
    far[:3] = 5000  # a few values far out must not make the cells of all others coarse
    return pd.DataFrame(
        {
            "normal": dice.normal(away, 1 + away, n),
            "skewed": dice.exponential(1 + away, n),
            "heavy": dice.lognormal(away, 1, n),
            "whole": dice.poisson(30 + 10 * away, n),
            "far": far + 5 * away,
            "score": score,
            "town": dice.choice(list("abcdefg"), n, p=np.array([30, 25, 20, 10, 8, 5, 2]) / 100),
            "prediction": np.where(score > 0.5, "1", "0"),
        }
    )


REFERENCE = rows(20_000, 1)
PRESENT = {away: rows(10_000, 2, away) for away in (0.0, 0.05, 0.5)}
PRESENT[0.5]["town"] = PRESENT[0.5]["town"].replace({"c": "a"})


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profile_of_rows(tmp_path_factory.mktemp("drift"), SPEC, REFERENCE)


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> dict[float, Tally]:
    folder = tmp_path_factory.mktemp("now")
    return {away: tally_of_rows(folder, profile, now) for away, now in PRESENT.items()}


def measured(profile: Profile, tally: Tally, name: str) -> float:
    value = evaluate([name], profile, tally, None, {})[name].micro
    assert value is not None
    return value / 1e6


@pytest.mark.parametrize("away", PRESENT)
@pytest.mark.parametrize("name", NUMBERS)
def test_ks__raw_rows__is_scipys_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str, away: float
) -> None:
    expected = ks_2samp(PRESENT[away][name], REFERENCE[name]).statistic
    assert measured(profile, tallies[away], f"drift.ks/{name}") == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("away", PRESENT)
@pytest.mark.parametrize("name", NUMBERS)
def test_wasserstein__raw_rows_tails_included__is_scipys_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str, away: float
) -> None:
    expected, deviation = (
        wasserstein_distance(PRESENT[away][name], REFERENCE[name]),
        REFERENCE[name].std(ddof=0),
    )
    found = measured(profile, tallies[away], f"drift.wasserstein/{name}")
    assert found == pytest.approx(
        expected, rel=1e-3, abs=2e-5 * deviation
    )  # without drift, of next to nothing
    normed = measured(profile, tallies[away], f"drift.wasserstein_normed/{name}")
    assert normed == pytest.approx(expected / deviation, rel=1e-3, abs=2e-5)


def test_wasserstein__all_far_beyond_the_range_on_both_sides__is_scipys(
    profile: Profile, tmp_path: Path
) -> None:
    now = PRESENT[0.0].copy()
    now["normal"] = np.where(np.arange(len(now)) % 3 == 0, -1000 + now["normal"], 40 + now["normal"] * 7)
    expected = wasserstein_distance(now["normal"], REFERENCE["normal"])
    tally = tally_of_rows(tmp_path, profile, now)
    assert measured(profile, tally, "drift.wasserstein/normal") == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("away", PRESENT)
def test_chi_squared__raw_rows__is_scipys(profile: Profile, tallies: dict[float, Tally], away: float) -> None:
    table = pd.DataFrame(
        {"now": PRESENT[away]["town"].value_counts(), "then": REFERENCE["town"].value_counts()}
    )
    result = chi2_contingency(table.fillna(0).to_numpy(), correction=False)
    name = "drift.chi_squared/town"
    value = evaluate([name], profile, tallies[away], None, {})[name]
    assert value.micro == round(result.statistic * 1e6)
    assert value.reason == f"{result.dof} degrees of freedom"


def test_wasserstein_normed__a_constant_reference__is_not_available(tmp_path: Path) -> None:
    flat = profile_of_rows(tmp_path, SPEC, REFERENCE.assign(normal=2.5))
    name = "drift.wasserstein_normed/normal"
    value = evaluate([name], flat, flat.reference, None, {})[name]
    assert (value.micro, value.reason) == (None, "the profile has but one value of it")


def test_share__normed_distance__counts_columns_that_moved_a_tenth_of_a_deviation(
    profile: Profile, tallies: dict[float, Tally]
) -> None:
    name = "drift.wasserstein_normed.share"
    moved = [
        wasserstein_distance(PRESENT[0.05][column], REFERENCE[column]) > 0.1 * REFERENCE[column].std(ddof=0)
        for column in NUMBERS
    ]
    assert measured(profile, tallies[0.05], name) == pytest.approx(np.mean(moved), abs=1e-6)


def test_drift__a_regression_models_prediction__is_a_target(tmp_path: Path) -> None:
    columns = tuple(Column(name, ColumnKind.NUMERIC, Role.FEATURE) for name in ("normal",))
    spec = ModelSpec((*columns, Column("said", ColumnKind.NUMERIC, Role.PREDICTION)), Task.REGRESSION)
    made = {away: rows(2000, 3, away).assign(said=lambda frame: frame["skewed"]) for away in (0.0, 0.5)}
    profile = profile_of_rows(tmp_path, spec, made[0.0])
    assert spec.column("said").role in MEASURED_ROLES
    tally = tally_of_rows(tmp_path, profile, made[0.5])
    expected = wasserstein_distance(made[0.5]["said"], made[0.0]["said"])
    assert measured(profile, tally, "drift.wasserstein/said") == pytest.approx(expected, rel=1e-3)
