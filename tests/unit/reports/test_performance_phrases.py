"""Words about how right a model was, against counts of the raw rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, mean_absolute_error

from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Profile, Role, Rule, Severity, Tally, Task
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from tribune.reports.words import CaseWords, Subject, case_words
from unit.metrics import measured, samples
from unit.metrics.samples import Row

MULTICLASS = ModelSpec(
    (
        Column("said", ColumnKind.CATEGORY, Role.PREDICTION, values=(("cat", "a cat"),)),
        Column("truth", ColumnKind.CATEGORY, Role.LABEL),
    ),
    Task.MULTICLASS,
    classes=("bird", "cat", "dog"),
    min_group=30,
)
REGRESSION = ModelSpec(
    (
        Column("said", ColumnKind.NUMERIC, Role.PREDICTION),
        Column("truth", ColumnKind.NUMERIC, Role.LABEL),
    ),
    Task.REGRESSION,
)


def words_of(profile: Profile, tally: Tally, metric: str, limit: int, op: str = "<") -> CaseWords:
    rule = Rule(metric, op, limit, Severity.VOTE, z=0 if ".lower" not in metric else 3_000_000)
    context = EvidenceContext(
        31337, ModelId(1), VersionNumber(1), FrameIndex(2), 0, 1, bytes(32), bytes(32), ()
    )
    made = build_evidence(context, profile, Policy((rule,)), FrameTallies(tally, tally)).document
    found = made["values"][metric]["micro"]
    words = case_words(Subject("m", 1, value=found, limit=limit), rule, made, profile)
    assert words.looked, metric
    return words


def binary(right_yes: int, wrong_yes: int, right_no: int, wrong_no: int) -> list[Row]:
    """Rows by answer and whether it was right; scores say what the answer says."""
    parts = ((right_yes, "1", "1"), (wrong_yes, "1", "0"), (right_no, "0", "0"), (wrong_no, "0", "1"))
    return [
        Row(30, "a", "1", said, 0.75 if said == "1" else 0.25, truth)
        for n, said, truth in parts
        for _ in range(n)
    ]


BEFORE, NOW = binary(400, 100, 400, 100), binary(300, 200, 112, 388)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return samples.profile_of(BEFORE)


@pytest.mark.parametrize(
    ("metric", "finding"),
    [
        (
            "accuracy",
            "It was right in 41 of 100 decisions whose outcome is known (412 of 1,000); "
            "when it was tested, in 80 of 100.",
        ),
        (
            "precision",
            'When it said "employed" it was right in 60 of 100 decisions (300 of 500); '
            "when it was tested, in 80 of 100.",
        ),
        (
            "recall",
            'It found 44 of 100 of those whose outcome was "employed" (300 of 688); '
            "when it was tested, 80 of 100.",
        ),
        (
            "specificity",
            'Of those whose outcome was not "employed", it said so of 36 of 100 (112 of 312); '
            "when it was tested, of 80 of 100.",
        ),
    ],
)
@pytest.mark.parametrize("form", ["", "_drop"])
def test_describe_answers__share__is_told_with_its_counts(
    metric: str, form: str, finding: str, profile: Profile
) -> None:
    op = ">" if form else "<"
    words = words_of(
        profile, samples.count(NOW), f"performance.{metric}{form}", 50_000 if form else 900_000, op
    )
    assert words.finding == finding


def test_describe_answers__fall__says_that_it_is_one(profile: Profile) -> None:
    words = words_of(profile, samples.count(NOW), "performance.recall_drop", 50_000, ">")
    assert words.fault == 'overlooks "employed" more often than when it was tested'
    assert words.limit_words == "The limit you voted is a fall of 5; this fall is 36."


def test_describe_answers__f1__is_told_as_a_number_beside_the_right_answers(profile: Profile) -> None:
    words = words_of(profile, samples.count(NOW), "performance.f1", 700_000)
    truth, said = ([int(getattr(row, name)) for row in NOW] for name in ("label", "prediction"))
    assert words.finding.startswith(
        f"The F1 score was {f1_score(truth, said):.3f}; when it was tested, 0.8. It was right in 41 of 100"
    )
    assert words.limit_words == "The limit you voted is an F1 score of 0.7; this F1 score is 0.51."


@pytest.mark.parametrize("metric", ["auc", "auc_drop", "brier", "brier_increase", "mcc", "balanced_accuracy"])
def test_describe_answers__no_share__is_looked_at_and_has_the_right_answers(
    metric: str, profile: Profile
) -> None:
    op = ">" if metric.endswith(("_drop", "_increase")) or metric == "brier" else "<"
    words = words_of(
        profile, samples.count(NOW), f"performance.{metric}", 10_000 if op == ">" else 990_000, op
    )
    assert "(412 of 1,000)" in words.finding


def many(right: dict[str, int], wrong: dict[str, int]) -> dict[str, object]:
    """Rows of each class that were told right, and those told to be the next class."""
    following = {"bird": "cat", "cat": "dog", "dog": "bird"}
    said = [name for name, n in right.items() for _ in range(n)]
    truth = list(said)
    for name, n in wrong.items():
        said += [following[name]] * n
        truth += [name] * n
    return {"said": said, "truth": truth}


THEN = many({"bird": 300, "cat": 320, "dog": 300}, {"cat": 80})
LATER = many({"bird": 300, "cat": 120, "dog": 300}, {"cat": 280})


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Profile, Tally]:
    made = measured.profile_of(tmp_path_factory.mktemp("profile"), MULTICLASS, THEN)
    return made, measured.tally_of(tmp_path_factory.mktemp("tally"), made, LATER)


@pytest.mark.parametrize("target", ["/cat", ".max"])
def test_describe_answers__one_class__is_named_with_its_counts(
    target: str, classes: tuple[Profile, Tally]
) -> None:
    dot, slash = (target, "") if target == ".max" else ("", target)
    words = words_of(*classes, f"performance.class_recall_drop{dot}{slash}", 100_000, ">")
    assert words.finding == (
        'It found 30 of 100 of those whose outcome was "a cat" (120 of 400); when it was tested, 80 of 100.'
    )
    assert words.fault == 'overlooks "a cat" more often than when it was tested'


def test_describe_answers__mean_of_classes__is_told_beside_the_right_answers(
    classes: tuple[Profile, Tally],
) -> None:
    words = words_of(*classes, "performance.macro_recall", 900_000)
    assert words.finding == (
        "The mean recall of classes was 76.7 %; when it was tested, 93.3 %. It was right in 72 of 100 "
        "decisions whose outcome is known (720 of 1,000); when it was tested, in 92 of 100."
    )


def test_describe_answers__numbers__are_told_without_right_answers(tmp_path: Path) -> None:
    dice = np.random.default_rng(1)
    truth = dice.integers(0, 100, 1000).astype(float)
    before, now = ({"said": truth + off, "truth": truth} for off in (1, 3))
    (tmp_path / "p").mkdir()
    (tmp_path / "t").mkdir()
    made = measured.profile_of(tmp_path / "p", REGRESSION, before)
    words = words_of(
        made, measured.tally_of(tmp_path / "t", made, now), "performance.mae_increase", 500_000, ">"
    )
    then, later = (mean_absolute_error(frame["truth"], frame["said"]) for frame in (before, now))
    assert words.finding == (
        f"The mean error without its sign (MAE) was {later:g}; when it was tested, {then:g}."
    )
    assert words.fault == "is further from the truth than when it was tested"
