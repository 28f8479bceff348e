"""The DuckDB engine: the same tally on any threads, split and order, and a clear word for bad input."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tribune.exceptions import DataError
from tribune.metrics import Profile, Tally, evaluate, standard_metrics
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from unit.metrics.samples import SCHEME, Row, count, profile_of, rows

from .files import write_decisions, write_labels

SAMPLE = [
    *rows(900, 1),
    Row(None, None, None, None, None, "1"),
    Row(float("nan"), "", "9", "yes", float("-inf"), "maybe"),
    Row(1e300, "b ", "1", "1", 1.5, "0"),
]
UNLABELLED = [replace(row, label=None) for row in SAMPLE]


@pytest.fixture
def engine() -> DuckDBEngine:
    return DuckDBEngine()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_count__any_threads__is_what_python_counts(tmp_path: Path, threads: int) -> None:
    decisions = write_decisions(tmp_path / "d.parquet", SAMPLE)
    labels = write_labels(tmp_path / "l.parquet", SAMPLE)
    tally = DuckDBEngine(threads).count([decisions], [labels], SCHEME)
    assert tally == count(SAMPLE)
    assert tally.digest() == count(SAMPLE).digest()


def test_count__rows_split_and_shuffled__has_the_same_digest(tmp_path: Path) -> None:
    order = random.Random(3).sample(range(len(SAMPLE)), len(SAMPLE))  # noqa: S311 - no secret
    shuffled = [SAMPLE[place] for place in order]
    parts, labels = [], []
    for name, start, stop in (("a", 0, 1), ("b", 1, 500), ("c", 500, len(SAMPLE))):
        parts.append(write_decisions(tmp_path / f"{name}.parquet", shuffled[start:stop], start))
        labels.append(write_labels(tmp_path / f"{name}l.parquet", shuffled[start:stop], start))
    together = DuckDBEngine(2).count(parts[::-1], labels, SCHEME)
    apart = [DuckDBEngine(1).count([part], labels, SCHEME) for part in parts]
    assert together.digest() == sum(apart, Tally.zero(SCHEME)).digest() == count(SAMPLE).digest()


def test_count__without_labels__all_are_unknown(tmp_path: Path, engine: DuckDBEngine) -> None:
    decisions = write_decisions(tmp_path / "d.parquet", SAMPLE)
    assert engine.count([decisions], [], SCHEME) == count(UNLABELLED)


def test_count__no_partitions__is_the_tally_of_no_rows(engine: DuckDBEngine) -> None:
    assert engine.count([], [], SCHEME) == Tally.zero(SCHEME)


def test_count__a_partition_without_rows__is_the_tally_of_no_rows(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    empty = write_decisions(tmp_path / "d.parquet", [])
    assert engine.count([empty], [], SCHEME) == Tally.zero(SCHEME)


@pytest.mark.parametrize(
    "types", [{"prediction": "BIGINT", "sex": "INTEGER"}, {"age": "FLOAT"}, {"age": "INTEGER"}]
)
def test_count__other_types_that_hold_the_same__counts_the_same(
    tmp_path: Path, engine: DuckDBEngine, types: dict[str, str]
) -> None:
    plain = rows(200, 2)
    decisions = write_decisions(tmp_path / "d.parquet", plain, types=types)
    assert engine.count([decisions], [], SCHEME) == count([replace(row, label=None) for row in plain])


def test_count__partitions_of_different_types__counts_both(tmp_path: Path, engine: DuckDBEngine) -> None:
    plain = [replace(row, label=None) for row in rows(100, 2)]
    one = write_decisions(tmp_path / "a.parquet", plain)
    other = write_decisions(tmp_path / "b.parquet", plain, types={"age": "FLOAT", "prediction": "BIGINT"})
    assert engine.count([one, other], [], SCHEME) == count(plain) + count(plain)


def test_count__glob_characters_in_a_name__reads_that_file_only(tmp_path: Path, engine: DuckDBEngine) -> None:
    folder = tmp_path / "it's [x] model=1"
    folder.mkdir()
    plain = [replace(row, label=None) for row in rows(30)]
    write_decisions(tmp_path / "a.parquet", rows(10)).rename(folder / "x.parquet")
    odd = write_decisions(tmp_path / "b.parquet", plain).rename(folder / "[x]?*.parquet")
    assert engine.count([odd], [], SCHEME) == count(plain)


@pytest.mark.parametrize("column", ["age", "job", "sex", "prediction", "score"])
def test_count__a_column_missing_in_one_file__is_missing_in_its_rows(
    tmp_path: Path, engine: DuckDBEngine, column: str
) -> None:
    sample = [replace(row, label=None) for row in rows(5)]
    whole = write_decisions(tmp_path / "a.parquet", sample)
    lacking = write_decisions(tmp_path / "b.parquet", sample, types={column: ""})
    without = count([replace(row, **{column: None}) for row in sample])
    assert engine.count([whole, lacking], [], SCHEME) == count(sample) + without


@pytest.mark.parametrize(
    ("column", "kind"), [("age", "VARCHAR"), ("age", "DECIMAL(9, 3)"), ("sex", "DOUBLE")]
)
def test_count__a_type_that_engines_count_differently__is_missing_in_all_rows(
    tmp_path: Path, engine: DuckDBEngine, column: str, kind: str
) -> None:
    sample = [replace(row, label=None) for row in rows(5)]
    decisions = write_decisions(tmp_path / "d.parquet", sample, types={column: kind})
    assert engine.count([decisions], [], SCHEME) == count([replace(row, **{column: None}) for row in sample])


def test_count__a_nested_column_of_the_same_name__is_not_taken_for_it(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    path = tmp_path / "d.parquet"
    duckdb.connect().execute(
        "COPY (SELECT {'age': 1.0} AS nested, 'a' AS job, '1' AS sex, '1' AS prediction,"
        f" 0.5::DOUBLE AS score) TO '{path}' (FORMAT parquet)"
    )
    assert engine.count([path], [], SCHEME) == count([Row(None, "a", "1", "1", 0.5)])


@pytest.mark.parametrize("other", [pa.array(["x"] * 5), pa.array([[1.0]] * 5), pa.array([1.0] * 5)])
@pytest.mark.parametrize("first", [True, False])
def test_count__a_name_given_twice__is_missing_in_all_rows(
    tmp_path: Path, engine: DuckDBEngine, other: pa.Array, first: bool
) -> None:
    sample = [replace(row, label=None) for row in rows(5)]
    path = write_decisions(tmp_path / "d.parquet", sample)
    table = parquet.read_table(path)
    place = 0 if first else table.num_columns
    parquet.write_table(table.add_column(place, "age", other), path)
    assert engine.count([path], [], SCHEME) == count([replace(row, age=None) for row in sample])


def test_count__names_in_another_case__are_another_column(tmp_path: Path, engine: DuckDBEngine) -> None:
    path = tmp_path / "d.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT 1.0::DOUBLE AS Age, 'a' AS job, '1' AS sex, '1' AS prediction, 0.5::DOUBLE AS score)"
        f" TO '{path}' (FORMAT parquet)"
    )
    assert engine.count([path], [], SCHEME) == count([Row(None, "a", "1", "1", 0.5)])


@pytest.mark.parametrize("keep", [0, 3, 200, -10])
def test_count__a_truncated_file__is_named(tmp_path: Path, engine: DuckDBEngine, keep: int) -> None:
    whole = write_decisions(tmp_path / "a.parquet", rows(500))
    torn = tmp_path / "day=2" / "torn.parquet"
    torn.parent.mkdir()
    torn.write_bytes(whole.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"day=2/torn\.parquet is not a whole Parquet file"):
        engine.count([whole, torn], [], SCHEME)


def test_count__bytes_overwritten__is_a_clear_error(tmp_path: Path, engine: DuckDBEngine) -> None:
    path = write_decisions(tmp_path / "a.parquet", rows(3000))
    data = bytearray(path.read_bytes())
    data[-5000:-1500] = bytes(3500)
    path.write_bytes(data)
    with pytest.raises(DataError, match="could not be read to its end"):
        engine.count([path], [], SCHEME)


def test_count__a_missing_file__is_named(tmp_path: Path, engine: DuckDBEngine) -> None:
    with pytest.raises(DataError, match=r"none\.parquet is missing"):
        engine.count([tmp_path / "none.parquet"], [], SCHEME)


def test_count__a_partition_twice__is_refused(tmp_path: Path, engine: DuckDBEngine) -> None:
    path = write_decisions(tmp_path / "a.parquet", rows(5))
    with pytest.raises(DataError, match="twice"):
        engine.count([path, path], [], SCHEME)


def test_count__label_times_that_cannot_be_compared__come_last(tmp_path: Path, engine: DuckDBEngine) -> None:
    sample = [replace(row, label=None) for row in rows(5)]
    decisions = write_decisions(tmp_path / "d.parquet", sample)
    labels = tmp_path / "l.parquet"
    duckdb.connect().execute(
        "COPY (SELECT '1' AS id, TIMESTAMP '2020-01-01' AS time, unnest(['1', '0']) AS label)"
        f" TO '{labels}' (FORMAT parquet)"
    )
    least = [replace(row, label="0" if place == 1 else None) for place, row in enumerate(sample)]
    assert engine.count([decisions], [labels], SCHEME) == count(least)


def test_count__labels_in_the_rows_own_file__are_read_where_asked_for(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    path = tmp_path / "d.parquet"
    sample = [Row(30, "a", "1", "1", 0.5, label) for label in ("0", "1", "maybe", None)]
    values = ", ".join(f"({'NULL' if row.label is None else repr(row.label)})" for row in sample)
    selected = "30::DOUBLE AS age, 'a' AS job, '1' AS sex, '1' AS prediction, 0.5::DOUBLE AS score, label"
    table = f"(SELECT {selected} FROM (VALUES {values}) AS v(label))"  # noqa: S608 - constants
    duckdb.connect().execute(f"COPY {table} TO '{path}' (FORMAT parquet)")
    assert engine.count([path], [], SCHEME, inline_labels=True) == count(sample)
    assert engine.count([path], [], SCHEME) == count([replace(row, label=None) for row in sample])


def test_engine__no_thread__is_refused() -> None:
    with pytest.raises(DataError, match="thread"):
        DuckDBEngine(0)


def test_evaluate__tally_of_the_engine__is_that_of_raw_rows(tmp_path: Path, engine: DuckDBEngine) -> None:
    profile: Profile = profile_of(rows(1000, 9))
    decisions = write_decisions(tmp_path / "d.parquet", SAMPLE)
    labels = write_labels(tmp_path / "l.parquet", SAMPLE)
    found = engine.count([decisions], [labels], profile)
    names = standard_metrics(profile)
    assert evaluate(names, profile, found, found, {}) == evaluate(
        names, profile, count(SAMPLE), count(SAMPLE), {}
    )
