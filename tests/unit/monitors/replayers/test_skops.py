"""The replayer for scikit-learn models in skops' format, run as monitors run it."""

from __future__ import annotations

import math
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tribune.decisions.leaf import Decision
from tribune.ids import ModelId
from tribune.reports.dataset import artifact_digest
from tribune.settings.sections import ReplaySettings
from tribune_monitors.audit.replaying import Answer, Replayers, confirms
from tribune_monitors.replayers.skops import answers, open_model

sio = pytest.importorskip("skops.io")
MODEL = ModelId(1)


def table(n: int = 60) -> pd.DataFrame:
    dice = np.random.default_rng(1)
    return pd.DataFrame({"age": dice.uniform(0, 80, n), "job": dice.choice(list("abc"), n)})


def fitted(last: Any) -> Any:
    rows = table()
    inputs = ColumnTransformer(
        [
            ("number", "passthrough", ["age"]),
            ("job", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["job"]),
        ]
    )
    said = rows.age.to_numpy() if isinstance(last, LinearRegression) else np.where(rows.age > 40, "1", "0")
    return make_pipeline(inputs, last).fit(rows, said)


def replayed(folder: Path, model: Any, rows: pd.DataFrame) -> dict[int, Answer]:
    """Return what the command says of rows, through the same process as in a monitor."""
    path = folder / "model.skops"
    sio.dump(model, path)
    command = [sys.executable, "-m", "tribune_monitors.replayers.skops"]
    again = Replayers(ReplaySettings(commands={MODEL: command}, artifacts=folder))
    decisions = {
        place: Decision(
            str(place),
            place,
            {str(name): row[name] for name in row},
            "" if hasattr(model, "classes_") else 0.0,
        )
        for place, row in enumerate(rows.to_dict("records"))
    }
    return again.replay(MODEL, artifact_digest(path), decisions)


def test_skops__classifier__answers_and_scores_as_it_does_here(tmp_path: Path) -> None:
    model, rows = fitted(LogisticRegression()), table(30)
    rows.loc[4, "job"] = "never seen"
    found = replayed(tmp_path, model, rows)
    said, scores = model.predict(rows), model.predict_proba(rows)[:, 1]
    for place, answer in found.items():
        logged = Decision("a", 1, {}, str(said[place]), float(scores[place]))
        assert confirms(answer, logged)
    assert len(found) == 30


def lines(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"id": place, "features": row} for place, row in enumerate(rows.to_dict("records"))]


def test_answers__another_positive_class__is_its_probability() -> None:
    model, rows = fitted(LogisticRegression()), table(5)
    found = list(answers(model, lines(rows), "0"))
    assert found[2]["score"] == pytest.approx(model.predict_proba(rows)[2, 0])


def test_answers__class_that_the_model_does_not_have__says_which_there_are() -> None:
    with pytest.raises(SystemExit, match="0, 1"):
        list(answers(fitted(LogisticRegression()), lines(table(5)), "yes"))


def test_answers__regression__gives_numbers_without_a_score() -> None:
    model, rows = fitted(LinearRegression()), table(5)
    found = list(answers(model, lines(rows), None))
    assert found[4]["prediction"] == pytest.approx(model.predict(rows)[4])
    assert found[4]["score"] is None


def test_answers__missing_and_infinite_numbers__are_numbers_to_the_model() -> None:
    model = fitted(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2))
    rows = table(4)
    asked = lines(rows)
    asked[0]["features"]["age"], asked[1]["features"]["age"] = None, "NaN"
    rows.loc[[0, 1], "age"] = math.nan
    said = [answer["score"] for answer in answers(model, asked, None)]
    assert said == pytest.approx(model.predict_proba(rows)[:, 1].tolist())


def test_answers__column_that_the_log_does_not_have__says_so() -> None:
    with pytest.raises(SystemExit, match="no column job"):
        list(answers(fitted(LogisticRegression()), lines(table(5)[["age"]]), None))


def test_open_model__type_that_may_do_harm__is_not_opened_unless_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    sio.dump(fitted(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2)), path)
    tree = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
    with pytest.raises(SystemExit, match="TreePredictor"):
        open_model(str(path), [])
    assert hasattr(open_model(str(path), [tree]), "predict")


def test_open_model__pickle__is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(pickle.dumps(fitted(LogisticRegression())))
    with pytest.raises(zipfile.BadZipFile):
        open_model(str(tmp_path / "model.skops"), [])
