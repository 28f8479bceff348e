"""Drift and order of heavily skewed columns, against scipy and scikit-learn on the same rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp, wasserstein_distance
from sklearn.metrics import roc_auc_score

from tribune.metrics import Column, ColumnKind, Grid, ModelSpec, Profile, Role, Tally, Task, evaluate
from unit.metrics.counted import profile_of_rows, tally_of_rows

Draw = np.ndarray[tuple[int], np.dtype[np.float64]]


def _draws(seed: int, n: int, away: float) -> dict[str, Draw]:
    dice = np.random.default_rng(seed)
    amounts = np.where(dice.random(n) < 0.6 - away / 10, 0.0, dice.lognormal(4 + away, 1.5, n).round(2))
    return {
        "lognormal 1.5": dice.lognormal(away, 1.5, n),
        "lognormal 2": dice.lognormal(away, 2, n),
        "lognormal 3": dice.lognormal(away, 3, n),
        "pareto 1.1": (1 + away) * (1 + dice.pareto(1.1, n)),
        "mostly zero": amounts,
        "mostly zero and whole": np.floor(amounts * 20),
        "both tails": away / 10 + dice.standard_t(1.2, n),
        "both tails far from zero": 5000 - dice.lognormal(away, 2, n) + dice.lognormal(0, 2, n),
        "from a thousand on": 1000 + dice.lognormal(away, 2, n),
        "below zero": -dice.lognormal(away, 2, n),
        "out of range": dice.lognormal(0, 2, n) * (1000 if away > 0.1 and seed else 1),
    }


NAMES = [*_draws(0, 2, 0.0)]
SPEC = ModelSpec(
    tuple(Column(name, ColumnKind.NUMERIC, Role.FEATURE) for name in NAMES), Task.GENERIC, min_rows=10
)
REFERENCE = pd.DataFrame(_draws(0, 20_000, 0.0))
PRESENT = {away: pd.DataFrame(_draws(7, 10_000, away)) for away in (0.0, 0.05, 0.5)}


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profile_of_rows(tmp_path_factory.mktemp("skewed"), SPEC, REFERENCE)


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> dict[float, Tally]:
    folder = tmp_path_factory.mktemp("now")
    return {away: tally_of_rows(folder, profile, now) for away, now in PRESENT.items()}


def measured(profile: Profile, tally: Tally, name: str) -> float:
    value = evaluate([name], profile, tally, None, {})[name].micro
    assert value is not None
    return value / 1e6


@pytest.mark.parametrize("away", PRESENT)
@pytest.mark.parametrize("name", NAMES)
def test_ks__a_skewed_column__is_scipys_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str, away: float
) -> None:
    expected = ks_2samp(PRESENT[away][name], REFERENCE[name]).statistic
    assert measured(profile, tallies[away], f"drift.ks/{name}") == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("away", PRESENT)
@pytest.mark.parametrize("name", NAMES)
def test_wasserstein__a_skewed_column__is_scipys_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str, away: float
) -> None:
    expected = wasserstein_distance(PRESENT[away][name], REFERENCE[name])
    found = measured(profile, tallies[away], f"drift.wasserstein/{name}")
    assert found == pytest.approx(expected, rel=1e-3, abs=2e-5 * REFERENCE[name].std(ddof=0))


@pytest.mark.parametrize("name", NAMES)
def test_mean__a_skewed_column__is_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str
) -> None:
    expected = PRESENT[0.5][name].mean()
    off = 1e-3 * np.abs(PRESENT[0.5][name]).mean()
    assert measured(profile, tallies[0.5], f"summary.mean/{name}") == pytest.approx(expected, abs=off)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("out of range", "below zero")])
def test_percentile_95__a_skewed_column__is_within_a_thousandth(
    profile: Profile, tallies: dict[float, Tally], name: str
) -> None:
    expected = np.percentile(PRESENT[0.05][name], 95, method="inverted_cdf")
    assert measured(profile, tallies[0.05], f"summary.percentile_95/{name}") == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize("name", ["mostly zero", "mostly zero and whole"])
def test_median__mostly_zero__is_almost_zero(profile: Profile, name: str) -> None:
    assert measured(profile, profile.reference, f"summary.percentile_50/{name}") == pytest.approx(0, abs=1e-3)


def test_fit__a_column_that_is_not_skewed__keeps_cells_of_equal_width(tmp_path: Path) -> None:
    normal = pd.DataFrame({name: np.random.default_rng(2).normal(5, 2, 20_000) for name in NAMES[:1]})
    spec = ModelSpec(SPEC.columns[:1], Task.GENERIC)
    grid = profile_of_rows(tmp_path, spec, normal).binnings[NAMES[0]]
    assert isinstance(grid, Grid)
    assert grid.digits == 0


@pytest.mark.parametrize("n", [1000, 10_000, 300_000])
def test_auc__a_score_as_skewed__is_scikit_learns_within_a_hundred_thousandth(tmp_path: Path, n: int) -> None:
    spec = ModelSpec(
        (
            Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
            Column("score", ColumnKind.NUMERIC, Role.SCORE),
            Column("label", ColumnKind.CATEGORY, Role.LABEL),
        ),
        min_rows=10,
        min_group=2,
    )

    def draw(seed: int, rows: int) -> pd.DataFrame:
        dice = np.random.default_rng(seed)
        label = dice.random(rows) < 0.1
        score = dice.lognormal(0.7 * label, 2, rows)
        texts = {"prediction": np.where(score > 2, "1", "0"), "label": np.where(label, "1", "0")}
        return pd.DataFrame({"score": score, **texts})

    profile, now = profile_of_rows(tmp_path, spec, draw(1, 20_000)), draw(2, n)
    tally = tally_of_rows(tmp_path, profile, now)
    found = evaluate(["performance.auc"], profile, tally, tally, {})["performance.auc"].micro
    assert found == pytest.approx(1e6 * roc_auc_score(now["label"] == "1", now["score"]), abs=10)
