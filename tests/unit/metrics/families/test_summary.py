"""Summaries of a generic model's raw rows, counted by the engine, against numpy and scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, norm

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Tally, Task, Value, evaluate
from tribune.metrics.fixed import exact, micro
from tribune.metrics.statistics.intervals import newcombe, wilson
from unit.metrics.counted import profile_of_rows, tally_of_rows

Z = 3_000_000
SPEC = ModelSpec(
    (
        Column("tokens", ColumnKind.NUMERIC, Role.FEATURE),
        Column("latency_s", ColumnKind.NUMERIC, Role.FEATURE),
        Column("refused", ColumnKind.CATEGORY, Role.FEATURE, positive="true"),
        Column("flagged", ColumnKind.CATEGORY, Role.FEATURE, positive="true"),
        Column("topic", ColumnKind.CATEGORY, Role.FEATURE),
    ),
    Task.GENERIC,
    min_rows=10,
)


def rows(n: int, seed: int, slower: float = 1.0) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "tokens": dice.poisson(300 * slower, n),
            "latency_s": dice.lognormal(0, 0.6, n) * slower,
            "refused": np.where(dice.random(n) < 0.05 * slower, "true", "false"),
            "flagged": np.where(dice.random(n) < 0.01, "true", "false") if slower > 1 else "false",
            "topic": dice.choice(["a", "b"], n),
        }
    )


REFERENCE, NOW = rows(4000, 1), rows(3000, 2, slower=1.4)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return profile_of_rows(tmp_path_factory.mktemp("summary"), SPEC, REFERENCE)


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Tally:
    return tally_of_rows(tmp_path_factory.mktemp("now"), profile, NOW)


def measured(profile: Profile, tally: Tally, name: str, z: int = Z) -> Value:
    return evaluate([name], profile, tally, None, {name: z})[name]


def raw(value: float) -> int:
    return round(value * 1e6)


def test_mean__whole_numbers__is_numpys_to_the_last_digit(profile: Profile, tally: Tally) -> None:
    value = measured(profile, tally, "summary.mean/tokens")
    assert value.micro == raw(NOW["tokens"].mean())
    margin = 3 * NOW["tokens"].std() / np.sqrt(len(NOW))
    assert value.lower == raw(NOW["tokens"].mean() - margin)
    assert value.upper == raw(NOW["tokens"].mean() + margin)


def test_mean__any_numbers_tails_included__is_numpys_within_a_thousandth(
    profile: Profile, tally: Tally
) -> None:
    assert NOW["latency_s"].max() > REFERENCE["latency_s"].max()
    value = measured(profile, tally, "summary.mean/latency_s")
    assert value.micro == pytest.approx(raw(NOW["latency_s"].mean()), rel=1e-3)


def test_mean_change__whole_numbers__is_the_difference_of_means(profile: Profile, tally: Tally) -> None:
    value = measured(profile, tally, "summary.mean_change/tokens")
    change = NOW["tokens"].mean() - REFERENCE["tokens"].mean()
    error = np.hypot(*(side["tokens"].std() / np.sqrt(len(side)) for side in (NOW, REFERENCE)))
    assert (value.micro, value.n) == (raw(change), 3000)
    assert (value.lower, value.upper) == (raw(change - 3 * error), raw(change + 3 * error))


def test_rate__raw_rows__is_their_share_in_wilsons_bounds(profile: Profile, tally: Tally) -> None:
    hits = int((NOW["refused"] == "true").sum())
    value = measured(profile, tally, "summary.rate/refused")
    with exact():
        assert (value.lower, value.upper) == tuple(map(micro, wilson(hits, 3000, Z)))
    assert value.micro == raw(hits / 3000)


def test_rate_change__raw_rows__is_the_difference_in_newcombes_bounds(profile: Profile, tally: Tally) -> None:
    hits, before = (int((side["refused"] == "true").sum()) for side in (NOW, REFERENCE))
    value = measured(profile, tally, "summary.rate_change/refused")
    with exact():
        assert (value.lower, value.upper) == tuple(map(micro, newcombe(hits, 3000, before, 4000, Z)))
    assert value.micro == raw(hits / 3000 - before / 4000)


def test_rate__a_value_that_the_reference_never_had__is_counted(profile: Profile, tally: Tally) -> None:
    assert measured(profile, tally, "summary.rate/flagged").micro == raw((NOW["flagged"] == "true").mean())


def test_rate__columns_without_a_positive_value__are_no_targets(profile: Profile, tally: Tally) -> None:
    with pytest.raises(Exception, match=r"topic.*It can for: refused, flagged"):
        measured(profile, tally, "summary.rate/topic")


@pytest.mark.parametrize("percent", [50, 95])
def test_percentile__whole_numbers__is_numpys(profile: Profile, tmp_path: Path, percent: int) -> None:
    now = rows(2000, 3)
    value = measured(profile, tally_of_rows(tmp_path, profile, now), f"summary.percentile_{percent}/tokens")
    assert value.micro == raw(np.percentile(now["tokens"], percent, method="inverted_cdf"))


@pytest.mark.parametrize("percent", [50, 95])
def test_percentile__any_numbers__is_numpys_within_a_cell(
    profile: Profile, tmp_path: Path, percent: int
) -> None:
    now = rows(2000, 3)
    value = measured(
        profile, tally_of_rows(tmp_path, profile, now), f"summary.percentile_{percent}/latency_s"
    )
    expected = np.percentile(now["latency_s"], percent, method="inverted_cdf")
    assert value.micro == pytest.approx(raw(expected), rel=1e-3)


def test_percentile__bounds__are_close_to_the_bootstraps(profile: Profile, tmp_path: Path) -> None:
    now = rows(2000, 3)
    value = measured(
        profile, tally_of_rows(tmp_path, profile, now), "summary.percentile_50/latency_s", z=1_959_964
    )
    seconds = (now["latency_s"].to_numpy(),)
    close = bootstrap(seconds, np.median, n_resamples=500, method="percentile", rng=1).confidence_interval
    assert value.lower == pytest.approx(raw(close.low), rel=0.02)
    assert value.upper == pytest.approx(raw(close.high), rel=0.02)


def test_percentile__many_samples__bounds_hold_as_often_as_they_say() -> None:
    """The ranks alone, without cells: 95 % at z = 1.96, somewhat more for whole ranks."""
    dice, held = np.random.default_rng(4), 0
    for _ in range(500):
        sample = np.sort(dice.standard_normal(400))
        spread = 1.96 * np.sqrt(400 * 0.95 * 0.05)
        down, up = int(np.floor(380 - spread)), int(np.ceil(380 + spread)) + 1
        held += sample[down - 1] <= norm.ppf(0.95) <= sample[up - 1]
    assert held >= 465


def test_percentile__beyond_the_range__says_so_and_lies_in_its_bounds(
    profile: Profile, tmp_path: Path
) -> None:
    now = rows(2000, 3).assign(latency_s=lambda frame: frame["latency_s"] * 20)
    value = measured(profile, tally_of_rows(tmp_path, profile, now), "summary.percentile_95/latency_s")
    true = np.percentile(now["latency_s"], 95, method="inverted_cdf") * 1e6
    assert value.reason == "beyond the reference's range, where only the mean is kept"
    assert value.lower is not None
    assert value.upper is not None
    assert REFERENCE["latency_s"].max() * 1e6 * 0.999 <= value.lower <= true <= value.upper


def test_percentile__too_few_values_for_a_bound__says_so(profile: Profile, tmp_path: Path) -> None:
    value = measured(profile, tally_of_rows(tmp_path, profile, rows(60, 5)), "summary.percentile_95/tokens")
    assert (value.upper, value.reason) == (None, "too few values for bounds")
    assert value.lower is not None


@pytest.mark.parametrize("measure", ["mean", "mean_change", "percentile_50", "percentile_95"])
def test_bounds__more_of_the_same_rows__contain_the_value_and_shrink(
    profile: Profile, tally: Tally, measure: str
) -> None:
    name = f"summary.{measure}/tokens"
    once, nine = (measured(profile, sample, name) for sample in (tally, sum([tally] * 8, tally)))
    assert once.micro == nine.micro
    assert once.lower < nine.lower <= nine.micro <= nine.upper < once.upper  # type: ignore[operator]


@pytest.mark.parametrize("measure", ["mean_change/tokens", "mean_change/latency_s", "rate_change/refused"])
def test_changes__the_reference_itself__are_zero(profile: Profile, measure: str) -> None:
    value = measured(profile, profile.reference, f"summary.{measure}")
    assert value.micro == 0
    assert (value.lower or 0) < 0 < (value.upper or 0)


def test_summary__nothing_but_holes__is_not_available_with_a_reason(profile: Profile, tmp_path: Path) -> None:
    holes = NOW.head(50).assign(tokens=None, latency_s=np.inf, refused=None)
    tally = tally_of_rows(tmp_path, profile, holes)
    names = [
        "mean/tokens",
        "mean_change/latency_s",
        "percentile_95/tokens",
        "rate/refused",
        "rate_change/refused",
    ]
    for name in names:
        value = measured(profile, tally, f"summary.{name}")
        assert (value.micro, value.reason) == (None, "no valid values in this frame")


def test_mean__one_value__has_no_bounds(profile: Profile, tmp_path: Path) -> None:
    one = NOW.head(50).assign(tokens=[7.0] + [np.nan] * 49)
    value = measured(profile, tally_of_rows(tmp_path, profile, one), "summary.mean/tokens")
    assert (value.micro, value.lower, value.reason) == (7_000_000, None, "one value has no bounds")


def test_mean__numbers_beyond_what_a_report_holds__saturates(profile: Profile, tmp_path: Path) -> None:
    huge = NOW.head(50).assign(latency_s=1e200)
    value = measured(profile, tally_of_rows(tmp_path, profile, huge), "summary.mean/latency_s")
    assert value.micro == 2**63 - 1


Raw = np.ndarray[tuple[int], np.dtype[np.int64]]
AMOUNTS = ModelSpec((Column("amount", ColumnKind.NUMERIC, Role.FEATURE),), Task.GENERIC, min_rows=10)


@pytest.fixture(scope="module")
def amounts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Profile, Tally, Raw]:
    """Amounts that are mostly 0, by a profile so wide, where 0 was rare, that others share its cell."""
    dice = np.random.default_rng(5)
    raw = np.where(dice.random(3000) < 0.9, 0, dice.integers(1, 100_000, 3000))
    before = pd.DataFrame({"amount": dice.integers(0, 100_000, 3000)})
    made = profile_of_rows(tmp_path_factory.mktemp("amounts"), AMOUNTS, before)
    now = tally_of_rows(tmp_path_factory.mktemp("frame"), made, pd.DataFrame({"amount": raw}))
    return made, now, raw


def test_percentile__most_values_are_one_in_a_wide_range__bounds_hold_it_and_the_reason_says_so(
    amounts: tuple[Profile, Tally, Raw],
) -> None:
    made, now, raw = amounts
    found = measured(made, now, "summary.percentile_50/amount")
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower <= np.median(raw) * 1e6 <= found.upper
    assert (found.micro, found.lower, found.upper) == (16_000_000, 0, 32_000_000)
    assert found.reason == "half of the values or more lie in one cell of 32: known to 16 either way"


def test_mean_and_median__mostly_one_value_in_the_reference_too__are_near_and_exact(
    amounts: tuple[Profile, Tally, Raw], tmp_path: Path
) -> None:
    raw = pd.DataFrame({"amount": amounts[2]})
    made = profile_of_rows(tmp_path, AMOUNTS, raw)
    assert measured(made, made.reference, "summary.percentile_50/amount") == Value(0, 3000, 0, 0)
    mean = measured(made, made.reference, "summary.mean/amount")
    assert mean.reason == ""
    assert mean.micro == pytest.approx(1e6 * amounts[2].mean(), rel=1e-3)


def test_percentile__far_from_the_cell_of_most_values__needs_no_note(
    amounts: tuple[Profile, Tally, Raw],
) -> None:
    made, now, raw = amounts
    found = measured(made, now, "summary.percentile_95/amount")
    assert found.reason == ""
    assert abs((found.micro or 0) / 1e6 - np.percentile(raw, 95, method="inverted_cdf")) <= 16


def test_mean__most_values_are_one_in_a_wide_range__is_off_by_no_more_than_the_reason_says(
    amounts: tuple[Profile, Tally, Raw], tmp_path: Path
) -> None:
    made, _, raw = amounts
    small = np.where(raw > 5000, 0, raw)
    found = measured(
        made, tally_of_rows(tmp_path, made, pd.DataFrame({"amount": small})), "summary.mean/amount"
    )
    assert 1 < abs((found.micro or 0) / 1e6 - small.mean()) <= 16
    assert "known to 16 either way" in found.reason
