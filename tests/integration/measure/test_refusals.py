"""Data that cannot be measured, and what is never done, end a command with a sentence that names the mend.

Never a traceback, never a file written over, never a password shown.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from integration.measure.commands import refusal, tribune
from support.people import column, people, write


def test_commands__a_file_is_there__is_not_written_over(bench: Path) -> None:
    before = (bench / "model.toml").read_bytes()
    said = refusal("model", "init", bench / "reference.parquet", "-o", bench / "model.toml")
    assert "is there already" in said
    assert "--force" in said
    assert (bench / "model.toml").read_bytes() == before
    assert "is there already" in refusal(
        "profile", bench / "reference.parquet", "--spec", bench / "model.toml", "-o", bench / "profile.json"
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


@pytest.mark.parametrize("name", ["data.parquet", "data.csv", "data.jsonl"])
def test_measure__truncated_file__is_refused_by_name(bench: Path, name: str) -> None:
    path = write(people(), bench / name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - len(whole) // 3 - 5])
    said = refusal("measure", path, "--profile", bench / "profile.json")
    assert name in said
    assert "cut short" in said or "not a whole Parquet file" in said


@pytest.mark.parametrize("name", ["id", "age"])
@pytest.mark.parametrize(
    "command",
    [
        ("measure", "--profile", "profile.json"),
        ("profile", "--spec", "model.toml", "-o", "new.json"),
        ("backtest", "--profile", "profile.json", "--policy", "policy.toml", "--frame-rows", "200"),
    ],
    ids=lambda command: str(command[0]),
)
def test_commands__bytes_of_a_column_that_changed_on_disk__are_refused_by_the_files_name(
    bench: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: tuple[str, ...]
) -> None:
    """The footer is whole, so that the file opens and breaks only where its rows are read."""
    monkeypatch.chdir(bench)
    assert tribune("policy", "init", "-o", "policy.toml").exit_code == 0
    parquet.write_table(people(), "data.parquet", use_dictionary=False)
    chunks = parquet.ParquetFile("data.parquet").metadata.row_group(0)
    (chunk,) = (c for c in map(chunks.column, range(chunks.num_columns)) if c.path_in_schema == name)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    whole = Path("data.parquet").read_bytes()
    Path("data.parquet").write_bytes(whole[:middle] + b"\xff" * 20 + whole[middle + 20 :])
    if (command[0], name) == ("backtest", "id"):  # which reads no ids where no labels are joined
        assert tribune(command[0], "data.parquet", *command[1:], "--resamples", "1").exit_code == 0
    else:
        assert "data.parquet" in refusal(command[0], "data.parquet", *command[1:])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("data.parquet", b"", "data.parquet is not a whole Parquet file"),
        ("data.csv", b"", "data.csv has no line of column names"),
        ("data.csv", b"a,a\n1,2\n", "names the column 'a' twice"),
        ("data.csv", b"a,A\n1,2\n", "names the columns 'a' and 'A', which differ in case only"),
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
    said = refusal("profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json")
    assert "age" in said
    assert not (bench / "new.json").exists()


def test_init_and_profile__names_that_differ_in_case_only__are_refused(bench: Path) -> None:
    path = write(people().append_column("Age", people().column("age")), bench / "both.parquet")
    assert "age and Age, which differ in case only" in refusal(
        "model", "init", path, "-o", bench / "new.toml"
    )
    said = refusal("profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json")
    assert "age: both.parquet has it twice, or names that differ in case only" in said


@pytest.mark.parametrize(
    ("ages", "why"),
    [([[1.0]] * 600, "a field of type list is no number"), (["x"] * 600, "600 values are no number")],
)
def test_profile__column_of_another_type__is_refused_and_says_why(
    bench: Path, ages: list[object], why: str
) -> None:
    path = write(column(people(), "age", ages), bench / "other.parquet")
    said = refusal("profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json")
    assert "Column age has no value in the reference" in said
    assert why in said


def test_profile__described_times_that_are_not_there__are_refused(bench: Path) -> None:
    path = write(people().drop_columns(["time"]), bench / "untimed.parquet")
    said = refusal("profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json")
    assert "does not have times for 10 blocks" in said


def test_profile__no_rows__is_refused(bench: Path) -> None:
    path = write(people(0), bench / "empty.parquet")
    said = refusal("profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json", "--blocks", "1")
    assert "no value" in said or "no rows" in said


def test_profile__more_blocks_than_rows__is_refused(bench: Path) -> None:
    path = write(people(5), bench / "few.parquet")
    said = refusal(
        "profile", path, "--spec", bench / "model.toml", "-o", bench / "new.json", "--blocks", "50"
    )
    assert "50 blocks" in said


def _empty(bench: Path) -> Path:
    (bench / "empty").mkdir()
    return bench / "empty"


def test_measure__an_engine_that_there_is_not__names_those_there_are(bench: Path) -> None:
    path = write(people(), bench / "data.parquet")
    said = refusal("measure", path, "--profile", bench / "profile.json", "--engine", "polars")
    assert "polars" in said
    assert "duckdb" in said
    assert "spark" in said
