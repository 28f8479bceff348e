"""What a data scientist tries first, through the commands: data in, a report out, in any form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from integration.measure.commands import document, refusal, report, tribune
from support.anvil import ROOT
from support.people import column, people, write
from tribune.metrics import Profile


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


def test_json__of_what_was_drafted_and_profiled__has_the_facts_and_the_reasons(tmp_path: Path) -> None:
    reference, model, profile = (
        write(people(2000), tmp_path / "held-out.csv"), tmp_path / "model.toml", tmp_path / "profile.json",
    )  # fmt: skip
    drafted = json.loads(tribune("model", "init", reference, "-o", model, "--json").stdout)
    assert (drafted["file"], drafted["rows"], drafted["task"]) == (str(model), 2000, "binary")
    assert drafted["roles"]["prediction"]["role"] == "prediction"
    assert drafted["roles"]["prediction"]["why"]
    made = json.loads(tribune("profile", reference, "--spec", model, "-o", profile, "--json").stdout)
    assert (made["rows"], made["file"]) == (2000, str(profile))
    assert made["digest"] == f"0x{Profile.load(profile).digest.hex()}"


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


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        (
            'metric = "quality.missing_rate.max"\nop = ">"\nlimit = 0.05',
            1,
            "Broken: quality.missing_rate.max",
        ),
        ('metric = "performance.accuracy"\nop = "<"\nlimit = 0.5', 3, "Not measured: performance.accuracy"),
        ('metric = "quality.missing_rate/region"\nop = ">"\nlimit = 0.05', 0, "kept"),
    ],
)
def test_measure__check__ends_with_the_code_of_what_it_found(
    bench: Path, rule: str, code: int, words: str
) -> None:
    rows = column(people(), "age", pa.nulls(600, pa.float64())).drop_columns(["label"])
    (bench / "policy.toml").write_text(f'[[rule]]\n{rule}\nseverity = "TRIP"\n')
    given = ("--profile", bench / "profile.json", "--policy", bench / "policy.toml", "--check")
    result = tribune("measure", write(rows, bench / "data.parquet"), *given)
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_measure__check_with_several_rules_on_a_metric__names_it_once(bench: Path) -> None:
    rule = '[[rule]]\nmetric = "quality.missing_rate.max"\nop = ">"\nlimit = {}\nseverity = "{}"\n'
    (bench / "policy.toml").write_text(rule.format(0.05, "WARN") + rule.format(0.1, "TRIP"))
    rows = write(column(people(), "age", pa.nulls(600, pa.float64())), bench / "data.parquet")
    given = ("--profile", bench / "profile.json", "--policy", bench / "policy.toml", "--check")
    said = tribune("measure", rows, *given).stderr.splitlines()
    assert [line for line in said if line.startswith("Broken")] == ["Broken: quality.missing_rate.max"]


def test_measure__second_opinion__agrees_with_other_libraries(bench: Path) -> None:
    data = write(people(1000), bench / "data.parquet")
    result = tribune("measure", data, "--profile", bench / "profile.json", "--second-opinion")
    assert result.exit_code == 0, result.output
    assert "Second opinion, fairlearn and scikit-learn" in result.output


def test_measure__second_opinion_on_a_model_without_answers__is_none(
    tmp_path: Path,
) -> None:
    data = write(pa.table({"latency": [float(place) for place in range(600)]}), tmp_path / "data.parquet")
    model, profile = tmp_path / "model.toml", tmp_path / "profile.json"
    model.write_text('task = "generic"\n[[columns]]\nname = "latency"\nkind = "numeric"\nrole = "feature"\n')
    assert tribune("profile", data, "--spec", model, "-o", profile).exit_code == 0
    result = tribune("measure", data, "--profile", profile, "--second-opinion")
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
    assert tribune("profile", tmp_path / "before.jsonl", "--spec", model, "-o", profile).exit_code == 0
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
    assert tribune("manifest", tmp_path / "data", "--expect", digest).exit_code == 0
    write(people(seed=2), tmp_path / "data" / "a.parquet")
    for other in (digest, "no digest"):
        assert "does not have the digest" in refusal("manifest", tmp_path / "data", "--expect", other)


def test_profile__times__measure_how_days_differ(bench: Path) -> None:
    rows = people(2000, seed=7)
    steady = json.loads((bench / "profile.json").read_bytes())
    shifted = [
        age + (20.0 if place >= 1000 else 0.0) for place, age in enumerate(rows.column("age").to_pylist())
    ]
    write(column(rows, "age", shifted), bench / "shifting.parquet")
    tribune(
        "profile", bench / "shifting.parquet", "--spec", bench / "model.toml", "-o", bench / "shifting.json"
    )
    shifting = json.loads((bench / "shifting.json").read_bytes())
    assert shifting["overdispersion"][0] > 5 * steady["overdispersion"][0]
