from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from examples.acs_employment.model import Card, Model, load_model
from examples.acs_employment.rows import LABEL, load_spec, read_half, stream, to_rows
from examples.acs_employment.train import train
from tribune.exceptions import ArtifactMismatchError, ConfigurationError, DataError
from tribune.ids import Digest
from tribune.metrics.spec import Role
from unit.examples.acs_employment.conftest import World


@pytest.fixture(scope="module")
def row() -> dict[str, object]:
    return dict(next(stream(load_spec())).features)


def test_train__both_versions__right_on_more_than_81_percent_held_out(v1: Model, v2: Model) -> None:
    assert v1.card.accuracy > 0.81
    assert v2.card.accuracy > 0.81


def test_train__card__accuracy_is_that_of_the_served_model_on_rows_it_never_saw(v1: Model) -> None:
    table = read_half(held_out=True)
    answers = v1.answer([row.features for row in to_rows(table, load_spec())])
    truth = table.column(LABEL).to_pylist()
    right = sum(answer.prediction == label for answer, label in zip(answers, truth, strict=True))
    assert right / len(truth) == v1.card.accuracy


def test_train__inputs__hold_no_group(v1: Model) -> None:
    groups = {column.name for column in load_spec().with_role(Role.GROUP)}
    assert not groups & set(v1.card.inputs)


def test_train__unknown_recipe__says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="v1, v2"):
        train("v9", tmp_path)


def test_answer__rows__prediction_is_the_classifiers_own(v1: Model) -> None:
    rows = [row.features for row in islice(stream(load_spec()), 200)]
    for answer in v1.answer(rows):
        assert answer.prediction == ("1" if answer.score > 0.5 else "0")


def test_answer__no_rows__answers_nothing(v1: Model) -> None:
    assert v1.answer([]) == []


@pytest.mark.parametrize("age", [None, math.nan, math.inf, -math.inf, 1e300])
def test_answer__missing_or_strange_age__is_answered(
    v1: Model, row: dict[str, object], age: float | None
) -> None:
    (answer,) = v1.answer([v1.features({**row, "AGEP": age})])
    assert 0 <= answer.score <= 1


@pytest.mark.parametrize("code", [None, "never seen", ""])
def test_answer__missing_or_unseen_category__is_answered(
    v1: Model, row: dict[str, object], code: str | None
) -> None:
    (answer,) = v1.answer([v1.features({**row, "SCHL": code, "RAC1P": code})])
    assert 0 <= answer.score <= 1


def test_features__missing_column__names_it(v1: Model, row: dict[str, object]) -> None:
    del row["SCHL"]
    try:
        with pytest.raises(DataError, match="no column SCHL"):
            v1.features(row)
    finally:
        row["SCHL"] = "21"


@pytest.mark.parametrize(
    ("name", "value"), [("AGEP", "41"), ("AGEP", True), ("AGEP", [1]), ("SEX", 2), ("SEX", ["2"])]
)
def test_features__value_of_another_type__names_the_column(
    v1: Model, row: dict[str, object], name: str, value: object
) -> None:
    with pytest.raises(DataError, match=name):
        v1.features({**row, name: value})


def test_features__age_in_months__v1_takes_it_and_v2_refuses_it(
    v1: Model, v2: Model, row: dict[str, object]
) -> None:
    in_months = {**row, "AGEP": 41 * 12}
    assert v1.features(in_months)["AGEP"] == 41 * 12
    with pytest.raises(DataError, match="nobody's age"):
        v2.features(in_months)


@pytest.mark.parametrize("age", [None, math.nan, 0, 120])
def test_features__possible_or_missing_age__v2_takes_it(
    v2: Model, row: dict[str, object], age: float | None
) -> None:
    v2.features({**row, "AGEP": age})


def _copy(card: Path, folder: Path) -> Path:
    known = Card.load(card)
    (folder / known.artifact).write_bytes(card.with_name(known.artifact).read_bytes())
    target = folder / card.name
    target.write_bytes(card.read_bytes())
    return target


def test_load_model__changed_artifact__is_not_opened(v1: Model, world: World, tmp_path: Path) -> None:
    card = _copy(world.v1, tmp_path)
    with (tmp_path / v1.card.artifact).open("ab") as file:
        file.write(b"!")
    with pytest.raises(ArtifactMismatchError):
        load_model(card)


def test_load_model__another_digest_registered__is_not_opened(world: World) -> None:
    with pytest.raises(ArtifactMismatchError):
        load_model(world.v1, Digest(bytes(32)))


def test_load_model__trained_with_another_library__says_which(world: World, tmp_path: Path) -> None:
    card = _copy(world.v1, tmp_path)
    replace(Card.load(card), library="scikit-learn 0.1").write(card)
    with pytest.raises(ConfigurationError, match=r"scikit-learn 0\.1"):
        load_model(card)


def test_load_model__no_artifact__says_so(world: World, tmp_path: Path) -> None:
    card = _copy(world.v1, tmp_path)
    (tmp_path / Card.load(card).artifact).unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_model(card)


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"name": "x"})])
def test_load__no_card__is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="not a model card"):
        Card.load(path)
