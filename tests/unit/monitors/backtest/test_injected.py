"""Faults in rows against rows changed by hand, and faults in labels by their count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from tribune.metrics import Profile, Tally
from tribune.metrics.scheme import LABEL_POSITIVE
from tribune_monitors.backtest.history import Cut
from tribune_monitors.backtest.injected import faults_for, relabelled
from unit.metrics.samples import Row, count, profile_of, rows

from .past import ENGINE, cut, write_rows

SAMPLE = rows(1000, 3)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(2000, 1))


@pytest.fixture(scope="module")
def faulty(profile: Profile, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    """Tallies of the sample with each fault, by the fault's name up to the column."""
    folder = tmp_path_factory.mktemp("faults")
    data = write_rows(folder / "h.parquet", SAMPLE)
    cursor, (frame,), _ = cut(folder, profile, data, Cut(rows=1000))
    return {fault.name: fault.count(cursor, frame, ENGINE, profile, folder) for fault in faults_for(profile)}


def changed(change: Callable[[int, Row], Row]) -> Tally:
    return count([change(at, row) for at, row in enumerate(SAMPLE)])


def chosen(at: int, thousandths: int) -> bool:
    return at * 617 % 1000 < thousandths


def test_faults_for__a_model__covers_units_groups_codes_gaps_and_labels(profile: Profile) -> None:
    assert [fault.name for fault in faults_for(profile)] == [
        "unit/age/100",
        "unit/age/5",
        "shift/age/sex=2",
        "recode/job/10",
        "missing/age/5",
        "relabel/sex=2/30",
    ]


def test_faults_for__a_reader__understands_the_words(profile: Profile) -> None:
    words = {fault.name: fault.words for fault in faults_for(profile)}
    assert words["unit/age/5"] == "age comes 12 times too large (months for years) in 5 % of rows"
    assert words["shift/age/sex=2"] == "age comes 20 too large for women"
    assert words["relabel/sex=2/30"] == "30 % of women whose label is 1 get the label 0"


def test_count__unit_in_all_rows__is_rows_changed(faulty: dict[str, Tally]) -> None:
    assert faulty["unit/age/100"] == changed(lambda at, row: replace(row, age=(row.age or 0) * 12))


def test_count__unit_in_some_rows__is_that_many_rows_changed(faulty: dict[str, Tally]) -> None:
    assert faulty["unit/age/5"] == changed(
        lambda at, row: replace(row, age=(row.age or 0) * 12) if chosen(at, 50) else row
    )


def test_count__shift_of_a_group__leaves_the_others(faulty: dict[str, Tally]) -> None:
    assert faulty["shift/age/sex=2"] == changed(
        lambda at, row: replace(row, age=(row.age or 0) + 20) if row.sex == "2" else row
    )


def test_count__recode__falls_back_to_the_commonest(faulty: dict[str, Tally]) -> None:
    assert faulty["recode/job/10"] == changed(
        lambda at, row: replace(row, job="a") if chosen(at, 100) else row
    )


def test_count__missing__are_that_many(faulty: dict[str, Tally]) -> None:
    assert faulty["missing/age/5"] == changed(
        lambda at, row: replace(row, age=None) if chosen(at, 50) else row
    )


def test_relabelled__a_share_of_a_group__moves_that_many_labels(profile: Profile) -> None:
    before, after = count(SAMPLE), relabelled(profile, count(SAMPLE), "sex", "2", Fraction(3, 10))
    women = sum(row.sex == "2" and row.label == "1" for row in SAMPLE)

    def positives(tally: Tally) -> int:
        layout = profile.scheme.outcomes
        places = {index: layout.positions(index) for index in tally.outcomes}
        return sum(n for at, n in tally.outcomes.items() if places[at][-3] == LABEL_POSITIVE)

    assert positives(before) - positives(after) == women * 3 // 10
    assert after.adds_up(profile.scheme)
    assert after.columns == before.columns


def test_count__labels_turn_wrong__rows_stay(faulty: dict[str, Tally], profile: Profile) -> None:
    assert faulty["relabel/sex=2/30"] == relabelled(profile, count(SAMPLE), "sex", "2", Fraction(3, 10))


def test_count__whole_numbers_in_a_small_type__do_not_overflow(profile: Profile, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "wide.parquet", SAMPLE[:100])

    narrow = tmp_path / "narrow.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (CAST(age AS TINYINT) AS age) FROM '{data}') TO '{narrow}'"  # noqa: S608
        )
    cursor, (frame,), _ = cut(tmp_path, profile, narrow, Cut(rows=100))
    fault = next(fault for fault in faults_for(profile) if fault.name == "unit/age/100")
    tally = fault.count(cursor, frame, ENGINE, profile, tmp_path)
    assert tally == count([replace(row, age=(row.age or 0) * 12) for row in SAMPLE[:100]])


def test_count__columns_that_the_history_lacks__stay_missing(profile: Profile, tmp_path: Path) -> None:
    data, short = write_rows(tmp_path / "whole.parquet", SAMPLE[:100]), tmp_path / "short.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY (SELECT * EXCLUDE (age, sex) FROM '{data}') TO '{short}'")  # noqa: S608
    cursor, (frame,), _ = cut(tmp_path, profile, short, Cut(rows=100))
    without = count([replace(row, age=None, sex=None) for row in SAMPLE[:100]])
    for fault in faults_for(profile):
        changed = fault.count(cursor, frame, ENGINE, profile, tmp_path)
        assert (changed != without) == (fault.column == "job"), fault.name
