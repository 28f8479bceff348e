"""Random decisions of a model, with what turned out to be true of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tribune.decisions.leaf import Decision

ROWS = 200


@dataclass(frozen=True)
class Sample:
    """Decisions and what turned out to be true of them."""

    decisions: list[Decision]
    labels: list[tuple[str, int, object]]

    @property
    def accuracy(self) -> float:
        said = {decision.id: decision.prediction for decision in self.decisions}
        return sum(said[id_] == label for id_, _, label in self.labels) / len(self.labels)


Model = Callable[[dict[str, object]], float]
"""Gives the score of some features; above a half it says "1"."""


def sample(
    seed: int, time: int, *, n: int = ROWS, age: float = 40.0, jobs: bool = True, model: Model | None = None
) -> Sample:
    """Make random decisions at a time (microseconds) with labels that are right about three times in four."""
    dice = random.Random(seed)  # noqa: S311 - samples, not secrets
    decisions: list[Decision] = []
    labels: list[tuple[str, int, object]] = []
    for i in range(n):
        score = dice.random()
        features: dict[str, object] = {"age": dice.gauss(age, 10.0), "sex": dice.choice("12")}
        if jobs:
            features["job"] = dice.choice("abc")
        score = score if model is None else model(features)
        name = f"{seed}-{i}"
        said = "1" if score > 0.5 else "0"
        decisions.append(Decision(name, time + i, features, said, score))
        labels.append((name, time + i, said if dice.random() < 0.75 else "10"[int(said)]))
    return Sample(decisions, labels)
