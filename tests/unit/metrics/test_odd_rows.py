"""Odd rows of every kind of model: each metric has a value or a reason, and a report is never lost."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tribune.metrics import (
    METRICS,
    Column,
    ColumnKind,
    MetricName,
    ModelSpec,
    Profile,
    Role,
    Tally,
    Task,
    evaluate,
    standard_metrics,
)
from tribune.metrics.scores import Scores

from .counted import profile_of_rows, tally_of_rows

CLASSES = ("a", "b", "c")
INF, NAN = float("inf"), float("nan")


def spec_of(task: Task) -> ModelSpec:
    kind = ColumnKind.NUMERIC if task is Task.REGRESSION else ColumnKind.CATEGORY
    answers = (Column("prediction", kind, Role.PREDICTION), Column("label", kind, Role.LABEL))
    return ModelSpec(
        (
            Column("x", ColumnKind.NUMERIC, Role.FEATURE),
            Column("refused", ColumnKind.CATEGORY, Role.FEATURE, positive="true"),
            Column("SEX", ColumnKind.CATEGORY, Role.GROUP),
            Column("RACE", ColumnKind.CATEGORY, Role.GROUP),
            *(answers if task is not Task.GENERIC else ()),
            *((Column("score", ColumnKind.NUMERIC, Role.SCORE),) if task is Task.BINARY else ()),
        ),
        task,
        min_rows=1,
        min_group=1,
        classes=CLASSES if task is Task.MULTICLASS else (),
        intersections=(("SEX", "RACE"),),
    )


def rows(task: Task, n: int) -> pd.DataFrame:
    dice = np.random.default_rng(n)
    if task is Task.REGRESSION:
        said, label = dice.normal(size=(2, n))
    else:
        said, label = dice.choice(CLASSES if task is Task.MULTICLASS else ("0", "1"), (2, n))
    return pd.DataFrame(
        {
            "x": dice.normal(size=n),
            "refused": dice.choice(["true", "false"], n),
            "SEX": dice.choice(["1", "2"], n),
            "RACE": dice.choice(["1", "2", "3"], n),
            "prediction": said,
            "label": label,
            "score": dice.random(n),
        }
    )


ODD = {
    "one row": lambda now: now.head(1),
    "all null": lambda now: now.assign(**{name: pd.Series([None] * len(now), dtype=object) for name in now}),
    "no numbers": lambda now: now.assign(x=NAN, score=INF),
    "infinite both ways": lambda now: now.assign(x=np.where(now.index % 2, INF, -INF)),
    "constant": lambda now: now.assign(**{name: [now[name].iloc[0]] * len(now) for name in now}),
    "as far out as numbers go": lambda now: now.assign(x=np.where(now.index % 2, 1.7e308, -1.7e308)),
    "all new values": lambda now: now.assign(SEX="x", RACE="y", refused="z"),
    "one group": lambda now: now[now["SEX"] == "1"],
    "labels and answers of another kind": lambda now: (
        now.assign(prediction="?", label="?") if now["label"].dtype == object else now.assign(label=INF)
    ),
    "no labels": lambda now: now.assign(label=None),
}


@pytest.fixture(scope="module", params=list(Task), ids=str)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Profile, Task]:
    task = Task(request.param)
    reference = rows(task, 200)
    return profile_of_rows(tmp_path_factory.mktemp(str(task)), spec_of(task), reference), task


def everything(profile: Profile, tally: Tally) -> None:
    """Measure all there is, over two frames that are alike."""
    names = standard_metrics(profile)
    z_micro = {name: 3_000_000 for name in names if METRICS[MetricName.parse(name).base].bounded}
    values = evaluate(names, profile, tally, tally, z_micro, [(tally, tally)])
    for name, value in values.items():
        assert value.micro is not None or value.reason, name
        if value.micro is not None and value.lower is not None:
            assert value.lower <= value.micro, name
        if value.micro is not None and value.upper is not None:
            assert value.micro <= value.upper, name


@pytest.mark.parametrize("odd", ODD)
def test_evaluate__odd_rows__every_metric_has_a_value_or_a_reason(
    case: tuple[Profile, Task], tmp_path: Path, odd: str
) -> None:
    profile, task = case
    everything(profile, tally_of_rows(tmp_path, profile, ODD[odd](rows(task, 100))))


@pytest.mark.parametrize("odd", ["one row", "constant"])
def test_evaluate__an_odd_reference__every_metric_has_a_value_or_a_reason(tmp_path: Path, odd: str) -> None:
    for task in Task:
        profile = profile_of_rows(tmp_path, spec_of(task), ODD[odd](rows(task, 100)))
        everything(profile, tally_of_rows(tmp_path, profile, rows(task, 100)))


def shuffled(tally: Tally, dice: random.Random) -> Tally:
    """The same tally as an engine that gives its keys in another order makes it."""

    def mixed(cells: Mapping[int, int]) -> dict[int, int]:
        pairs = list(cells.items())
        dice.shuffle(pairs)
        return dict(pairs)

    scores = {
        name: Scores(table.finer, mixed(table.others), mixed(table.own))
        for name, table in tally.scores.items()
    }
    return replace(tally, outcomes=mixed(tally.outcomes), scores=scores)


def test_evaluate__cells_in_any_order__the_same_values_and_words(
    case: tuple[Profile, Task], tmp_path: Path
) -> None:
    profile, task = case
    now = tally_of_rows(tmp_path, profile, rows(task, 400))
    names = standard_metrics(profile)
    z_micro = {name: 3_000_000 for name in names if METRICS[MetricName.parse(name).base].bounded}
    dice = random.Random(1)  # noqa: S311 - an order, not a secret
    said = evaluate(names, profile, now, now, z_micro, [(now, now)])
    for _ in range(5):
        other = shuffled(now, dice)
        by = replace(profile, reference=shuffled(profile.reference, dice))
        assert evaluate(names, by, other, other, z_micro, [(other, other)]) == said
