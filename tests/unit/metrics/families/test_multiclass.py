"""Models with several classes, counted by the engine, against scikit-learn on raw rows."""

from __future__ import annotations

from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from tribune.metrics import Column, ColumnKind, ModelSpec, Profile, Role, Tally, Task, standard_metrics
from unit.metrics import measured
from unit.metrics.measured import Z, value

CLASSES = ("bird", "cat", "dog")
SPEC = ModelSpec(
    (
        Column("said", ColumnKind.CATEGORY, Role.PREDICTION),
        *(Column(f"p {name}", ColumnKind.NUMERIC, Role.SCORE, of_class=name) for name in CLASSES),
        Column("truth", ColumnKind.CATEGORY, Role.LABEL),
    ),
    Task.MULTICLASS,
    classes=CLASSES,
    min_group=30,
)
LEVEL = 2 * norm.cdf(Z / 1e6) - 1


def table(n: int, seed: int, weights: tuple[float, ...] = (1, 2, 3)) -> dict[str, object]:
    """Raw rows: probabilities of classes, the most probable one said, the truth drawn from them."""
    dice = np.random.default_rng(seed)
    chances = dice.dirichlet(weights, n)
    truth = (dice.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    named = np.array(CLASSES, dtype=object)
    scores = {f"p {name}": chances[:, place] for place, name in enumerate(CLASSES)}
    return {"said": named[chances.argmax(axis=1)], **scores, "truth": named[truth]}


REFERENCE, FRAME = table(9000, 1), table(6000, 2, (2, 1, 2))


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    return measured.profile_of(tmp_path_factory.mktemp("profile"), SPEC, REFERENCE)


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Tally:
    return measured.tally_of(tmp_path_factory.mktemp("tally"), profile, FRAME)


def oracle(name: str, raw: dict[str, object]) -> float:
    """The measure by scikit-learn; of one class with a name like "recall/cat"."""
    measure, _, one = name.partition("/")
    truth, said = np.asarray(raw["truth"], str), np.asarray(raw["said"], str)
    if measure in ("accuracy", "mcc"):
        return float({"accuracy": accuracy_score, "mcc": matthews_corrcoef}[measure](truth, said))
    kind = {"precision": precision_score, "recall": recall_score, "f1": f1_score}[measure.partition("_")[2]]
    if one:
        return float(kind(truth == one, said == one))
    return float(kind(truth, said, average="macro"))


SHARES = [f"class_{kind}/{name}" for kind in ("precision", "recall", "f1") for name in CLASSES]
MACROS = [f"macro_{kind}" for kind in ("precision", "recall", "f1")]


@pytest.mark.parametrize("name", ["accuracy", "mcc", *SHARES, *MACROS])
def test_measure__raw_rows__is_scikit_learns(name: str, profile: Profile, tally: Tally) -> None:
    assert value(f"performance.{name}", profile, tally).micro == round(oracle(name, FRAME) * 1e6)


@pytest.mark.parametrize("name", ["accuracy", *SHARES, *MACROS])
def test_drop__raw_rows__is_scikit_learns_difference(name: str, profile: Profile, tally: Tally) -> None:
    measure, slash, one = name.partition("/")
    found = value(f"performance.{measure}_drop{slash}{one}", profile, tally)
    assert found.micro == round((oracle(name, REFERENCE) - oracle(name, FRAME)) * 1e6)


def _areas(raw: dict[str, object]) -> dict[str, float]:
    truth = np.asarray(raw["truth"], str)
    return {name: roc_auc_score(truth == name, np.asarray(raw[f"p {name}"], float)) for name in CLASSES}


def test_class_auc__raw_scores__is_scikit_learns_one_against_the_rest(profile: Profile, tally: Tally) -> None:
    for name, expected in _areas(FRAME).items():
        found = value(f"performance.class_auc/{name}", profile, tally).micro or 0
        assert found / 1e6 == pytest.approx(expected, abs=1e-5)


def test_macro_auc__raw_scores__is_scikit_learns(profile: Profile, tally: Tally) -> None:
    truth = np.asarray(FRAME["truth"], str)
    chances = np.stack([np.asarray(FRAME[f"p {name}"], float) for name in CLASSES], axis=1)
    expected = roc_auc_score(truth, chances, multi_class="ovr", average="macro", labels=CLASSES)
    found = value("performance.macro_auc", profile, tally).micro or 0
    assert found / 1e6 == pytest.approx(expected, abs=1e-5)


def _recall(raw: dict[str, object], name: str) -> tuple[float, float, float]:
    there = np.asarray(raw["truth"], str) == name
    hits = int((np.asarray(raw["said"], str)[there] == name).sum())
    interval = binomtest(hits, int(there.sum())).proportion_ci(LEVEL, method="wilson")
    return hits / int(there.sum()), interval.low, interval.high


def test_class_recall_drop__bounds__square_and_add_wilsons(profile: Profile, tally: Tally) -> None:
    for name in CLASSES:
        then, now = _recall(REFERENCE, name), _recall(FRAME, name)
        found = value(f"performance.class_recall_drop/{name}", profile, tally, Z)
        assert found.lower == round((then[0] - now[0] - hypot(then[0] - then[1], now[2] - now[0])) * 1e6)


def test_class_recall_drop__lower_max__is_the_worst_class(profile: Profile, tally: Tally) -> None:
    bounds = {name: value(f"performance.class_recall_drop/{name}", profile, tally, Z) for name in CLASSES}
    worst = max(bounds, key=lambda name: bounds[name].lower or 0)
    found = value("performance.class_recall_drop.lower.max", profile, tally, Z)
    assert (found.at, found.micro) == (worst, bounds[worst].lower)


def test_macro_recall__bounds__square_and_add_those_of_classes(profile: Profile, tally: Tally) -> None:
    recalls = [_recall(FRAME, name) for name in CLASSES]
    mean = sum(recall for recall, _, _ in recalls) / 3
    down = sqrt(sum((recall - low) ** 2 for recall, low, _ in recalls)) / 3
    assert value("performance.macro_recall", profile, tally, Z).lower == round((mean - down) * 1e6)


def test_macro_f1__bounds__are_the_means_of_those_of_classes(profile: Profile, tally: Tally) -> None:
    of_classes = [value(f"performance.class_f1/{name}", profile, tally, Z) for name in CLASSES]
    found = value("performance.macro_f1", profile, tally, Z)
    assert found.lower == pytest.approx(sum(one.lower or 0 for one in of_classes) / 3, abs=1)
    assert found.n == 6000


@pytest.mark.parametrize("kind", ["precision", "recall", "f1", "auc"])
def test_drop__of_the_reference_itself__is_0(kind: str, profile: Profile) -> None:
    for name in (f"class_{kind}_drop.max", f"macro_{kind}_drop"):
        assert value(f"performance.{name}", profile, profile.reference).micro == 0


def test_standard_metrics__several_classes__name_each_class(profile: Profile) -> None:
    names = {name for name in standard_metrics(profile) if name.startswith("performance.")}
    assert {f"performance.class_auc_drop/{name}" for name in CLASSES} < names
    assert "performance.precision" not in names


def _without(raw: dict[str, object], name: str, rows_left: int) -> dict[str, object]:
    truth = np.asarray(raw["truth"], str)
    kept = np.cumsum(truth == name) <= rows_left
    kept |= truth != name
    return {column: np.asarray(cells, dtype=object)[kept] for column, cells in raw.items()}


def test_class_recall__few_rows_of_a_class__says_so(tmp_path: Path, profile: Profile) -> None:
    few = measured.tally_of(tmp_path, profile, _without(FRAME, "cat", 29))
    found = value("performance.class_recall/cat", profile, few)
    assert (found.micro, found.reason) == (None, "only 29 rows with the label cat, 30 are needed")
    assert value("performance.class_recall/dog", profile, few).micro is not None
    assert value("performance.macro_recall", profile, few).reason == ""


def test_macro_recall_drop__a_class_without_rows__is_over_the_others(
    tmp_path: Path, profile: Profile
) -> None:
    none = measured.tally_of(tmp_path, profile, _without(FRAME, "cat", 0))
    found = value("performance.macro_recall_drop", profile, none)
    others = [
        value(f"performance.class_recall_drop/{name}", profile, none).micro or 0 for name in ("bird", "dog")
    ]
    assert found.micro == pytest.approx(sum(others) / 2, abs=1)
    assert found.reason == "not in the mean: cat (only 0 rows with the label cat, 1 is needed)"


def test_measure__labels_and_predictions_of_no_class__are_named(tmp_path: Path, profile: Profile) -> None:
    odd = {column: np.array(cells, dtype=object) for column, cells in FRAME.items()}
    odd["truth"][:3] = "fish"
    odd["said"][3:5] = None
    odd["truth"][5:9] = None
    found = value("performance.accuracy", profile, measured.tally_of(tmp_path, profile, odd))
    assert found.n == 5991
    assert found.reason == "3 labels are none of the classes; 2 predictions are none of the classes"


def test_measure__no_labels__says_so(tmp_path: Path, profile: Profile) -> None:
    bare = {**FRAME, "truth": [None] * 6000}
    tally = measured.tally_of(tmp_path, profile, bare)
    for name in (
        "accuracy",
        "macro_f1",
        "macro_auc",
        "class_auc/cat",
        "class_f1_drop/dog",
        "macro_recall_drop",
    ):
        assert value(f"performance.{name}", profile, tally).reason == "no labels yet"


def test_class_auc__a_model_without_scores__says_so(tmp_path: Path) -> None:
    spec = ModelSpec((SPEC.columns[0], SPEC.columns[-1]), Task.MULTICLASS, classes=CLASSES)
    plain = {"said": REFERENCE["said"], "truth": REFERENCE["truth"]}
    profile = measured.profile_of(tmp_path, spec, plain)
    found = value("performance.macro_auc", profile, profile.reference)
    assert found.reason == "the model logs no scores of its classes"
