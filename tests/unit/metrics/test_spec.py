"""Descriptions of models: what can be measured is read, the rest is refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.metrics import Column, ColumnKind, ModelSpec, Role, Task

from .samples import SPEC

PREDICTION = Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION)


def test_from_json__what_to_json_wrote__is_equal() -> None:
    assert ModelSpec.from_json(SPEC.to_json()) == SPEC


def test_load__toml_with_a_table_of_values__reads_display_names(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(
        """
        outcome = "employed"
        label_lag = 1
        [[columns]]
        name = "SEX"
        kind = "category"
        role = "group"
        values = { 1 = "men", 2 = "women" }
        [[columns]]
        name = "prediction"
        kind = "category"
        role = "prediction"
        """
    )
    spec = ModelSpec.load(path)
    assert spec.column("SEX").value_title("2") == "women"
    assert spec.column("SEX").value_title("3") == "SEX=3"
    assert (spec.label_lag, spec.outcome) == (1, "employed")


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ((), "exactly one"),
        ((PREDICTION, PREDICTION), "twice"),
        ((PREDICTION, replace(PREDICTION, name=PREDICTION.name.upper(), role=Role.FEATURE)), "twice"),
        ((PREDICTION, Column("", ColumnKind.CATEGORY, Role.FEATURE)), "no name"),
        ((PREDICTION, Column("age", ColumnKind.NUMERIC, Role.GROUP)), "age"),
        ((replace(PREDICTION, kind=ColumnKind.NUMERIC),), "must be category"),
    ],
)
def test_model_spec__not_measurable__names_the_fault(columns: tuple[Column, ...], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        ModelSpec(columns)


def _group(name: str) -> Column:
    return Column(name, ColumnKind.CATEGORY, Role.GROUP)


@pytest.mark.parametrize(
    ("groups", "intersections"),
    [
        ("A B A&B", [("A", "B")]),
        ("A B", [("A", "B"), ("A", "B")]),
        ("A B&C A&B C", [("A", "B&C"), ("A&B", "C")]),
    ],
)
def test_model_spec__intersections_of_one_name__are_refused(
    groups: str, intersections: list[tuple[str, ...]]
) -> None:
    columns = (PREDICTION, *map(_group, groups.split()))
    with pytest.raises(ConfigurationError, match="hide the other"):
        ModelSpec(columns, intersections=tuple(intersections))


def test_model_spec__a_column_crossed_with_itself__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="A&B&A"):
        ModelSpec((PREDICTION, _group("A"), _group("B")), intersections=(("A", "B", "A"),))


def test_model_spec__a_class_without_a_name__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="none empty"):
        ModelSpec((PREDICTION,), Task.MULTICLASS, classes=("cat", ""))


def test_from_json__a_task_that_nobody_measures__is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ranking"):
        ModelSpec.from_json({"task": "ranking", "columns": [{"name": "p", "kind": "category"}]})


def test_load__unknown_key__is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text("min_groop = 3\n[[columns]]\nname='p'\nkind='category'\nrole='prediction'\n")
    with pytest.raises(ConfigurationError, match="min_groop"):
        ModelSpec.load(path)


def test_load__no_such_file__says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        ModelSpec.load(tmp_path / "none.toml")
