"""Frames without drift are draws from the reference."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Task, evaluate
from tribune_monitors.backtest.driftless import poisson_upper, resampled
from unit.metrics.measured import profile_of as table_profile
from unit.metrics.samples import BINNINGS, profile_of, rows


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 1))


def test_resampled__classifier__adds_up_to_its_rows(profile: Profile) -> None:
    tallies = list(resampled(profile, 321, 3))
    assert [tally.rows for tally in tallies] == [321] * 3
    assert all(tally.adds_up(profile.scheme) for tally in tallies)


def test_resampled__many_frames__are_distributed_as_the_reference(profile: Profile) -> None:
    reference, total = profile.reference, sum(resampled(profile, 1000, 40), next(resampled(profile, 0, 1)))
    for name in BINNINGS:
        expected = np.array(reference.columns[name]) * 40
        drawn = np.array(total.columns[name])
        assert (drawn[expected == 0] == 0).all()
        kept = expected > 0
        assert chisquare(drawn[kept], expected[kept]).pvalue > 1e-6, name
    kept_cells = sorted(reference.outcomes)
    assert set(total.outcomes) <= set(kept_cells)
    drawn = np.array([total.outcomes.get(cell, 0) for cell in kept_cells])
    assert chisquare(drawn, [reference.outcomes[cell] * 40 for cell in kept_cells]).pvalue > 1e-6


def test_resampled__same_seed__same_frames(profile: Profile) -> None:
    assert list(resampled(profile, 50, 2, 7)) == list(resampled(profile, 50, 2, 7))
    assert list(resampled(profile, 50, 2, 7)) != list(resampled(profile, 50, 2, 8))


def test_resampled__regression__errors_are_as_large_as_the_references(tmp_path: Path) -> None:
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
    table = {"sex": ["m", "f"] * 500, "prediction": label + dice.normal(0, 4, 1000), "label": label}
    profile = table_profile(tmp_path, spec, table)
    tallies = list(resampled(profile, 1000, 30))
    assert all(tally.adds_up(profile.scheme) for tally in tallies)

    def error(tally: object) -> int:
        return evaluate(["performance.mae"], profile, tally, tally, {})["performance.mae"].micro or 0  # type: ignore[arg-type]

    drawn, truth = [error(tally) for tally in tallies], error(profile.reference)
    assert np.mean(drawn) == pytest.approx(truth, rel=0.02)
    assert np.std(drawn) == pytest.approx(2.4e6 / np.sqrt(1000), rel=0.5)  # |N(0, 4)| deviates by 2.4


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_poisson_upper__count__is_the_exact_bound(count: int) -> None:
    assert poisson_upper(count) == pytest.approx(chi2.ppf(0.95, 2 * count + 2) / 2, rel=1e-9)


@pytest.mark.parametrize("count", [0, 3, 40])
def test_poisson_upper__count__leaves_so_low_a_count_its_chance(count: int) -> None:
    mean = poisson_upper(count, 0.01)
    chance = sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(count + 1))
    assert chance == pytest.approx(0.01, rel=1e-9)
