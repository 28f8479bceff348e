"""What a data scientist tries first, through the commands: data in, a report or a plain error out.

Whatever is wrong with the data is either told in the report, above its numbers, or ends the command with a
sentence that names the mend. Never a traceback, and never a column that is dropped without a word.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from support.anvil import ROOT
from support.people import MODEL, column, people, write
from tribune.cli import app
from tribune.metrics.binning import Categories
from tribune.metrics.profile import make_profile
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally


def tribune(*arguments: object) -> Result:
    """Run a command in this process; an error that is not plain is raised here."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a reference and a profile."""
    folder = tmp_path_factory.mktemp("prepared")
    model, profile = folder / "model.toml", folder / "profile.json"
    model.write_text(MODEL)
    reference = write(people(2000, seed=7), folder / "reference.parquet")
    made = tribune("profile", reference, "--model", model, "-o", profile)
    assert made.exit_code == 0, made.output
    return folder


@pytest.fixture
def bench(prepared: Path, tmp_path: Path) -> Path:
    """The same in a folder of the test's own."""
    return Path(shutil.copytree(prepared, tmp_path / "bench"))


def report(bench: Path, table: pa.Table, name: str = "data.parquet", *more: object) -> str:
    """Measure rows; return the table as one line."""
    path = write(table, bench / name)
    result = tribune("measure", path, "--profile", bench / "profile.json", *more)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refusal(*arguments: object) -> str:
    """Run a command that must refuse; return what it said."""
    result = tribune(*arguments)
    assert result.exit_code not in (0, None), result.output
    return " ".join(result.output.split())


def document(bench: Path, path: Path, *more: object) -> dict[str, object]:
    """Measure rows; return the evidence."""
    result = tribune("measure", path, "--profile", bench / "profile.json", "--format", "json", *more)
    assert result.exit_code == 0, result.output
    read: dict[str, object] = json.loads(result.stdout)
    return read


# The way through


def test_commands__from_data_to_report__work_without_an_edit(tmp_path: Path) -> None:
    reference, now = (
        write(people(2000), tmp_path / "held-out.csv"),
        write(people(seed=2), tmp_path / "now.csv"),
    )
    model, profile = tmp_path / "model.toml", tmp_path / "profile.json"
    assert tribune("model", "init", reference, "-o", model).exit_code == 0
    assert tribune("profile", reference, "--model", model, "-o", profile).exit_code == 0
    result = tribune("measure", now, "--profile", profile)
    assert result.exit_code == 0
    assert "600 rows, compared with 2,000 of the reference" in result.output
    for heading in ("Quality", "Drift", "Fairness", "Performance"):
        assert heading in result.output


def test_measure__as_a_process__starts_without_heavy_imports(bench: Path) -> None:
    data = write(people(), bench / "data.parquet")
    arguments = ["measure", str(data), "--profile", str(bench / "profile.json")]
    heavy = "pandas sklearn fairlearn web3 matplotlib sqlmodel pydantic_settings scipy pyarrow rich"
    program = (
        f"import sys; from tribune.cli import app; app({arguments!r}, standalone_mode=False)\n"
        f"print('heavy:', sorted(set({heavy!r}.split()) & set(sys.modules)))"
    )
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "monitors"))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.stdout.endswith("heavy: []\n"), ran.stdout[-300:] + ran.stderr


def test_measure__same_rows_in_any_form__give_the_same_tally(bench: Path) -> None:
    rows = people(seed=3)
    forms = [write(rows, bench / name) for name in ("now.parquet", "now.csv", "now.jsonl")]
    found = [document(bench, path) for path in forms]
    assert found[0]["tally"] == found[1]["tally"] == found[2]["tally"]
    assert found[0]["values"] == found[1]["values"] == found[2]["values"]


def test_measure__a_folder_of_partitions__is_the_sum_of_its_files(bench: Path) -> None:
    rows = people(seed=3)
    whole = write(rows, bench / "whole.parquet")
    for place in range(3):
        write(rows.slice(place * 200, 200), bench / "parts" / f"{place}.parquet")
    assert document(bench, bench / "parts")["tally"] == document(bench, whole)["tally"]
    assert document(bench, bench / "parts" / "*.parquet")["tally"] == document(bench, whole)["tally"]


def test_measure__json__is_the_canonical_evidence(bench: Path) -> None:
    from tribune.reports.canonical import canonical_bytes

    data = write(people(), bench / "data.parquet")
    out = bench / "evidence.json"
    assert (
        tribune("measure", data, "--profile", bench / "profile.json", "--format", "json", "-o", out).exit_code
        == 0
    )
    read = json.loads(out.read_bytes())
    assert out.read_bytes() == canonical_bytes(read)
    assert (read["schema"], read["chain"], read["frame"], read["rules"]) == ("tribune/evidence/1", 0, 0, [])


def test_measure__html__loads_nothing_from_elsewhere(bench: Path) -> None:
    data, out = write(people(), bench / "data.parquet"), bench / "report.html"
    assert (
        tribune("measure", data, "--profile", bench / "profile.json", "--format", "html", "-o", out).exit_code
        == 0
    )
    page = out.read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert 'src="http' not in page
    assert "url(http" not in page


def test_measure__policy__says_each_rule_with_value_and_limit(bench: Path) -> None:
    rules = """
[[rule]]
metric = "quality.missing_rate.max"
op = ">"
limit = 0.05
severity = "TRIP"

[[rule]]
metric = "drift.psi/region"
op = ">"
limit = 0.9
severity = "WARN"
"""
    (bench / "policy.toml").write_text(rules)
    rows = column(people(), "age", pa.nulls(600, pa.float64()))
    said = report(bench, rows, "data.parquet", "--policy", bench / "policy.toml")
    assert "1 BROKEN, 1 kept" in said
    assert "here 100 %, limit 5 %, worst: age; quality.missing_rate.max" in said


def test_measure__check__agrees_with_other_libraries(bench: Path) -> None:
    data = write(people(1000), bench / "data.parquet")
    result = tribune("measure", data, "--profile", bench / "profile.json", "--check")
    assert result.exit_code == 0, result.output
    assert "Second opinion, fairlearn and scikit-learn" in result.output


def test_measure__check_of_a_model_without_answers__says_that_there_is_no_other_opinion(
    tmp_path: Path,
) -> None:
    data = write(pa.table({"latency": [float(place) for place in range(600)]}), tmp_path / "data.parquet")
    model, profile = tmp_path / "model.toml", tmp_path / "profile.json"
    model.write_text('task = "generic"\n[[columns]]\nname = "latency"\nkind = "numeric"\nrole = "feature"\n')
    assert tribune("profile", data, "--model", model, "-o", profile).exit_code == 0
    result = tribune("measure", data, "--profile", profile, "--check")
    assert result.exit_code == 0, result.output
    assert "Second opinion: none" in result.output


def test_measure__labels_kept_apart__are_joined_by_id(bench: Path) -> None:
    rows = people(seed=4)
    write(rows.drop_columns(["label"]), bench / "log.jsonl")
    truth = rows.select(["id", "time", "label"]).rename_columns(["request", "at", "outcome"])
    write(truth, bench / "truth.csv")
    (bench / "source.toml").write_text(
        '[source]\ndata = "log.jsonl"\n[source.labels]\ndata = "truth.csv"\n'
        '[source.labels.columns]\nid = "request"\ntime = "at"\nlabel = "outcome"\n'
    )
    joined = tribune(
        "measure", "--source", bench / "source.toml", "--profile", bench / "profile.json", "--format", "json"
    )
    inline = document(bench, write(rows, bench / "inline.parquet"))
    assert json.loads(joined.stdout)["values"] == inline["values"]


def test_commands__nested_log__needs_no_mapping_but_the_draft(tmp_path: Path) -> None:
    for name, seed in (("before.jsonl", 7), ("now.jsonl", 8)):
        rows = people(seed=seed).to_pylist()
        nested = [{"request": {"id": row.pop("id"), "in": row}} for row in rows]
        (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in nested))
    model, profile = tmp_path / "model.toml", tmp_path / "profile.json"
    assert tribune("model", "init", tmp_path / "before.jsonl", "-o", model).exit_code == 0
    assert tribune("profile", tmp_path / "before.jsonl", "--model", model, "-o", profile).exit_code == 0
    flat = write(people(seed=8), tmp_path / "elsewhere" / "now.parquet")
    (tmp_path / "elsewhere" / "profile.json").write_bytes(profile.read_bytes())
    found = [
        json.loads(tribune("measure", data, "--profile", by, "--format", "json").stdout)["values"]
        for data, by in ((tmp_path / "now.jsonl", profile), (flat, flat.parent / "profile.json"))
    ]
    assert found[0] == found[1]


def test_manifest__a_changed_file__does_not_have_the_digest(tmp_path: Path) -> None:
    write(people(), tmp_path / "data" / "a.parquet")
    digest = tribune("manifest", tmp_path / "data").stdout.splitlines()[0]
    assert tribune("manifest", tmp_path / "data", "--check", digest).exit_code == 0
    write(people(seed=2), tmp_path / "data" / "a.parquet")
    for other in (digest, "no digest"):
        assert "does not have the digest" in refusal("manifest", tmp_path / "data", "--check", other)


# What is never done


def test_commands__a_file_is_there__is_not_written_over(bench: Path) -> None:
    before = (bench / "model.toml").read_bytes()
    said = refusal("model", "init", bench / "reference.parquet", "-o", bench / "model.toml")
    assert "is there already" in said
    assert "--force" in said
    assert (bench / "model.toml").read_bytes() == before
    assert "is there already" in refusal(
        "profile", bench / "reference.parquet", "--model", bench / "model.toml", "-o", bench / "profile.json"
    )


def test_commands__a_folder_to_write_to_is_not_there__is_said_at_once(bench: Path) -> None:
    said = refusal(
        "measure", bench / "none.csv", "--profile", bench / "profile.json", "-o", bench / "no" / "x"
    )
    assert "There is no folder" in said


def test_measure__times_of_an_unfit_format__are_refused(bench: Path) -> None:
    (bench / "source.toml").write_text('[source.time]\nformat = "%Q"\n')
    path = write(column(people(), "time", ["1"] * 600), bench / "data.csv")
    said = refusal("measure", path, "--profile", bench / "profile.json", "--source", bench / "source.toml")
    assert "unfit format" in said
    assert "[source.time]" in said


def test_measure__address_with_a_password__is_refused_without_saying_it(bench: Path) -> None:
    for address in ("postgresql://me:hunter2@host/db?table=t", "s3://key:hunter2@bucket/x.parquet"):
        said = refusal("measure", address, "--profile", bench / "profile.json")
        assert "hunter2" not in said
        assert "password" in said


# Bad data: told in the report


def test_measure__missing_column__counts_as_missing_and_is_told(bench: Path) -> None:
    said = report(bench, people().drop_columns(["age"]))
    assert "age: data.parquet has no such column" in said


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
    assert "age: every row has the same value; the reference has several." in said


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
    assert "time: 4 values are no time, such as 'soon'" in said
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


def test_measure__a_column_of_5000_categories__is_bounded_and_told(bench: Path) -> None:
    rows = column(people(6000), "region", [f"r{place % 5000}" for place in range(6000)])
    write(rows, bench / "many.parquet")
    profile = bench / "many.json"
    made = tribune("profile", bench / "many.parquet", "--model", bench / "model.toml", "-o", profile)
    told = "region: the reference has many rare values; the most frequent is told apart"
    assert told in " ".join(made.output.split())
    result = tribune("measure", bench / "many.parquet", "--profile", profile)
    assert result.exit_code == 0
    assert told in " ".join(result.output.split())
    assert "same value" not in result.output


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


# Bad data: a plain error


@pytest.mark.parametrize("name", ["data.parquet", "data.csv", "data.jsonl"])
def test_measure__truncated_file__is_refused_by_name(bench: Path, name: str) -> None:
    path = write(people(), bench / name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(whole) // 3 - 5])
    said = refusal("measure", path, "--profile", bench / "profile.json")
    assert name in said
    assert "cut short" in said or "not a whole Parquet file" in said


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.parquet", b"", "data.parquet is not a whole Parquet file"),
        ("data.csv", b"", "data.csv has no line of column names"),
        ("data.csv", b"a,a\n1,2\n", "names the column 'a' twice"),
        ("data.csv", b"\xff\xfe\x00\x00", "data.csv cannot be read as CSV"),
        ("data.xlsx", b"x", "data.xlsx is of a format that cannot be read"),
    ],
)
def test_measure__unreadable_file__is_refused(bench: Path, name: str, content: bytes, words: str) -> None:
    (bench / name).write_bytes(content)
    assert words in refusal("measure", bench / name, "--profile", bench / "profile.json")


def test_measure__nothing_there__is_refused(bench: Path) -> None:
    assert "There is no file" in refusal(
        "measure", bench / "nowhere.csv", "--profile", bench / "profile.json"
    )
    assert "holds no Parquet, CSV or JSON" in refusal(
        "measure", _empty(bench), "--profile", bench / "profile.json"
    )
    assert "No data is named" in refusal("measure", "--profile", bench / "profile.json")
    assert "cannot be read" in refusal(
        "measure", bench / "reference.parquet", "--profile", bench / "none.json"
    )


def test_measure__time_wanted_of_rows_without_any__is_refused(bench: Path) -> None:
    path = write(people().drop_columns(["time"]), bench / "data.parquet")
    said = refusal("measure", path, "--profile", bench / "profile.json", "--since", "2026-01-01")
    assert "has no field 'time'" in said


def test_profile__missing_column__is_refused(bench: Path) -> None:
    path = write(people().drop_columns(["age"]), bench / "short.parquet")
    said = refusal("profile", path, "--model", bench / "model.toml", "-o", bench / "new.json")
    assert "age" in said
    assert not (bench / "new.json").exists()


def test_profile__no_rows__is_refused(bench: Path) -> None:
    path = write(people(0), bench / "empty.parquet")
    said = refusal(
        "profile", path, "--model", bench / "model.toml", "-o", bench / "new.json", "--blocks", "1"
    )
    assert "no value" in said or "no rows" in said


def test_profile__more_blocks_than_rows__is_refused(bench: Path) -> None:
    path = write(people(5), bench / "few.parquet")
    said = refusal(
        "profile", path, "--model", bench / "model.toml", "-o", bench / "new.json", "--blocks", "50"
    )
    assert "50 blocks" in said


def test_profile__times__measure_how_days_differ(bench: Path) -> None:
    rows = people(2000, seed=7)
    steady = json.loads((bench / "profile.json").read_bytes())
    shifted = [
        age + (20.0 if place >= 1000 else 0.0) for place, age in enumerate(rows.column("age").to_pylist())
    ]
    write(column(rows, "age", shifted), bench / "shifting.parquet")
    tribune(
        "profile", bench / "shifting.parquet", "--model", bench / "model.toml", "-o", bench / "shifting.json"
    )
    shifting = json.loads((bench / "shifting.json").read_bytes())
    assert shifting["overdispersion"][0] > 5 * steady["overdispersion"][0]


def _empty(bench: Path) -> Path:
    (bench / "empty").mkdir()
    return bench / "empty"
