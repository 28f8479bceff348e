"""Raw rows for oracles, and a count of them that shares nothing with the engines."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tribune.metrics import (
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
    make_profile,
)
from tribune.metrics.scores import Scores


@dataclass(frozen=True)
class Row:
    age: float | None
    job: str | None
    sex: str | None
    prediction: str | None
    score: float | None
    label: str | None = None  # None: no label came


SPEC = ModelSpec(
    columns=(
        Column("id", ColumnKind.CATEGORY, Role.ID),
        Column("time", ColumnKind.NUMERIC, Role.TIME),
        Column("age", ColumnKind.NUMERIC, Role.FEATURE),
        Column("job", ColumnKind.CATEGORY, Role.FEATURE),
        Column("sex", ColumnKind.CATEGORY, Role.GROUP, "sex", (("1", "men"), ("2", "women"))),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
        Column("label", ColumnKind.CATEGORY, Role.LABEL),
    ),
    min_rows=10,
    min_group=20,
    outcome="employed",
)
BINNINGS: dict[str, Binning] = {
    "age": Grid(0, (0, 20, 30, 40, 50, 60, 100)),
    "job": Categories(("a", "b", "c")),
    "sex": Categories(("1", "2", "3")),
    "prediction": Categories(("0", "1")),
    "score": Grid(7, (0, 32, 64, 96, 129)),
}
SCHEME = Scheme(SPEC, BINNINGS)


def rows(n: int, seed: int = 0, *, older: float = 0, unfair: float = 0.1) -> list[Row]:
    """Random rows: whole ages, scores on the score grid, so that cells lose nothing."""
    dice = random.Random(seed)  # noqa: S311 - samples, not secrets
    made = []
    for _ in range(n):
        age = min(99, max(0, int(dice.gauss(40 + older, 15))))
        sex = "1" if dice.random() < 0.5 else "2"
        score = dice.randrange(129) / 128
        said = score + (unfair if sex == "1" else 0) > 0.5
        label = dice.random() < 0.2 + 0.6 * score
        made.append(Row(age, dice.choice("aabc"), sex, "1" if said else "0", score, "1" if label else "0"))
    return made


def count(sample: Sequence[Row], scheme: Scheme = SCHEME) -> Tally:
    """Count rows one by one."""
    columns = {column.name: [0] * scheme.binnings[column.name].length for column in scheme.spec.measured}
    outcomes: dict[int, int] = {}
    scored: list[tuple[int, float]] = []
    layout = scheme.outcomes
    for row in sample:
        for name, cells in columns.items():
            _add(cells, scheme.binnings[name], getattr(row, name))
        sex, score = scheme.binnings["sex"], scheme.binnings["score"]
        assert isinstance(sex, Categories)
        assert isinstance(score, Grid)
        label = {None: 3, "0": 0, "1": 1}.get(row.label, 2)
        said = {"0": 0, "1": 1}.get(row.prediction or "", 2)
        fine = None if row.score is None else row.score * score.scale
        key = fine if fine is None or math.isnan(fine) or math.isinf(fine) else math.floor(fine)
        index = layout.flat((sex.position(row.sex), label, said, layout.scores.cell(key)))
        outcomes[index] = outcomes.get(index, 0) + 1
        if label < 2 and fine is not None and math.isfinite(fine):
            scored.append((label, fine))
    counted = {name: tuple(cells) for name, cells in columns.items()}
    return Tally(len(sample), counted, outcomes, {"score": scores_of(scored, scheme.grid("score"))})


def scores_of(scored: Sequence[tuple[int, float]], grid: Grid) -> Scores:
    """The table of a score from (1 where the label is its own, score in cells of its column)."""
    finer = max(0, min(24, 37 - 2 * len(scored).bit_length()))
    low, high = (grid.edges[0] - 2**16) * 2**finer, (grid.edges[-1] + 2**16) * 2**finer - 1
    cells = [(label, min(max(math.floor(Fraction(x) * 2**finer), low), high)) for label, x in scored]
    others, own = (Counter(cell for label, cell in cells if label == side) for side in (0, 1))
    return Scores(finer, dict(others), dict(own))


def _add(cells: list[int], binning: Binning, value: float | str | None) -> None:
    if isinstance(binning, Categories):
        assert value is None or isinstance(value, str)
        cells[binning.position(value)] += 1
        return
    size = binning.size
    if value is None:
        cells[size + 6] += 1
        return
    assert not isinstance(value, str)
    if math.isnan(value):
        cells[size + 7] += 1
    elif math.isinf(value):
        cells[size + (8 if value > 0 else 9)] += 1
    else:
        cell = math.floor(value * binning.scale)
        if binning.edges[0] <= cell < binning.edges[-1]:
            cells[cell - binning.edges[0]] += 1
        else:
            tail = 0 if cell < binning.edges[0] else 3
            cells[size + tail] += 1
            cells[size + tail + 1] += cell
            cells[size + tail + 2] += cell * cell


def profile_of(sample: Sequence[Row], *, blocks: int = 1, min_group: int = 20) -> Profile:
    """A profile of rows, their time blocks being slices."""
    step = len(sample) // blocks
    parts = [count(sample[i * step : (i + 1) * step if i + 1 < blocks else None]) for i in range(blocks)]
    return make_profile(
        replace(SPEC, min_group=min_group),
        count(sample),
        BINNINGS,
        parts if blocks > 1 else (),
    )
