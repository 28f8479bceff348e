"""Making the first profile."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from tribune.exceptions import DataError
from tribune.metrics import Categories, Column, ColumnKind, Grid, ModelSpec, Role, Task, evaluate
from tribune.metrics.tally import NumericCounts
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import CELLS, MAX_VALUES, fit_binnings, fit_profile, grid_over, with_bins
from unit.metrics.samples import SPEC, Row, rows

from .files import write_decisions, write_labels


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_grid_over__any_range__covers_it_in_few_cells(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    grid = grid_over(low, high)
    assert grid.size <= CELLS + 2
    for value in (low, high):
        assert grid.edges[0] <= math.floor(value * grid.scale) < grid.edges[-1]


def test_grid_over__an_ordinary_range__has_about_4096_cells() -> None:
    for low, high in ((0.0, 95.0), (-3.5, 1e6), (0.0, 1.0), (1e9, 1e9 + 7)):
        assert CELLS / 2 - 2 <= grid_over(low, high).size <= CELLS + 2


def test_with_bins__skewed_counts__each_bin_holds_about_a_tenth() -> None:
    counts = [(float(cell), cell + 1) for cell in range(100)]
    grid = with_bins(Grid(0, (0, 100)), counts)
    held = [0] * (len(grid.edges) - 1)
    for cell, n in counts:
        held[grid.bin_of(int(cell))] += n
    assert len(held) == 10
    assert max(held) < 1.3 * sum(held) / 10


def test_with_bins__nearly_all_in_one_cell__still_is_a_grid() -> None:
    assert with_bins(Grid(0, (0, 5)), [(0.0, 1), (2.0, 1000), (None, 3), (math.nan, 2)]).edges == (0, 2, 5)


def test_fit_binnings__a_reference__is_ordered_and_bounded(tmp_path: Path) -> None:
    sample = [replace(row, job=f"j{i % 150}" if i % 3 else "top") for i, row in enumerate(rows(900, 1))]
    path = write_decisions(tmp_path / "d.parquet", [*sample, Row(math.inf, None, "1", "1", math.nan)])
    binnings = fit_binnings([path], SPEC)
    job, age, score = binnings["job"], binnings["age"], binnings["score"]
    assert isinstance(job, Categories)
    assert job == Categories(("top",), rest=True)
    assert isinstance(age, Grid)
    assert age.edges[-1] / age.scale <= 101
    assert isinstance(score, Grid)
    assert (score.shift, score.edges[0], score.edges[-1]) == (11, 0, 2049)
    assert binnings["prediction"] == Categories(("0", "1"))


@pytest.mark.parametrize(("positive", "others"), [("j7", 150), ("never seen", 150), ("never seen", 9)])
def test_fit_binnings__a_positive_value__is_listed_however_rare(
    tmp_path: Path, positive: str, others: int
) -> None:
    spec = replace(
        SPEC, columns=tuple(replace(c, positive=positive if c.name == "job" else "") for c in SPEC.columns)
    )
    sample = [replace(row, job=f"j{i % others}" if i % 3 else "top") for i, row in enumerate(rows(900, 1))]
    job = fit_binnings([write_decisions(tmp_path / "d.parquet", sample)], spec)["job"]
    assert isinstance(job, Categories)
    assert positive in job.values
    assert job.rest is (others == 150)


@pytest.mark.parametrize(("values", "each", "listed"), [(64, 1, 64), (65, 49, 1), (65, 50, 64)])
def test_fit_binnings__more_values_than_are_listed__are_listed_from_50_rows_on(
    tmp_path: Path, values: int, each: int, listed: int
) -> None:
    spec = ModelSpec((Column("x", ColumnKind.CATEGORY, Role.FEATURE),), Task.GENERIC)
    path = tmp_path / "d.parquet"
    parquet.write_table(pa.table({"x": [f"v{place}" for place in range(values)] * each}), path)
    found = fit_binnings([path], spec)["x"]
    assert isinstance(found, Categories)
    assert (len(found.values), found.rest) == (listed, values > MAX_VALUES)


def test_fit_profile__many_rare_values__other_rows_alike_are_no_drift(tmp_path: Path) -> None:
    """The most frequent of 3,000 like values are so by chance alone."""
    spec = ModelSpec((Column("x", ColumnKind.CATEGORY, Role.FEATURE),), Task.GENERIC)
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    for path, drawn in zip(paths, np.random.default_rng(1).integers(0, 3000, (2, 2000)), strict=True):
        parquet.write_table(pa.table({"x": [f"v{value}" for value in drawn]}), path)
    profile = fit_profile(DuckDBEngine(), [[paths[0]]], [], spec)
    counted = DuckDBEngine().count([paths[1]], [], profile)
    assert (evaluate(("drift.effect/x",), profile, counted, None, {})["drift.effect/x"].micro or 0) < 50_000


@pytest.mark.parametrize(("share", "sentinel"), [(50, 9_999_999.0), (50, -1e300), (5000, 1e12)])
def test_fit_profile__values_far_outside__do_not_hide_the_others(
    tmp_path: Path, share: int, sentinel: float
) -> None:
    """As a sentinel for "unknown" does: one row in 50, or one alone."""
    numbers = np.random.default_rng(1).normal(40, 10, (2, 5000))
    numbers[:, ::share] = sentinel
    spec = ModelSpec((Column("x", ColumnKind.NUMERIC, Role.FEATURE),), Task.GENERIC)
    paths = []
    for place, values in enumerate((numbers[0], numbers[1] + 5)):
        paths.append(tmp_path / f"{place}.parquet")
        parquet.write_table(pa.table({"x": values}), paths[-1])
    profile = fit_profile(DuckDBEngine(), [[paths[0]]], [], spec)
    moved = DuckDBEngine().count([paths[1]], [], profile)
    found = evaluate(("drift.ks/x", "drift.effect/x"), profile, moved, None, {})
    kept = numbers[:, np.arange(5000) % share != 0]
    ks = ks_2samp(kept[0], kept[1] + 5).statistic * (1 - 1 / share)
    assert (found["drift.ks/x"].micro or 0) / 1e6 == pytest.approx(ks, abs=0.002)
    assert (found["drift.effect/x"].micro or 0) > 300_000


def test_fit_profile__a_skewed_column__is_seen_within_a_thousandth(tmp_path: Path) -> None:
    dice = np.random.default_rng(16)
    before, now = dice.gamma(0.3, 1.0, 20_000), dice.gamma(0.3, 1.0, 10_000)
    for name, values in (("before", before), ("now", now)):
        parquet.write_table(pa.table({"x": values}), tmp_path / f"{name}.parquet")
    spec = ModelSpec((Column("x", ColumnKind.NUMERIC, Role.FEATURE),), task=Task.GENERIC, min_rows=10)
    profile = fit_profile(DuckDBEngine(), [[tmp_path / "before.parquet"]], [], spec)
    tally = DuckDBEngine().count([tmp_path / "now.parquet"], [], profile)
    found = evaluate(["drift.ks/x"], profile, tally, None, {})["drift.ks/x"].micro
    expected = ks_2samp(now, before).statistic
    assert found == pytest.approx(expected * 1e6, abs=1000)


@pytest.mark.parametrize(("least", "largest"), [(-300, 299), (-320, 308), (-300, 0), (0, 308)])
def test_fit_profile__numbers_of_any_size__are_counted(tmp_path: Path, least: int, largest: int) -> None:
    """No grid tells 600 decades apart: there one of equal width does, and the outermost may overflow it."""
    numbers = [float(f"{sign}1e{place}") for place in range(least, largest + 1) for sign in ("", "-")]
    path = tmp_path / "x.parquet"
    parquet.write_table(pa.table({"x": numbers}), path)
    spec = ModelSpec((Column("x", ColumnKind.NUMERIC, Role.FEATURE),), Task.GENERIC)
    profile = fit_profile(DuckDBEngine(), [[path]], [], spec)
    found = NumericCounts.of(profile.scheme.grid("x"), profile.reference.columns["x"])
    assert sum(found.cells) + found.low + found.high >= 0.98 * len(numbers)


def test_fit_binnings__no_partitions__is_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        fit_binnings([], SPEC)


@pytest.mark.parametrize("column", ["age", "job", "sex", "score"])
def test_fit_binnings__a_column_without_values__is_named(tmp_path: Path, column: str) -> None:
    path = write_decisions(tmp_path / "d.parquet", [replace(row, **{column: None}) for row in rows(5)])
    with pytest.raises(DataError, match=f"Column {column} has no value"):
        fit_binnings([path], SPEC)


def test_fit_binnings__predictions_that_are_no_outcome__are_named(tmp_path: Path) -> None:
    path = write_decisions(tmp_path / "d.parquet", [replace(row, prediction="yes") for row in rows(5)])
    with pytest.raises(DataError, match="says 'yes', not 0 or 1"):
        fit_binnings([path], SPEC)


def test_fit_profile__blocks__count_every_row_once(tmp_path: Path) -> None:
    sample = rows(600, 1)
    blocks = [
        [write_decisions(tmp_path / f"{i}.parquet", sample[i * 200 : i * 200 + 200], i * 200)]
        for i in range(3)
    ]
    labels = write_labels(tmp_path / "l.parquet", sample)
    profile = fit_profile(DuckDBEngine(2), blocks, [labels], SPEC)
    assert profile.reference.rows == 600
    assert profile.reference.adds_up(profile.scheme)
    again = fit_profile(DuckDBEngine(1), blocks, [labels], SPEC)
    assert again.digest == profile.digest
