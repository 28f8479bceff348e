from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from support.people import write
from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics.spec import Column, ModelSpec, Role
from tribune_monitors.sources.spec import Reading, SourceSpec
from unit.monitors.sources.reading import CATEGORY, NUMBER, generic, read, rows

SPEC = generic(age=NUMBER, town=CATEGORY)


def test_read_source__parquet_that_can_be_counted__is_used_as_it_is(tmp_path: Path) -> None:
    path = write(pa.table({"age": [1.0], "town": ["a"], "more": [b"x"]}), tmp_path / "a.parquet")
    found = read(tmp_path, SPEC, str(path))
    assert found.decisions == (path,)
    assert found.findings == ()


@pytest.mark.parametrize("town", [pa.array([1.0, None]), pa.array(["1", None]).dictionary_encode()])
def test_read_source__parquet_of_other_types__is_cast(tmp_path: Path, town: pa.Array) -> None:
    path = write(pa.table({"age": pa.array([1, None]), "town": town}), tmp_path / "a.parquet")
    assert [row["town"] for row in rows(read(tmp_path, SPEC, str(path)).decisions)] == ["1", None]


def test_read_source__csv__tells_text_from_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\ufeffage;town\n1;""\n;"x; y"\n2,5;NA\n', encoding="utf-8")
    found = read(tmp_path, SPEC, str(tmp_path / "a.csv"))
    assert rows(found.decisions) == [
        {"age": 1.0, "town": ""}, {"age": None, "town": "x; y"}, {"age": None, "town": "NA"}
    ]  # fmt: skip
    assert found.findings == ("age: 1 value is no number, such as '2,5': counted as missing.",)


def test_read_source__nested_json__is_flattened_by_the_mapping(tmp_path: Path) -> None:
    lines = [
        {"request": {"features": {"age": 30}, "tags": ["x", "y"]}, "out": {"town.name": "a/b~c"}},
        {"request": {"features": {"age": None}}},
        {"request.features.age": 50, "out": {"town": {"name": "nested"}}},
        ["no object"],
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    spec = generic(age=NUMBER, town=CATEGORY, tag=CATEGORY)
    columns = {"age": "request.features.age", "town": "out.town.name", "tag": "request.tags.1"}
    found = rows(read(tmp_path, spec, SourceSpec(Reading(str(tmp_path / "log.jsonl"), columns))).decisions)
    assert [row["age"] for row in found] == [30.0, None, 50.0, None]
    assert [row["town"] for row in found] == [None, None, "nested", None]
    assert [row["tag"] for row in found] == ["y", None, None, None]


def test_read_source__json_array__is_rows_too(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text('[{"age": 1, "town": true}, {"age": NaN, "town": 2.50}]')
    found = rows(read(tmp_path, SPEC, str(tmp_path / "log.json")).decisions)
    assert [row["town"] for row in found] == ["true", "2.5"]
    assert str(found[1]["age"]) == "nan"


def test_read_source__nested_parquet__is_flattened_by_the_mapping(tmp_path: Path) -> None:
    table = pa.table(
        {"f": [{"age": 3, "who": {"town": "a"}}], "raw": ['{"deep": {"er": 7}}'], "age.x": [9.0]}
    )
    path = write(table, tmp_path / "a.parquet")
    spec = generic(age=NUMBER, town=CATEGORY, deep=NUMBER, dotted=NUMBER)
    columns = {"age": "f.age", "town": "f.who.town", "deep": "raw.deep.er", "dotted": "age.x"}
    found = rows(read(tmp_path, spec, SourceSpec(Reading(str(path), columns))).decisions)
    assert found == [{"age": 3.0, "town": "a", "deep": 7.0, "dotted": 9.0}]


def test_read_source__partitions_named_by_value__have_it_as_a_column(tmp_path: Path) -> None:
    for town in ("a", "b"):
        write(pa.table({"age": [1.0]}), tmp_path / "log" / f"town={town}" / "0.parquet")
    found = rows(read(tmp_path, SPEC, str(tmp_path / "log")).decisions)
    assert [row["town"] for row in found] == ["a", "b"]


def test_read_source__no_such_field__is_missing_and_told(tmp_path: Path) -> None:
    path = write(pa.table({"AGE": [1.0], "town": ["a"]}), tmp_path / "a.parquet")
    found = read(tmp_path, SPEC, str(path))
    assert found.findings == ("age: a.parquet has no such column, so it is missing in all its rows.",)


def test_read_source__no_such_field_in_partitions_of_one_name__says_of_which_days(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        row = {"town": ["a"]} if day > 1 else {"town": ["a"], "age": [1.0]}
        write(pa.table(row), tmp_path / "log" / f"day={day}" / "part.parquet")
    assert read(tmp_path, SPEC, str(tmp_path / "log")).findings == (
        "age: day=2/part.parquet to day=3/part.parquet has no such column, so it is missing in all its rows.",
    )


def test_read_source__mapping_of_no_column__is_told(tmp_path: Path) -> None:
    spec = ModelSpec((Column("answer", CATEGORY, Role.PREDICTION), Column("key", CATEGORY, Role.ID)))
    data = write(pa.table({"key": ["1"], "answer": ["1"]}), tmp_path / "a.parquet")
    labels = write(pa.table({"key": ["1"], "label": ["1"], "time": [1]}), tmp_path / "l.parquet")
    source = SourceSpec(Reading(str(data), {"age": "AGE"}), Reading(str(labels), {"at": "time"}))
    assert read(tmp_path, spec, source).findings == (
        "age: [source.columns] maps it, but it is none of answer, key; it is passed over.",
        "at: [source.labels.columns] maps it, but it is none of key, time, label; it is passed over.",
    )


def test_read_source__labels_without_their_columns__are_refused(tmp_path: Path) -> None:
    spec = ModelSpec((Column("answer", CATEGORY, Role.PREDICTION), Column("id", CATEGORY, Role.ID)))
    data = write(pa.table({"id": ["1"], "answer": ["1"]}), tmp_path / "a.parquet")
    labels = write(pa.table({"key": ["1"], "label": ["1"]}), tmp_path / "l.parquet")
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, spec, SourceSpec(Reading(str(data)), Reading(str(labels))))
    assert str(caught.value) == (
        "Labels cannot be joined: the labels have no field 'id'. "
        'Name the right field: id = "…" in [source.labels.columns].'
    )


def test_read_source__labels_mapped_by_other_names__are_refused_with_the_right_ones(tmp_path: Path) -> None:
    spec = ModelSpec((Column("answer", CATEGORY, Role.PREDICTION), Column("Loan ID", CATEGORY, Role.ID)))
    data = write(pa.table({"id": ["1"], "answer": ["1"]}), tmp_path / "a.parquet")
    labels = write(pa.table({"loan": ["1"], "paid": ["1"]}), tmp_path / "l.parquet")
    with pytest.raises(ConfigurationError) as caught:
        read(
            tmp_path,
            spec,
            SourceSpec(Reading(str(data)), Reading(str(labels), {"id": "loan", "label": "payed"})),
        )
    said = str(caught.value)
    assert said.startswith(
        "Labels cannot be joined: the rows have no field 'Loan ID', the labels have no field 'Loan ID', "
        "the labels have no field 'payed'. "
    )
    assert (
        "id: [source.labels.columns] maps it, but it is none of Loan ID, time, label; it is passed over."
        in said
    )
    assert said.endswith(
        'Name the right field: "Loan ID" = "…" in [source.columns], '
        '"Loan ID" = "…" and label = "…" in [source.labels.columns].'
    )


def test_read_source__times__bound_the_rows_half_open(tmp_path: Path) -> None:
    spec = ModelSpec((Column("answer", CATEGORY, Role.PREDICTION), Column("at", NUMBER, Role.TIME)))
    data = write(pa.table({"answer": list("abcd"), "at": [1, 2, 3, None]}), tmp_path / "a.parquet")
    found = read(tmp_path, spec, SourceSpec(Reading(str(data)), start_us=2, end_us=3))
    assert [row["answer"] for row in rows(found.decisions)] == ["b"]
    assert found.findings == (
        "Left out: 2 rows outside the time that is measured.",
        "Left out: 1 row without a readable time.",
    )


def test_read_source__formats_mixed__are_refused(tmp_path: Path) -> None:
    write(pa.table({"age": [1.0]}), tmp_path / "log" / "a.parquet")
    write(pa.table({"age": [1.0]}), tmp_path / "log" / "b.csv")
    with pytest.raises(DataError, match="mixes csv and parquet"):
        read(tmp_path, SPEC, str(tmp_path / "log"))


def test_read_source__hidden_and_marker_files__are_left_out(tmp_path: Path) -> None:
    write(pa.table({"age": [1.0]}), tmp_path / "log" / "a.csv")
    for name in ("_metadata.csv", ".part.csv", "_tmp/b.csv"):
        write(pa.table({"age": [2.0]}), tmp_path / "log" / name)
    assert [row["age"] for row in rows(read(tmp_path, SPEC, str(tmp_path / "log")).decisions)] == [1.0]
