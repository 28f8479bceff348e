"""Models whose answer is a number, counted by the engine, against scikit-learn and numpy on raw rows."""

from __future__ import annotations

from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Tally, Task
from unit.metrics import measured
from unit.metrics.measured import Z, value

SPEC = ModelSpec(
    (
        Column("said", ColumnKind.NUMERIC, Role.PREDICTION),
        Column("truth", ColumnKind.NUMERIC, Role.LABEL),
    ),
    Task.REGRESSION,
)
ORACLES = {
    "mae": mean_absolute_error,
    "rmse": root_mean_squared_error,
    "bias": lambda truth, said: float(np.mean(said - truth)),
    "r2": r2_score,
}


def table(n: int, seed: int, *, whole: bool, off: float = 0, spread: float = 8) -> dict[str, object]:
    """Raw rows: predictions of values around 100, with errors of some bias and spread."""
    dice = np.random.default_rng(seed)
    truth = dice.normal(100, 20, n)
    said = truth + off + dice.normal(0, spread, n)
    return {"said": np.rint(said), "truth": np.rint(truth)} if whole else {"said": said, "truth": truth}


def raw(frame: dict[str, object]) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    return np.asarray(frame["truth"], float), np.asarray(frame["said"], float)


WHOLE, WHOLE_NOW = table(5000, 1, whole=True), table(3000, 2, whole=True, off=3, spread=9)
REAL, REAL_NOW = table(5000, 1, whole=False), table(3000, 2, whole=False, off=3, spread=9)
FAR = {"said": [*np.asarray(REAL_NOW["said"]), 1e4, -3e3], "truth": [*np.asarray(REAL_NOW["truth"]), 90, 800]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return measured.profile_of(tmp_path_factory.mktemp("whole"), SPEC, WHOLE)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return measured.profile_of(tmp_path_factory.mktemp("real"), SPEC, REAL)


@pytest.mark.parametrize("name", ORACLES)
def test_measure__values_on_a_lattice__is_scikit_learns(name: str, whole: Profile, tmp_path: Path) -> None:
    tally = measured.tally_of(tmp_path, whole, WHOLE_NOW)
    assert value(f"performance.{name}", whole, tally).micro == round(ORACLES[name](*raw(WHOLE_NOW)) * 1e6)


@pytest.mark.parametrize("frame", [REAL_NOW, FAR], ids=["in range", "far out of range"])
@pytest.mark.parametrize("name", ORACLES)
def test_measure__any_values__is_within_a_thousandth(
    name: str, frame: dict[str, object], real: Profile, tmp_path: Path
) -> None:
    tally = measured.tally_of(tmp_path, real, frame)
    found = value(f"performance.{name}", real, tally).micro or 0
    assert found / 1e6 == pytest.approx(ORACLES[name](*raw(frame)), rel=1e-3)


ODD_ERRORS = {
    "a few far out": lambda dice, n: dice.lognormal(0, 3, n) * dice.choice([-1, 2], n),
    "most exactly 0": lambda dice, n: dice.normal(0, 5, n) * (dice.random(n) < 0.02),
}


@pytest.mark.parametrize("kind", ODD_ERRORS)
@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_measure__errors_unlike_each_other__is_within_a_thousandth(
    name: str, kind: str, tmp_path: Path
) -> None:
    dice = np.random.default_rng(5)
    truth = dice.normal(100, 20, 9000)
    frame = {"said": truth + ODD_ERRORS[kind](dice, 9000), "truth": truth}
    profile = measured.profile_of(tmp_path, SPEC, {key: cells[:5000] for key, cells in frame.items()})
    now = {key: cells[5000:] for key, cells in frame.items()}
    found = value(f"performance.{name}", profile, measured.tally_of(tmp_path, profile, now)).micro or 0
    assert found / 1e6 == pytest.approx(ORACLES[name](now["truth"], now["said"]), rel=1e-3)


def test_mae__a_profile_without_any_error__measures_the_first_ones(tmp_path: Path) -> None:
    truth = np.random.default_rng(6).normal(1, 0.1, 1000)
    profile = measured.profile_of(tmp_path, SPEC, {"said": truth, "truth": truth})
    tally = measured.tally_of(tmp_path, profile, {"said": truth + 0.01, "truth": truth})
    assert value("performance.mae", profile, profile.reference).micro == 0
    assert (value("performance.mae_increase", profile, tally).micro or 0) / 1e6 == pytest.approx(
        0.01, rel=1e-3
    )


def _mean(numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    return float(numbers.mean()), Z / 1e6 * float(numbers.std(ddof=1)) / sqrt(len(numbers))


def _ends(frame: dict[str, object], name: str) -> tuple[float, float, float]:
    """Value and normal bounds on raw rows."""
    truth, said = raw(frame)
    error = said - truth
    mean, half = _mean({"mae": abs(error), "rmse": error**2, "bias": error}[name])
    ends = (mean, mean - half, mean + half)
    return tuple(map(sqrt, ends)) if name == "rmse" else ends  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["mae", "rmse", "bias"])
def test_bounds__values_on_a_lattice__are_the_normal_ones(name: str, whole: Profile, tmp_path: Path) -> None:
    found = value(f"performance.{name}", whole, measured.tally_of(tmp_path, whole, WHOLE_NOW), Z)
    expected = tuple(round(end * 1e6) for end in _ends(WHOLE_NOW, name))
    assert (found.micro, found.lower, found.upper) == expected


@pytest.mark.parametrize("name", ["mae", "rmse"])
def test_increase__values_on_a_lattice__squares_and_adds_bounds(
    name: str, whole: Profile, tmp_path: Path
) -> None:
    now, then = _ends(WHOLE_NOW, name), _ends(WHOLE, name)
    found = value(f"performance.{name}_increase", whole, measured.tally_of(tmp_path, whole, WHOLE_NOW), Z)
    rise = now[0] - then[0]
    assert found.micro == round(rise * 1e6)
    assert found.lower == round((rise - hypot(now[0] - now[1], then[2] - then[0])) * 1e6)
    assert found.upper == round((rise + hypot(now[2] - now[0], then[0] - then[1])) * 1e6)


def test_r2_drop__values_on_a_lattice__is_scikit_learns_difference(whole: Profile, tmp_path: Path) -> None:
    found = value("performance.r2_drop", whole, measured.tally_of(tmp_path, whole, WHOLE_NOW), Z)
    assert found.micro == round((r2_score(*raw(WHOLE)) - r2_score(*raw(WHOLE_NOW))) * 1e6)
    assert (found.lower, found.upper) == (None, None)


@pytest.mark.parametrize("name", ["mae_increase", "rmse_increase", "r2_drop"])
def test_change__of_the_reference_itself__is_0(name: str, real: Profile) -> None:
    assert value(f"performance.{name}", real, real.reference).micro == 0


@pytest.mark.parametrize("name", ["mae", "rmse", "bias"])
def test_bounds__more_rows__are_narrower_around_the_value(name: str, real: Profile, tmp_path: Path) -> None:
    tally = measured.tally_of(tmp_path, real, REAL_NOW)
    one = value(f"performance.{name}", real, tally, Z)
    many = value(f"performance.{name}", real, sum([tally] * 8, Tally.zero(real.scheme)), Z)
    assert (one.lower or 0) < (one.micro or 0) < (one.upper or 0)
    assert one.micro == many.micro
    assert (many.upper or 0) - (many.lower or 0) < (one.upper or 0) - (one.lower or 0)


def test_measure__rows_without_numbers__are_named(whole: Profile, tmp_path: Path) -> None:
    truth, said = raw(WHOLE_NOW)
    odd = {"said": [*said, np.nan, np.inf, 100], "truth": [*truth, 90, 90, np.inf]}
    found = value("performance.mae", whole, measured.tally_of(tmp_path, whole, odd))
    assert (found.n, found.micro) == (3000, round(mean_absolute_error(truth, said) * 1e6))
    assert found.reason == "3 rows have a label or prediction that is no number"


@pytest.mark.parametrize("name", ["mae", "rmse_increase", "bias", "r2", "r2_drop"])
def test_measure__no_or_few_labels__says_so(name: str, whole: Profile, tmp_path: Path) -> None:
    _, said = raw(WHOLE_NOW)
    bare = measured.tally_of(tmp_path, whole, {"said": said[:600], "truth": [None] * 600})
    assert value(f"performance.{name}", whole, bare).reason == "no labels yet"
    few = measured.tally_of(tmp_path, whole, {"said": said[:600], "truth": [90] * 499 + [None] * 101})
    reason = "only 499 rows with a label and a prediction, 500 are needed"
    assert value(f"performance.{name}", whole, few).reason == reason


def test_r2__all_labels_the_same__says_so(whole: Profile, tmp_path: Path) -> None:
    _, said = raw(WHOLE_NOW)
    tally = measured.tally_of(tmp_path, whole, {"said": said, "truth": [90] * 3000})
    assert value("performance.r2", whole, tally).reason == "all labels are the same"
    assert value("performance.mae", whole, tally).micro == round(float(abs(said - 90).mean()) * 1e6)


def test_mae__beyond_64_bits__saturates(whole: Profile, tmp_path: Path) -> None:
    truth, said = raw(WHOLE_NOW)
    tally = measured.tally_of(tmp_path, whole, {"said": [*said, 1e300], "truth": [*truth, 90]})
    assert value("performance.mae", whole, tally).micro == 2**63 - 1


def test_r2__a_far_label_without_a_prediction__is_not_judged(whole: Profile, tmp_path: Path) -> None:
    truth, said = raw(WHOLE_NOW)
    tally = measured.tally_of(tmp_path, whole, {"said": [*said, None], "truth": [*truth, 1e6]})
    found = value("performance.r2", whole, tally)
    assert (found.micro, found.reason) == (None, "rows with a label but no usable prediction: 1")
