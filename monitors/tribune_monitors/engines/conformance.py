"""The conformance file: rows on which engines have disagreed, and the tally that every engine must find.

`data/` holds these rows as written by pyarrow, DuckDB and Spark (made by `conformance_files`). The expected
tally is computed here row by row, in plain Python, sharing nothing with any engine. An engine that fails must
not sign: `assert_conformant`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from tribune.exceptions import TribuneError
from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.difference import first_difference
from tribune.metrics.scheme import Scheme
from tribune.metrics.scores import Scores
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally
from tribune_monitors.engines.base import Engine
from tribune_monitors.engines.conformance_rows import COLUMNS, LabelRow, label_rows, rows

WRITERS = ("pyarrow", "duckdb", "spark")
"""Who wrote the files under `data/`."""
LABELS = "conformance-labels.parquet"
"""The file of labels among them."""

_WIDENING = Grid(4, (-20, 3, 30), digits=3, origin=20)
"""Cells of 16ths around 1.25, twice as wide from 8 of them on, and again from 16, 32 …"""


@cache
def scheme() -> Scheme:
    """Return the scheme by which the file is counted."""
    spec = ModelSpec(
        (
            Column("id", ColumnKind.CATEGORY, Role.ID),
            Column("time", ColumnKind.NUMERIC, Role.TIME),
            Column("wide", ColumnKind.NUMERIC, Role.FEATURE),
            Column("narrow", ColumnKind.NUMERIC, Role.FEATURE),
            Column("text", ColumnKind.CATEGORY, Role.FEATURE),
            Column("group", ColumnKind.CATEGORY, Role.GROUP),
            Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
            Column("score", ColumnKind.NUMERIC, Role.SCORE),
            Column("label", ColumnKind.CATEGORY, Role.LABEL),
        )
    )
    return Scheme(
        spec,
        {
            "wide": Grid(3, (0, 8, 40, 80)),
            "narrow": Grid(-1, (-2, 0, 5)),
            "text": Categories(("a", "", "\u00e4", "a\x00b", "0")),
            "group": Categories(("g", "h")),
            "prediction": Categories(("0", "1")),
            "score": Grid(12, (0, 2048, 4097)),
        },
    )


@cache
def expected() -> Tally:
    """Return the tally of the rows, counted one by one."""
    columns = {name: [0] * scheme().binnings[name].length for name in COLUMNS[1:]}
    outcomes: dict[int, int] = {}
    truths: list[tuple[int, float | None]] = []
    labels = _first_labels()
    for name, wide, small, text, group, said, score in rows():
        _count_number(columns["wide"], 8.0, 0, 80, wide)
        _count_number(columns["narrow"], 0.5, -2, 5, small)
        _count_number(columns["score"], 4096.0, 0, 4097, score)
        _count_text(columns["text"], ["a", "", "\u00e4", "a\x00b", "0"], text)
        group_place = _count_text(columns["group"], ["g", "h"], group)
        said_place = _count_text(columns["prediction"], ["0", "1"], None if said is None else str(said))
        label_place = 3
        if name in labels:
            label_place = {"0": 0, "1": 1}.get(labels[name] or "", 2)
        # axes: 4 groups, 4 labels, 3 predictions, 257 cells of 16 fine cells and one for "no score"
        index = ((group_place * 4 + label_place) * 3 + min(said_place, 2)) * 258 + _score_place(score)
        outcomes[index] = outcomes.get(index, 0) + 1
        if label_place < 2:
            truths.append((label_place, score))
    return _tally(columns, outcomes, {"score": _scores(truths, 4096.0, 0, 4097)})


def _first_labels() -> dict[str, str | None]:
    def order(row: LabelRow) -> tuple[bool, int, bool, bytes]:
        _, time, label = row
        return (time is None, time or 0, label is None, (label or "").encode())

    first: dict[str, str | None] = {}
    for name, _, label in sorted(label_rows(), key=order):
        if name is not None:
            first.setdefault(name, label)
    return first


def _count_number(cells: list[int], scale: float, low: int, high: int, number: float | None) -> None:
    size = high - low
    scaled = None if number is None else number * scale
    if scaled is None:
        cells[size + 6] += 1
    elif scaled != scaled:
        cells[size + 7] += 1
    elif scaled in (math.inf, -math.inf):
        cells[size + (8 if scaled > 0 else 9)] += 1
    else:
        cell = math.floor(scaled)
        if cell < low:
            cells[size] += 1
            cells[size + 1] += cell
            cells[size + 2] += cell * cell
        elif cell >= high:
            cells[size + 3] += 1
            cells[size + 4] += cell
            cells[size + 5] += cell * cell
        else:
            cells[cell - low] += 1


def _count_widening(cells: list[int], number: float | None) -> None:
    """Count by `_WIDENING`."""
    low, high = -20, 30
    steps = None if number is None else (number - 1.25) * 16.0
    if steps is None or steps != steps or math.isinf(steps):
        _count_number(cells, 1.0, low, high, steps)
        return
    cell, lower, upper = _widening(Fraction(steps), 3)
    if low <= cell < high:
        cells[cell - low] += 1
        return
    tail = high - low + (0 if cell < low else 3)
    middle = lower + upper + 2 * 20
    cells[tail] += 1
    cells[tail + 1] += middle
    cells[tail + 2] += middle**2


def _widening(steps: Fraction, digits: int) -> tuple[int, int, int]:
    """Return the cell of some steps from the origin, and between which whole steps it lies."""
    whole = math.floor(steps)
    far = whole if whole >= 0 else -1 - whole  # both sides mirror each other
    cell, width = 0, 1
    while far >= width << digits:
        cell, width = cell + 2 ** (digits - 1), 2 * width
    cell, lower = cell + far // width, far // width * width
    return (cell, lower, lower + width) if whole >= 0 else (-1 - cell, -lower - width, -lower)


def _count_text(cells: list[int], values: list[str], text: str | None) -> int:
    place = len(values) + 1 if text is None else len(values)
    for candidate, value in enumerate(values):
        if text is not None and text.encode() == value.encode():
            place = candidate
    cells[place] += 1
    return place


def _score_place(score: float | None) -> int:
    scaled = math.nan if score is None else score * 4096.0
    if scaled != scaled or scaled in (math.inf, -math.inf):
        return 257
    return min(max(math.floor(scaled), 0), 4096) // 16


@cache
def other_tasks() -> tuple[tuple[str, Scheme, Tally], ...]:
    """Return the same rows as other kinds of model would count them, labels in the rows' own file."""
    wide, narrow, score = Grid(3, (0, 8, 40, 80)), Grid(-1, (-2, 0, 5)), Grid(12, (0, 2048, 4097))
    text, group = Categories(("a", "", "ä", "a\x00b", "0")), Categories(("g", "h"))
    number, category = ColumnKind.NUMERIC, ColumnKind.CATEGORY
    regression = ModelSpec(
        (
            Column("group", category, Role.GROUP),
            Column("wide", number, Role.PREDICTION),
            Column("narrow", number, Role.LABEL),
        ),
        Task.REGRESSION,
    )
    errors = Grid(2, (-20, 0, 20))
    classes = ("0", "1", "7")
    multiclass = ModelSpec(
        (
            Column("group", category, Role.GROUP),
            Column("prediction", category, Role.PREDICTION),
            Column("wide", number, Role.SCORE, of_class="1"),
            Column("score", number, Role.SCORE, of_class="0"),
            Column("narrow", number, Role.SCORE, of_class="7"),
            Column("text", category, Role.LABEL),
        ),
        Task.MULTICLASS,
        classes=classes,
    )
    generic = ModelSpec(
        (
            Column("wide", number, Role.FEATURE),
            Column("text", category, Role.FEATURE),
            Column("group", category, Role.GROUP),
        ),
        Task.GENERIC,
    )
    by_name: dict[str, Binning] = {
        "wide": wide,
        "narrow": narrow,
        "score": score,
        "text": text,
        "group": group,
    }
    widening = {**by_name, "wide": _WIDENING}
    answers = {**widening, "prediction": Categories(classes)}
    return (
        ("regression", Scheme(regression, {**by_name, regression.error_name: errors}), _as_regression()),
        ("multiclass", Scheme(multiclass, answers), _as_multiclass(classes)),
        ("generic", Scheme(generic, widening), _as_generic()),
    )


def _as_regression() -> Tally:
    columns = {"group": [0] * 4, "wide": [0] * 90, "narrow": [0] * 17}
    outcomes: dict[int, int] = {}
    for _, wide, label, _, group, _, _ in rows():
        _count_number(columns["wide"], 8.0, 0, 80, wide)
        _count_number(columns["narrow"], 0.5, -2, 5, label)
        place = _count_text(columns["group"], ["g", "h"], group)
        scaled = math.nan if wide is None or label is None else (wide - label) * 4.0
        if label is None:
            added = [(1, 1)]
        elif scaled != scaled or scaled in (math.inf, -math.inf):
            added = [(2, 1)]
        else:
            error = 2 * math.floor(scaled) + 1
            added = [(0, 1), (3, error), (4, abs(error)), (5, error**2), (6, error**4)]
        for statistic, amount in added:
            outcomes[place * 7 + statistic] = outcomes.get(place * 7 + statistic, 0) + amount
    return _tally(columns, {index: amount for index, amount in outcomes.items() if amount})


def _as_multiclass(classes: tuple[str, ...]) -> Tally:
    columns = {
        "group": [0] * 4,
        "prediction": [0] * 5,
        "wide": [0] * 60,
        "score": [0] * 4107,
        "narrow": [0] * 17,
    }
    outcomes: dict[int, int] = {}
    truths: dict[str, list[tuple[int, float | None]]] = {name: [] for name in ("score", "wide", "narrow")}
    for _, wide, small, label, group, said, score in rows():
        _count_widening(columns["wide"], wide)
        _count_number(columns["narrow"], 0.5, -2, 5, small)
        _count_number(columns["score"], 4096.0, 0, 4097, score)
        at = _count_text(columns["group"], ["g", "h"], group)
        answer = min(
            _count_text(columns["prediction"], list(classes), None if said is None else str(said)), 3
        )
        truth = 4 if label is None else 3
        for place, name in enumerate(classes):
            truth = place if label == name else truth
        index = (at * 5 + truth) * 4 + min(answer, 3)
        outcomes[index] = outcomes.get(index, 0) + 1
        for name, own, number in (("score", "0", score), ("wide", "1", wide), ("narrow", "7", small)):
            if truth < 3:
                truths[name].append((int(label == own), number))
    scores = {
        "score": _scores(truths["score"], 4096.0, 0, 4097),
        "wide": _scores(truths["wide"], 16.0, -20, 30, digits=3, origin=1.25),
        "narrow": _scores(truths["narrow"], 0.5, -2, 5),
    }
    return _tally(columns, outcomes, scores)


def _as_generic() -> Tally:
    columns = {"wide": [0] * 60, "text": [0] * 7, "group": [0] * 4}
    outcomes: dict[int, int] = {}
    for _, wide, _, text, group, _, _ in rows():
        _count_widening(columns["wide"], wide)
        _count_text(columns["text"], ["a", "", "ä", "a\x00b", "0"], text)
        place = _count_text(columns["group"], ["g", "h"], group)
        outcomes[place] = outcomes.get(place, 0) + 1
    return _tally(columns, outcomes)


def _tally(
    columns: dict[str, list[int]], outcomes: dict[int, int], scores: dict[str, Scores] | None = None
) -> Tally:
    return Tally(len(rows()), {name: tuple(cells) for name, cells in columns.items()}, outcomes, scores or {})


def _scores(
    truths: list[tuple[int, float | None]],
    scale: float,
    low: int,
    high: int,
    *,
    digits: int = 0,
    origin: float = 0.0,
) -> Scores:
    """Return a score's table from (1 where the label is its own, score), in cells as fine as the rows ask."""
    scaled = [(own, (x - origin) * scale) for own, x in truths if x is not None]
    scored = [(own, Fraction(x)) for own, x in scaled if not math.isnan(x) and not math.isinf(x)]
    finer = min(24, 37 - 2 * len(scored).bit_length())
    sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for own, x in scored:
        steps = x * 2**finer
        cell = _widening(steps, digits + finer)[0] if digits else math.floor(steps)
        cell = min(max(cell, (low - 2**16) * 2**finer), (high + 2**16) * 2**finer - 1)
        sides[own][cell] = sides[own].get(cell, 0) + 1
    return Scores(finer, *sides)


def data_files() -> tuple[list[Path], list[Path]]:
    """Return the decision files, one per writer, and the label file."""
    folder = Path(__file__).parent / "data"
    return [folder / file_name(writer) for writer in WRITERS], [folder / LABELS]


def file_name(writer: str) -> str:
    """Return the name of the rows' file by a writer."""
    return f"conformance-{writer}.parquet"


def assert_conformant(engine: Engine) -> None:
    """Count the conformance files and compare every cell.

    Raises:
        TribuneError: naming the engine, the file's writer and the first cell that differs. An engine that
            raises this must not sign.
    """
    decisions, labels = data_files()
    for writer, path in zip(WRITERS, decisions, strict=True):
        _compare(engine, f"the file written by {writer}", [path], labels, expected())
    total = sum((expected() for _ in WRITERS), Tally.zero(scheme()))
    _compare(engine, "all files together", decisions, labels, total)
    for task, by, wanted in other_tasks():
        for writer, path in zip(WRITERS, decisions, strict=True):
            what = f"the file written by {writer} as a {task} model"
            _differ(engine, what, by, wanted, engine.count([path], [], by, inline_labels=True))


def _compare(
    engine: Engine, what: str, decisions: Sequence[Path], labels: Sequence[Path], wanted: Tally
) -> None:
    _differ(engine, what, scheme(), wanted, engine.count(decisions, labels, scheme()))


def _differ(engine: Engine, what: str, by: Scheme, wanted: Tally, found: Tally) -> None:
    difference = first_difference(by, wanted, found)
    if difference:
        raise TribuneError(
            f"Engine {engine.name} miscounts {what}: {difference}.",
            mend="This monitor must not sign. Use the pinned versions of the engine.",
        )
