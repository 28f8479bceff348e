"""Data that is odd is measured, and what is odd is told above the numbers: no column goes without a word."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from integration.measure.commands import document, report, tribune
from support.people import column, people, write
from tribune.metrics.binning import Categories
from tribune.metrics.profile import make_profile
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally


def test_measure__missing_column__counts_as_missing_and_is_told(bench: Path) -> None:
    said = report(bench, people().drop_columns(["age"]))
    assert "age: data.parquet has no such column" in said
    assert "1 column of the reference is empty here." in said
    assert "empty here" not in report(bench, people())


def test_measure__names_that_differ_in_case_only__count_as_missing_and_are_told(bench: Path) -> None:
    said = report(bench, people().append_column("Age", pa.array([1.0] * 600)))
    assert "age: data.parquet has it twice, or names that differ in case only" in said
    assert "age: no row has a value" not in said


def test_measure__wrong_type__is_told_with_an_example(bench: Path) -> None:
    ages = ["none" if place % 3 else str(place % 60 + 18) for place in range(600)]
    said = report(bench, column(people(), "age", ages))
    assert "age: 400 values are no number, such as 'none': counted as missing." in said


def test_measure__a_list_for_a_number__is_told(bench: Path) -> None:
    said = report(bench, column(people(), "age", [[1.0]] * 600))
    assert "age: a field of type list is no number" in said


def test_measure__all_null__is_told(bench: Path) -> None:
    said = report(bench, column(people(), "age", pa.nulls(600, pa.float64())))
    assert "age: no row has a value" in said


def test_measure__constant__is_told(bench: Path) -> None:
    said = report(bench, column(people(), "age", [40.0] * 600))
    assert "age: every value is the same or nearly so (40 to below 40.0156)" in said


def test_measure__infinities_and_nan__are_counted_and_told(bench: Path) -> None:
    ages = [float("nan")] * 5 + [float("inf")] * 3 + [float("-inf")] * 2 + [40.0, 41.0] * 295
    said = report(bench, column(people(), "age", pa.array(ages, pa.float64())))
    assert "age: 5 rows say NaN" in said
    assert "age: 5 rows are infinite" in said


def test_measure__one_row__is_measured_no_further_than_it_can_be(bench: Path) -> None:
    said = report(bench, people(1))
    assert "Only 1 row: under 100" in said
    assert "volume: 1" in said


def test_measure__no_row__says_so(bench: Path) -> None:
    assert "There are no rows" in report(bench, people(0))


def test_measure__an_empty_group__is_named(bench: Path) -> None:
    said = report(bench, column(people(), "sex", ["f"] * 600))
    assert "sex: no row of sex=m, whom the reference has." in said


def test_measure__labels_outside_the_outcomes__are_told(bench: Path) -> None:
    labels = ["maybe"] * 7 + people().column("label").to_pylist()[7:]
    said = report(bench, column(people(), "label", labels))
    assert "label: 7 labels are not no or yes" in said


def test_measure__predictions_outside_the_outcomes__are_told(bench: Path) -> None:
    predictions = ["perhaps"] * 7 + people().column("prediction").to_pylist()[7:]
    assert "prediction: 7 predictions are not no or yes" in report(
        bench, column(people(), "prediction", predictions)
    )


def test_measure__duplicated_ids__are_told(bench: Path) -> None:
    ids = ["same"] * 10 + people().column("id").to_pylist()[10:]
    said = report(bench, column(people(), "id", ids))
    assert "id: 1 id comes more than once in the rows" in said


def test_measure__times_out_of_the_frame__are_left_out_and_told(bench: Path) -> None:
    until = "2026-01-01T01:40:00Z"
    said = report(bench, people(), "data.parquet", "--until", until)
    assert "Left out: 500 rows outside the time that is measured" in said
    assert "100 rows, compared" in said


def test_measure__times_that_are_none__are_left_out_and_told(bench: Path) -> None:
    times = ["soon"] * 4 + [f"2026-01-0{place % 5 + 1}T00:00:00Z" for place in range(596)]
    said = report(bench, column(people(), "time", times), "data.parquet", "--since", "2025-01-01")
    assert "time: 4 values are no time, such as 'soon': counted as missing. How they are written" in said
    assert "Left out: 4 rows without a readable time" in said
    assert "596 rows, compared" in said


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_measure__schema_that_changed_midway__is_told_by_file(bench: Path, form: str) -> None:
    rows = people()
    write(rows.slice(0, 300), bench / "parts" / f"1.{form}")
    write(rows.slice(300).drop_columns(["region"]), bench / "parts" / f"2.{form}")
    result = tribune("measure", bench / "parts", "--profile", bench / "profile.json")
    said = " ".join(result.output.split())
    assert result.exit_code == 0, said
    assert f"region: 2.{form} has no such column" in said
    assert "600 rows, compared" in said


def test_measure__type_that_changed_midway__counts_both_parts(bench: Path) -> None:
    rows = people()
    as_text = column(rows.slice(300), "age", [str(int(age)) for age in rows.column("age").to_pylist()[300:]])
    write(rows.slice(0, 300), bench / "parts" / "1.parquet")
    write(as_text, bench / "parts" / "2.parquet")
    whole = document(bench, write(rows, bench / "whole.parquet"))
    assert document(bench, bench / "parts")["tally"] == whole["tally"]


@pytest.mark.parametrize("name", ["id", "time", "more"])
def test_commands__type_that_changed_midway_of_what_is_not_measured__does_not_matter(
    bench: Path, name: str
) -> None:
    rows, parts = people(), bench / "parts"
    write(column(rows.slice(0, 300), name, [0] * 300), parts / "1.parquet")
    write(column(rows.slice(300), name, [[1]] * 300), parts / "2.parquet")
    assert "600 rows, compared" in tribune("measure", parts, "--profile", bench / "profile.json").output
    made = tribune(
        "profile", parts, "--spec", bench / "model.toml", "-o", bench / "new.json", "--blocks", "1"
    )
    assert made.exit_code == 0, made.output
    made = tribune("policy", "init", "--profile", bench / "new.json", "-o", bench / "policy.toml")
    effort = ("--frame-rows", "200", "--resamples", "1", "--windows", "1")
    rules = ("--policy", bench / "policy.toml", "--profile", bench / "profile.json")
    result = tribune("backtest", parts, *rules, *effort)
    assert "3 frames, 600 rows" in result.output


def test_profile__type_that_changed_midway_of_what_is_not_described__does_not_matter(bench: Path) -> None:
    rows, parts = people(), bench / "parts"
    write(column(rows.slice(0, 300), "more", [0] * 300), parts / "1.parquet")
    write(column(rows.slice(300), "more", [[1]] * 300), parts / "2.parquet")
    made = tribune("profile", parts, "--spec", bench / "model.toml", "-o", bench / "new.json")
    assert made.exit_code == 0, made.output


def test_measure__a_column_of_5000_categories__is_bounded_and_told(bench: Path) -> None:
    rows = column(people(6000), "region", [f"r{place % 5000}" for place in range(6000)])
    write(rows, bench / "many.parquet")
    profile = bench / "many.json"
    made = tribune("profile", bench / "many.parquet", "--spec", bench / "model.toml", "-o", profile)
    told = "region: the reference has many rare values; the most frequent is told apart"
    assert told in " ".join(made.output.split())
    result = tribune("measure", bench / "many.parquet", "--profile", profile)
    assert result.exit_code == 0
    assert told in " ".join(result.output.split())
    assert "every value" not in result.output


@pytest.mark.slow
def test_measure__2000_columns__are_all_measured(tmp_path: Path) -> None:
    names = [f"x{place}" for place in range(2000)]
    data = write(pa.table({name: ["a", "b"] * 150 for name in names}), tmp_path / "wide.parquet")
    spec = ModelSpec(tuple(Column(name, ColumnKind.CATEGORY, Role.FEATURE) for name in names), Task.GENERIC)
    reference = Tally(300, dict.fromkeys(names, (150, 150, 0, 0)), {0: 300})
    profile = make_profile(spec, reference, dict.fromkeys(names, Categories(("a", "b"))))
    (tmp_path / "profile.json").write_bytes(profile.canonical)
    result = tribune("measure", data, "--profile", tmp_path / "profile.json", "--all")
    assert result.exit_code == 0
    assert all(f"  {name} " in result.output for name in names)
