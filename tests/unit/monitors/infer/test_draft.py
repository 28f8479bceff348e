"""What a draft says of data: roles, kinds and task, and what was left out and why."""

from __future__ import annotations

import json
import random
import tomllib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.people import people, write
from tribune.exceptions import ConfigurationError, DataError
from tribune.metrics.spec import ModelSpec, Role, Task
from tribune_monitors.infer.draft import draft
from tribune_monitors.infer.facts import sample
from tribune_monitors.infer.roles import Given, guess_roles, summary
from tribune_monitors.sources.opening import connect, open_rows
from tribune_monitors.sources.spec import SourceSpec

DRAW = random.Random(3)  # noqa: S311 - not a secret
ROWS = 400


def drafted(folder: Path, data: Path, given: Given | None = None) -> tuple[ModelSpec, str]:
    """Return the drafted description, read back, and its text."""
    work = folder / "work"
    work.mkdir()
    cursor = connect(work)
    found = sample(cursor, open_rows(cursor, str(data), work))
    guess = guess_roles(cursor, found, given or Given())
    text = draft(data.name, found, guess)
    assert summary(found, guess).startswith(f"{found.rows:,} rows")
    return ModelSpec.from_json(tomllib.loads(text)), text


def of(folder: Path, given: Given | None = None, **columns: object) -> tuple[ModelSpec, str]:
    """Draft a model of columns."""
    return drafted(folder, write(pa.table(columns), folder / "data.parquet"), given)


def pick(*values: Any) -> list[Any]:
    return [DRAW.choice(values) for _ in range(ROWS)]


def numbers(low: float = 0, high: float = 100) -> list[float]:
    return [DRAW.uniform(low, high) for _ in range(ROWS)]


def roles(spec: ModelSpec) -> dict[str, str]:
    return {column.name: str(column.role) for column in spec.columns}


def kinds(spec: ModelSpec) -> dict[str, str]:
    return {column.name: str(column.kind) for column in spec.columns}


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_draft__people_in_any_form__are_described_alike(tmp_path: Path, form: str) -> None:
    spec, _ = drafted(tmp_path, write(people(), tmp_path / f"data.{form}"))
    assert spec.task is Task.BINARY
    assert (spec.negative, spec.positive) == ("no", "yes")
    assert roles(spec) == {
        "id": "id", "time": "time", "age": "feature", "region": "feature", "sex": "group",
        "prediction": "prediction", "score": "score", "label": "label",
    }  # fmt: skip
    assert kinds(spec)["age"] == "numeric"
    assert kinds(spec)["region"] == "category"


def test_draft__label_without_a_telling_name__is_the_column_that_agrees(tmp_path: Path) -> None:
    said = pick("0", "1")
    truth = [value if DRAW.random() < 0.8 else str(1 - int(value)) for value in said]
    spec, text = of(tmp_path, y_pred=said, other=pick("0", "1"), employed=truth)
    assert roles(spec)["employed"] == "label"
    assert roles(spec)["other"] == "feature"
    assert "LOOK: employed was taken for the label" in text


def test_draft__classes__are_multiclass_with_their_scores(tmp_path: Path) -> None:
    spec, _ = of(
        tmp_path, predicted_label=pick("cat", "dog", "bird"), true_label=pick("cat", "dog", "bird"),
        prob_cat=numbers(0, 1), prob_dog=numbers(0, 1), prob_bird=numbers(0, 1),
    )  # fmt: skip
    assert spec.task is Task.MULTICLASS
    assert spec.classes == ("bird", "cat", "dog")
    assert [column.name for column in spec.class_scores] == ["prob_bird", "prob_cat", "prob_dog"]


def test_draft__number__is_regression(tmp_path: Path) -> None:
    spec, _ = of(tmp_path, prediction=numbers(), target=numbers(), size=numbers())
    assert spec.task is Task.REGRESSION
    assert roles(spec) == {"prediction": "prediction", "target": "label", "size": "feature"}


def test_draft__nothing_predicted__is_generic_with_rates(tmp_path: Path) -> None:
    spec, text = of(tmp_path, refused=pick("true", "false", "false"), latency=numbers())
    assert spec.task is Task.GENERIC
    assert spec.column("refused").positive == "true"
    assert "--prediction names it" in text


def test_draft__left_out__says_why(tmp_path: Path) -> None:
    spec, text = of(
        tmp_path, year=[2015] * ROWS, none=pa.nulls(ROWS), row=list(range(ROWS)), tags=[["a"]] * ROWS,
        note=[f"{DRAW.random()} a long text that nobody wrote twice, nor will" for _ in range(ROWS)],
        key=[f"k{place}" for place in range(ROWS)], token=[f"t{place}" for place in range(ROWS)],
        age=numbers(),
    )  # fmt: skip
    assert roles(spec) == {"key": "id", "age": "feature"}
    for line in (
        "year: always '2015': nothing to compare",
        "none: no value in any row",
        "row: a running number",
        "tags: a list or bytes",
        "note: free text",
        "token: another value in nearly every row",
    ):
        assert f"#   {line}" in text


def test_draft__numbers_that_are_codes__are_categories(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text(
        "zip,stars,rooms,flag\n" + "".join(f"0{DRAW.randint(1000, 1040)},{DRAW.randint(1, 5)},{place},true\n"
                                         for place in [*range(30), *range(30)])
    )  # fmt: skip
    spec, _ = drafted(tmp_path, tmp_path / "data.csv")
    assert kinds(spec) == {"zip": "category", "stars": "category", "rooms": "numeric"}


def test_draft__few_words_among_numbers_of_a_csv__are_told_and_it_stays_numeric(tmp_path: Path) -> None:
    values = ["unknown" if place % 50 == 0 else str(place / 4) for place in range(ROWS)]
    codes = ["A" if place % 50 == 0 else str(place % 9) for place in range(ROWS)]
    lines = [f"{age},{code}" for age, code in zip(values, codes, strict=True)]
    (tmp_path / "data.csv").write_text("\n".join(["age,code", *lines]) + "\n")
    spec, text = drafted(tmp_path, tmp_path / "data.csv")
    assert kinds(spec) == {"age": "numeric", "code": "category"}
    assert "LOOK: age was taken for numbers: 8 of 400 values are none, such as 'unknown'" in text


def test_draft__groups_are_found_by_name_only(tmp_path: Path) -> None:
    spec, text = of(tmp_path, Gender=pick("a", "b"), shade=pick("a", "b"), maritalStatus=pick("x", "y"))
    assert [column.name for column in spec.groups] == ["Gender"]
    assert "Also possible: maritalStatus" in text


def test_draft__rarer_value_or_higher_score__is_the_positive_one(tmp_path: Path) -> None:
    said = pick("left", "left", "right")
    assert of(tmp_path, decision=said)[0].positive == "right"
    scores = [0.2 if value == "right" else 0.8 for value in said]
    (tmp_path / "b").mkdir()
    noise = [score + DRAW.uniform(-0.1, 0.1) for score in scores]
    assert of(tmp_path / "b", decision=said, probability=noise)[0].positive == "left"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"], ("", "us")),
        (["31.01.2026 10:00", "01.02.2026 11:00"], ("%d.%m.%Y %H:%M", "us")),
        (["01/12/2026 10:00", "02/11/2026 11:00"], ("%m/%d/%Y %H:%M", "us")),
        (["31/01/2026 10:00", "01/02/2026 11:00"], ("%d/%m/%Y %H:%M", "us")),
        ([1_767_225_600, 1_767_225_700], ("", "s")),
        ([1_767_225_600_123, 1_767_225_700_123], ("", "ms")),
    ],
)
def test_draft__times__are_found_with_their_format(
    tmp_path: Path, times: list[Any], expected: tuple[str, str]
) -> None:
    (tmp_path / "data.jsonl").write_text(
        "".join(
            json.dumps({"age": DRAW.random(), "created_at": DRAW.choice(times)}) + "\n" for _ in range(99)
        )
    )
    spec, text = drafted(tmp_path, tmp_path / "data.jsonl")
    assert roles(spec)["created_at"] == "time"
    (tmp_path / "model.toml").write_text(text)
    found = SourceSpec.load(tmp_path / "model.toml").rows.time
    assert (found.format, found.unit) == expected
    assert ("the month before the day" in text) == expected[0].startswith("%m/%d")


def test_draft__many_times__are_not_said_to_be_counted_as_values(tmp_path: Path) -> None:
    times = [f"2026-01-31T10:{place // 60:02}:{place % 60:02}Z" for place in range(ROWS)]
    spec, text = of(tmp_path, created_at=times, age=numbers())
    assert roles(spec)["created_at"] == "time"
    assert "most frequent" not in text


def test_draft__nested_fields__have_short_names_and_a_mapping(tmp_path: Path) -> None:
    lines = [
        {
            "request": {"age": DRAW.random(), "from": {"town": DRAW.choice("ab")}},
            "b": {"town": DRAW.choice("ab")},
        }
        for _ in range(50)
    ]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    spec, text = drafted(tmp_path, tmp_path / "data.jsonl")
    assert list(roles(spec)) == ["age", "request_from_town", "b_town"]
    (tmp_path / "model.toml").write_text(text)
    assert dict(SourceSpec.load(tmp_path / "model.toml").rows.columns) == {
        "age": "request.age", "request_from_town": "request.from.town", "b_town": "b.town"
    }  # fmt: skip


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_draft__a_column_with_a_dot_in_its_name__keeps_it(tmp_path: Path, form: str) -> None:
    """As data frames of R have them: no field of an object that one would look for."""
    names = ["marital.status", "capital.gain", "sex.at.birth"]
    table = pa.table({name: pick("x", "y") for name in names})
    spec, text = drafted(tmp_path, write(table, tmp_path / f"data.{form}"))
    assert [column.name for column in spec.columns] == names
    assert "[source.columns]" not in text
    assert roles(spec)["sex.at.birth"] == "group"


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_draft__no_label__shows_where_to_name_one_that_is_kept_apart(tmp_path: Path, task: Task) -> None:
    said = numbers() if task is Task.REGRESSION else pick("no", "yes")
    table = {"Loan ID": [f"L{row}" for row in range(ROWS)], "age": numbers(), "prediction": said}
    spec, text = drafted(tmp_path, write(pa.table(table), tmp_path / "data.parquet"))
    assert (spec.task, spec.with_role(Role.LABEL)) == (task, ())
    shown = [line.removeprefix("# ") for line in text.splitlines()]
    begin = shown.index("[source.labels]")
    end = shown.index("[[columns]]", begin + (11 if task is Task.REGRESSION else 0))
    (tmp_path / "model.toml").write_text(text + "\n".join(shown[begin:end]).replace("…", "x"))
    labels = SourceSpec.load(tmp_path / "model.toml").labels
    assert labels is not None
    assert labels.columns == {"Loan ID": "x", "label": "x", "time": "x"}
    assert ModelSpec.load(tmp_path / "model.toml").has_errors == (task is Task.REGRESSION)


def test_draft__label_or_no_id__shows_no_labels_kept_apart(tmp_path: Path) -> None:
    _, text = drafted(tmp_path, write(people(), tmp_path / "data.parquet"))
    assert "[source.labels]\n" not in text
    (tmp_path / "none").mkdir()
    _, text = of(tmp_path / "none", age=numbers(), prediction=pick("no", "yes"))
    assert "[source.labels]\n" not in text


def test_draft__score_beyond_0_to_1__is_a_feature_and_told(tmp_path: Path) -> None:
    data = write(pa.table({"prediction": pick("no", "yes"), "Score %": numbers()}), tmp_path / "data.parquet")
    spec, text = drafted(tmp_path, data)
    assert roles(spec)["Score %"] == "feature"
    assert "If it is the model's own score, --score names it." in text
    (tmp_path / "named").mkdir()
    spec, text = drafted(tmp_path / "named", data, Given(score="Score %"))
    assert roles(spec)["Score %"] == "score"
    assert "--score names it" not in text


def test_draft__odd_names_and_values__are_toml_all_the_same(tmp_path: Path) -> None:
    odd = 'a "quoted"\nname\t\\ \x7f é'
    table = pa.table({odd: pick('"', "\\\n#"), "race": pick("x'\"\n", "ü")})
    spec, _ = drafted(tmp_path, write(table, tmp_path / "data.parquet"))
    assert [column.name for column in spec.columns] == [odd, "race"]


def test_guess__named_columns__are_taken_as_said(tmp_path: Path) -> None:
    given = Given(prediction="out", label="truth", groups=("shade",))
    spec, text = of(
        tmp_path, given, out=pick("a", "b"), truth=pick("a", "b"), shade=pick("x", "y"), sex=pick("f", "m")
    )
    assert roles(spec) == {"out": "prediction", "truth": "label", "shade": "group", "sex": "feature"}
    assert 'role = "group"  # as you said' in text


def test_guess__a_name_that_is_not_there__is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no column 'ot'"):
        of(tmp_path, Given(prediction="ot"), out=pick("a", "b"))


@pytest.mark.parametrize("role", ["label", "score"])
def test_guess__label_or_score_without_a_prediction__is_a_feature_and_told(tmp_path: Path, role: str) -> None:
    given = Given(label="paid") if role == "label" else Given(score="paid")
    spec, text = of(tmp_path, given, paid=numbers(), age=numbers())
    assert spec.task is Task.GENERIC
    assert roles(spec) == {"paid": "feature", "age": "feature"}
    assert f"LOOK: paid was named as the {role}, but there is no prediction" in text


def test_guess__prediction_without_a_label__is_told(tmp_path: Path) -> None:
    _, text = of(tmp_path, predicted_price=numbers(), price=numbers())
    assert "LOOK: no column was taken for the label" in text


def test_guess__nothing_to_measure__is_refused_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column to measure\. age: always '30': nothing"):
        of(tmp_path, age=[30])


def test_sample__no_row__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no row"):
        of(tmp_path, age=pa.array([], pa.float64()))


def test_sample__files_of_different_columns__are_taken_together(tmp_path: Path) -> None:
    write(pa.table({"age": numbers()}), tmp_path / "log" / "1.parquet")
    write(pa.table({"age": pick("7", "8"), "town": pick("a", "b")}), tmp_path / "log" / "2.parquet")
    spec, text = drafted(tmp_path, tmp_path / "log")
    assert list(roles(spec)) == ["age", "town"]
    assert "50.0% missing" in text
