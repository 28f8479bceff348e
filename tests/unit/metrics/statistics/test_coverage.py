"""How often bounds are wrong on samples without any drift: no more often than they state.

Frames and references are drawn from the same cells; at z = 1.96 a lower bound of a fall may lie above 0 in
2.5 % of draws. Seeded; the limit is three standard errors of the simulation above that.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest

from tribune.metrics import (
    METRICS,
    Binning,
    Categories,
    Column,
    ColumnKind,
    Grid,
    ModelSpec,
    Profile,
    Role,
    Scheme,
    Tally,
    Task,
)
from tribune.metrics.scores import Scores
from unit.metrics.measured import Z

DRAWS = 400
STATED = 0.025
LIMIT = STATED + 3 * sqrt(STATED * (1 - STATED) / DRAWS)
CATEGORY, NUMERIC = ColumnKind.CATEGORY, ColumnKind.NUMERIC
SAID, LABEL = Column("said", CATEGORY, Role.PREDICTION), Column("y", CATEGORY, Role.LABEL)
Draw = Callable[[np.random.Generator, int], Tally]


def false_alarms(profile_of: Callable[[Tally], Profile], draw: Draw, names: list[str]) -> dict[str, float]:
    """The share of draws in which a lower bound lies above 0, per metric."""
    dice = np.random.default_rng(7)
    alarms = dict.fromkeys(names, 0)
    for _ in range(DRAWS):
        profile, frame = profile_of(draw(dice, 2000)), draw(dice, 1000)
        for name in names:
            metric = METRICS[name]
            target = metric.targets(profile)[0] if metric.targets else ""
            lower = metric.measure(profile, frame, target, Z).lower
            assert lower is not None
            alarms[name] += lower > 0
    return {name: count / DRAWS for name, count in alarms.items()}


BINARY = ModelSpec((SAID, Column("p", NUMERIC, Role.SCORE), LABEL), min_group=30)
BINARY_BINNINGS: dict[str, Binning] = {
    "said": Categories(("0", "1")),
    "p": Grid(4, (0, 4, 8, 12, 16), lattice=True),
}


@pytest.mark.parametrize("scores", [(2, 2), (1, 6)], ids=["balanced", "few positives"])
def test_drop__no_drift_in_a_binary_model__alarms_as_rarely_as_stated(scores: tuple[float, float]) -> None:
    scheme = Scheme(BINARY, BINARY_BINNINGS)
    middles = (np.arange(16) + 0.5) / 16
    weights = middles ** (scores[0] - 1) * (1 - middles) ** (scores[1] - 1)
    chances = np.concatenate([weights * (1 - middles), weights * middles])
    keys = [(label, int(cell >= 8 - 4 * (scores[1] > 2)), cell) for label in (0, 1) for cell in range(16)]

    def draw(dice: np.random.Generator, n: int) -> Tally:
        counts = dice.multinomial(n, chances / chances.sum()).tolist()
        outcomes: dict[int, int] = {}
        sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for key, count in zip(keys, counts, strict=True):
            outcomes[scheme.outcomes.flat(key)] = sides[key[0]][key[2]] = count
        return Tally(n, {}, outcomes, {"p": Scores(0, *sides)})

    measures = ("accuracy", "precision", "recall", "specificity", "f1", "balanced_accuracy", "auc")
    names = [f"performance.{name}_drop" for name in measures]
    names += ["performance.brier_increase", "performance.accuracy_gap_by_score"]
    found = false_alarms(lambda tally: Profile(BINARY, BINARY_BINNINGS, tally, {}), draw, names)
    assert {name: share for name, share in found.items() if share > LIMIT} == {}


def test_drop__no_drift_among_classes__alarms_as_rarely_as_stated() -> None:
    classes = ("a", "b", "c")
    spec = ModelSpec((SAID, LABEL), Task.MULTICLASS, classes=classes, min_group=30)
    binnings: dict[str, Binning] = {"said": Categories(classes)}
    scheme = Scheme(spec, binnings)
    chances = np.array([[30, 5, 5], [4, 20, 6], [1, 3, 16]]) / 90
    keys = [(label, said, 0) for label in range(3) for said in range(3)]

    def draw(dice: np.random.Generator, n: int) -> Tally:
        counts = dice.multinomial(n, chances.ravel()).tolist()
        places = [scheme.outcomes.flat(key) for key in keys]
        return Tally(n, {}, dict(zip(places, counts, strict=True)))

    kinds = ("precision", "recall", "f1")
    names = [f"performance.{over}_{kind}_drop" for over in ("class", "macro") for kind in kinds]
    found = false_alarms(lambda tally: Profile(spec, binnings, tally, {}), draw, names)
    assert {name: share for name, share in found.items() if share > LIMIT} == {}


@pytest.mark.parametrize("tails", [3, 30], ids=["errors with heavy tails", "nearly normal errors"])
def test_increase__no_drift_of_a_number__alarms_as_rarely_as_stated(tails: int) -> None:
    spec = ModelSpec(
        (Column("said", NUMERIC, Role.PREDICTION), Column("y", NUMERIC, Role.LABEL)), Task.REGRESSION
    )
    grid = Grid(0, (-500, 500), lattice=True)
    binnings: dict[str, Binning] = {"said": grid, "y": grid, spec.error_name: grid}

    def draw(dice: np.random.Generator, n: int) -> Tally:
        errors = [2 * round(error) for error in (20 * dice.standard_t(tails, n)).tolist()]
        absolute, squares = sum(map(abs, errors)), sum(e * e for e in errors)
        sums = (n, 0, 0, sum(errors), absolute, squares, sum(e**4 for e in errors))
        return Tally(n, {}, dict(enumerate(sums)))

    names = ["performance.mae_increase", "performance.rmse_increase"]
    found = false_alarms(lambda tally: Profile(spec, binnings, tally, {}), draw, names)
    assert {name: share for name, share in found.items() if share > LIMIT} == {}
