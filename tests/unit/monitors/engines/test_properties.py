"""Property tests of counting: any split, order and threads add up to the same bytes, for each task."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tribune.metrics import Binning, Categories, Column, ColumnKind, Grid, ModelSpec, Role, Scheme, Tally
from tribune.metrics.spec import Task
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from unit.metrics.samples import BINNINGS, SPEC, Row, count

from .files import write_decisions, write_labels

NUMBER, CATEGORY = ColumnKind.NUMERIC, ColumnKind.CATEGORY
COMMON = (
    Column("x", NUMBER, Role.FEATURE),
    Column("job", CATEGORY, Role.FEATURE),
    Column("sex", CATEGORY, Role.GROUP),
)
SAID, SCORE = Column("said", CATEGORY, Role.PREDICTION), Column("p", NUMBER, Role.SCORE)
LABEL = Column("label", CATEGORY, Role.LABEL)
CLASSES = ("0", "1")
GRID, UNIT = Grid(2, (-40, -8, 0, 8, 40)), Grid(12, (0, 1024, 4097))
SPECS = {
    Task.BINARY: ModelSpec((*COMMON, SAID, SCORE, LABEL)),
    Task.MULTICLASS: ModelSpec(
        (*COMMON, SAID, replace(SCORE, of_class="0"), Column("q", NUMBER, Role.SCORE, of_class="1"), LABEL),
        task=Task.MULTICLASS,
        classes=CLASSES,
    ),
    Task.REGRESSION: ModelSpec(
        (*COMMON, Column("p", NUMBER, Role.PREDICTION), Column("q", NUMBER, Role.LABEL)), task=Task.REGRESSION
    ),
    Task.GENERIC: ModelSpec(COMMON, task=Task.GENERIC),
}
KNOWN: dict[str, Binning] = {
    "x": GRID,
    "job": Categories(("a", "b"), rest=True),
    "sex": Categories(("1", "2")),
    "said": Categories(CLASSES),
    "p": UNIT,
    "q": Grid(12, (-300, 400), digits=5, origin=100),
    "p - q": UNIT,
}
TYPES = {"x": pa.float64(), "job": pa.string(), "sex": pa.string(), "said": pa.string(), "label": pa.string()}
TYPES |= {"p": pa.float64(), "q": pa.float64()}

numbers = st.one_of(
    st.none(), st.floats(width=64), st.floats(-12, 12), st.sampled_from([-0.0, 0.25, 10.0, math.nan, 5e-324])
)
shares = st.one_of(numbers, st.floats(0, 1))
texts = st.one_of(st.none(), st.sampled_from(["0", "1", "2", "a", "b", ""]), st.text(max_size=3))
records = st.fixed_dictionaries(
    {"x": numbers, "job": texts, "sex": texts, "said": texts, "label": texts, "p": shares, "q": shares}
)
ENGINES = {1: DuckDBEngine(), 2: DuckDBEngine(2, short_from=0), 3: DuckDBEngine(3, short_from=10)}
"""By threads; large counts are short ones to the second and third."""


@pytest.mark.parametrize("task", list(Task))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=st.lists(records, min_size=1, max_size=60), data=st.data())
def test_count__any_split_order_and_threads__adds_up_to_the_same_bytes(
    task: Task, tmp_path: Path, sample: list[dict[str, object]], data: st.DataObject
) -> None:
    scheme = Scheme(SPECS[task], KNOWN)
    shuffled = data.draw(st.permutations(sample))
    cut = data.draw(st.integers(0, len(sample)))
    whole = write(tmp_path / "whole.parquet", sample)
    parts = [write(tmp_path / "one.parquet", shuffled[:cut]), write(tmp_path / "two.parquet", shuffled[cut:])]
    together = ENGINES[1].count([whole], [], scheme, inline_labels=True)
    split = ENGINES[3].count(parts[::-1], [], scheme, inline_labels=True)
    apart = [ENGINES[2].count([part], [], scheme, inline_labels=True) for part in parts]
    assert together.adds_up(scheme)
    assert together.digest() == split.digest() == sum(apart, Tally.zero(scheme)).digest()
    assert Tally.from_json(together.to_json(), scheme) == together
    assert ENGINES[2].count(parts, [], scheme) == together.without_labels(scheme)


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS, Task.REGRESSION])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=st.lists(records, min_size=1, max_size=30), again=st.integers(0, 30))
def test_count__labels_apart__is_what_labels_in_the_rows_give(
    task: Task, tmp_path: Path, sample: list[dict[str, object]], again: int
) -> None:
    scheme = Scheme(SPECS[task], KNOWN)
    name = scheme.spec.label_name
    rows = write(tmp_path / "rows.parquet", sample)
    first = [(str(i), 5, row[name]) for i, row in enumerate(sample) if row[name] is not None]
    later = [(i, 7, value) for (i, _, _), (_, _, value) in zip(first[:again], first[::-1], strict=False)]
    ids, times, values = zip(*[*later, *first, (None, 1, None)], strict=True)
    kinds = [pa.string(), pa.int64(), TYPES[name]]
    columns = dict(zip(("id", "time", name), map(pa.array, (ids, times, values), kinds), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "labels.parquet")
    apart = ENGINES[2].count([rows], [tmp_path / "labels.parquet"], scheme)
    assert apart == ENGINES[1].count([rows], [], scheme, inline_labels=True)


def test_count__errors_that_cancel_out__leave_no_sum(tmp_path: Path) -> None:
    scheme = Scheme(SPECS[Task.REGRESSION], {**KNOWN, "p - q": replace(UNIT, lattice=True)})
    whole = write(tmp_path / "w.parquet", [record(p=0.5, q=0.25), record(p=0.25, q=0.5)])
    parts = [
        write(tmp_path / "one.parquet", [record(p=0.5, q=0.25)]),
        write(tmp_path / "two.parquet", [record(p=0.25, q=0.5)]),
    ]
    apart = [ENGINES[1].count([part], [], scheme, inline_labels=True) for part in parts]
    together = ENGINES[1].count([whole], [], scheme, inline_labels=True)
    assert together.digest() == (apart[0] + apart[1]).digest()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scores=st.lists(shares, min_size=1, max_size=40))
def test_count__scores_on_a_fine_grid__are_joined_as_python_joins_them(
    tmp_path: Path, scores: list[float | None]
) -> None:
    fine = Scheme(SPEC, {**BINNINGS, "score": UNIT})
    sample = [Row(30.0, "a", "1", "1", score, "1") for score in scores]
    decisions = write_decisions(tmp_path / "d.parquet", sample)
    labels = write_labels(tmp_path / "l.parquet", sample)
    assert ENGINES[2].count([decisions], [labels], fine) == count(sample, fine)


def record(**given: object) -> dict[str, object]:
    return {**dict.fromkeys(TYPES), **given}


def write(path: Path, sample: list[dict[str, object]]) -> Path:
    columns = {name: pa.array([row[name] for row in sample], kind) for name, kind in TYPES.items()}
    columns["id"] = pa.array(map(str, range(len(sample))), pa.string())
    pq.write_table(pa.table(columns), path)
    return path
