"""The Spark engine: the same digest as DuckDB's on whatever can be written, and the same word for bad input.

`make spark` runs this, in an environment that has Spark.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("pyspark", reason="needs Spark: `make spark` runs it")

from tribune.exceptions import DataError
from tribune.metrics.policies.policy import Policy
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally
from tribune_monitors.engines import ENGINES, conformance_files, spark_engine
from tribune_monitors.engines.conformance import (
    LABELS,
    assert_conformant,
    data_files,
    expected,
    file_name,
    scheme,
)
from tribune_monitors.engines.counting import WIDE
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_binnings
from tribune_monitors.engines.spark_engine import SparkEngine, start
from tribune_monitors.measurement.local import measure_source, profile_source
from tribune_monitors.sources.spec import Reading, SourceSpec
from unit.metrics.samples import SCHEME, Row, count, rows

from . import tables
from .files import write_decisions, write_labels

SAMPLE = [
    *rows(90, 1),
    Row(None, None, None, None, None, "1"),
    Row(float("nan"), "", "9", "yes", float("-inf"), "maybe"),
]
UNLABELLED = [replace(row, label=None) for row in SAMPLE]


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    with SparkEngine(2) as spark:
        yield spark


@pytest.fixture(scope="module")
def duck() -> DuckDBEngine:
    return DuckDBEngine(2)


def test_assert_conformant__spark__passes(engine: SparkEngine) -> None:
    assert_conformant(engine)


def test_write__by_spark__is_counted_alike_by_duckdb(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    conformance_files.write(tmp_path, ["spark"])
    assert duck.count([tmp_path / file_name("spark")], [tmp_path / LABELS], scheme()) == expected()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("task", list(Task))
def test_count__random_odd_rows__digest_is_duckdbs(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine, task: Task, seed: int
) -> None:
    case = tables.make(tmp_path, task, seed)
    ours = engine.count(case.decisions, case.labels, case.scheme)
    theirs = duck.count(case.decisions, case.labels, case.scheme)
    assert ours == theirs
    assert ours.digest() == theirs.digest()


def test_count__labels_inline__digest_is_duckdbs(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    decisions = write_decisions(tmp_path / "d.parquet", SAMPLE)
    path = tmp_path / "inline.parquet"
    duckdb.execute(f"COPY (SELECT *, id AS label FROM '{decisions}') TO '{path}' (FORMAT parquet)")  # noqa: S608
    ours = engine.count([path], [], SCHEME, inline_labels=True)
    assert ours == duck.count([path], [], SCHEME, inline_labels=True)
    assert ours != engine.count([path], [], SCHEME)


def test_count__columns_missing_or_unfit_in_one_partition__are_null_there(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    types = {"age": "DECIMAL(9, 3)", "sex": "", "score": "VARCHAR"}
    whole = write_decisions(tmp_path / "a.parquet", SAMPLE)
    unfit = write_decisions(tmp_path / "b.parquet", rows(90, 3), types=types)
    labels = write_labels(tmp_path / "l.parquet", SAMPLE)
    ours = engine.count([whole, unfit], [labels], SCHEME)
    assert ours == duck.count([whole, unfit], [labels], SCHEME)
    assert ours.columns["sex"][-1] == 90 + 1


def test_count__no_wanted_column_at_all__still_counts_the_rows(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    path = tmp_path / "d.parquet"
    duckdb.execute(f"COPY (SELECT 1 AS other FROM range(7)) TO '{path}' (FORMAT parquet)")  # noqa: S608
    ours = engine.count([path], [], SCHEME)
    assert ours.rows == 7
    assert ours == duck.count([path], [], SCHEME)


@pytest.mark.parametrize(
    "name",
    [
        "[x]?*.parquet",
        "it's {a,b}.parquet",
        "back\\slash.parquet",
        "50%20 #1+ä.parquet",
        "model=1/part",
    ],
)
def test_count__odd_names_of_files__reads_that_file_only(
    tmp_path: Path, engine: SparkEngine, name: str
) -> None:
    write_decisions(tmp_path / "x.parquet", rows(10))
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    write_decisions(tmp_path / "a.parquet", UNLABELLED).rename(path)
    assert engine.count([path], [], SCHEME) == count(UNLABELLED)


@pytest.mark.parametrize("name", ["_part.parquet", ".part.parquet", "12:30.parquet"])
def test_count__a_name_that_spark_does_not_read__is_refused_never_dropped(
    tmp_path: Path, engine: SparkEngine, name: str
) -> None:
    shown = write_decisions(tmp_path / "a.parquet", rows(5))
    hidden = write_decisions(tmp_path / "b.parquet", rows(5)).rename(tmp_path / name)
    with pytest.raises(DataError, match=r"does not read|could not be read"):
        engine.count([shown, hidden], [], SCHEME)


def test_count__bytes_that_are_no_utf8__is_a_clear_error_on_both(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    path = write_decisions(tmp_path / "a.parquet", [replace(row, job="marker") for row in rows(3)])
    path.write_bytes(path.read_bytes().replace(b"marker", b"mark\xff\xfe"))
    for one in (engine, duck):
        with pytest.raises(DataError, match="could not be read to its end"):
            one.count([path], [], SCHEME)


def _torn(folder: Path) -> list[Path]:
    whole = write_decisions(folder / "a.parquet", rows(50))
    (folder / "torn.parquet").write_bytes(whole.read_bytes()[:-10])
    return [whole, folder / "torn.parquet"]


def _twice(folder: Path) -> list[Path]:
    return [write_decisions(folder / "a.parquet", rows(5))] * 2


def _absent(folder: Path) -> list[Path]:
    return [folder / "none.parquet"]


@pytest.mark.parametrize("make", [_torn, _twice, _absent])
def test_count__what_cannot_be_read__has_duckdbs_words(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine, make: Callable[[Path], list[Path]]
) -> None:
    paths = make(tmp_path)
    said = []
    for one in (engine, duck):
        with pytest.raises(DataError) as fault:
            one.count(paths, [], SCHEME)
        said.append((str(fault.value), fault.value.mend))
    assert said[0] == said[1]


def test_count__a_compression_that_spark_lacks__is_named(tmp_path: Path, engine: SparkEngine) -> None:
    path = tmp_path / "d.parquet"
    plain = write_decisions(tmp_path / "plain.parquet", rows(5))
    duckdb.execute(f"COPY (FROM '{plain}') TO '{path}' (FORMAT parquet, COMPRESSION brotli)")
    with pytest.raises(DataError, match=r"could not be read to its end: .*BrotliCodec"):
        engine.count([path], [], SCHEME)


def test_count__more_values_than_are_held__counts_all(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spark_engine, "_HELD", 3)
    path = write_decisions(tmp_path / "d.parquet", SAMPLE)
    assert engine.count([path], [], SCHEME) == duck.count([path], [], SCHEME)


def test_count__no_partitions__is_the_tally_of_no_rows(engine: SparkEngine) -> None:
    assert engine.count([], [], SCHEME) == Tally.zero(SCHEME)


def test_count__several_threads_on_one_engine__do_not_mix(tmp_path: Path, engine: SparkEngine) -> None:
    samples = [[replace(row, label=None) for row in rows(20 + place, place)] for place in range(4)]
    paths = [write_decisions(tmp_path / f"{i}.parquet", sample) for i, sample in enumerate(samples)]
    with ThreadPoolExecutor(4) as pool:
        tallies = list(pool.map(lambda path: engine.count([path], [], SCHEME), paths))
    assert tallies == [count(sample) for sample in samples]


def test_count__a_session_with_other_settings__is_counted_alike_and_left_running(engine: SparkEngine) -> None:
    session = start().newSession()
    for name, value in {
        "spark.sql.ansi.enabled": "false",
        "spark.sql.ansi.doubleQuotedIdentifiers": "false",
        "spark.sql.groupByOrdinal": "false",
        "spark.sql.caseSensitive": "false",
        "spark.sql.session.timeZone": "Asia/Tokyo",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.parquet.enableVectorizedReader": "false",
        "spark.sql.codegen.wholeStage": "false",
    }.items():
        session.conf.set(name, value)
    decisions, labels = data_files()
    with SparkEngine(session=session) as other:
        assert other.count(decisions[:1], labels, scheme()) == expected()
    assert session.sql("SELECT 1").first() == (1,)
    assert session.conf.get("spark.sql.ansi.enabled") == "false"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' own list of sockets")
def test_engine__its_own_session__listens_on_loopback_only(engine: SparkEngine) -> None:
    start()
    assert _listening(), "the JVM listens for this process"
    assert _listening() <= {
        "0100007F",
        "0000000000000000FFFF00000100007F",
        "00000000000000000000000001000000",
    }


def _listening() -> set[str]:
    """Addresses on which this process' children listen, as /proc writes them."""
    own = [task.read_text().split() for task in Path("/proc/self/task").glob("*/children")]
    inodes = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for child in {int(pid) for pids in own for pid in pids}
        for link in Path(f"/proc/{child}/fd").iterdir()
        if link.readlink().name.startswith("socket:")
    }
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and rest[5] in inodes:
                found.add(local.partition(":")[0])
    return found


def test_count__more_columns_than_are_counted_one_by_one__is_the_same_digest(
    tmp_path: Path, engine: SparkEngine, duck: DuckDBEngine
) -> None:
    numbers = (
        "CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN '-inf'::DOUBLE ELSE i / 7 END"
    )
    texts = "CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'é' ELSE 'b' END"
    columns = [
        (f"c{place}", ColumnKind.NUMERIC if place % 2 else ColumnKind.CATEGORY) for place in range(WIDE + 2)
    ]
    selected = ", ".join(
        f"{numbers if kind is ColumnKind.NUMERIC else texts} AS {name}" for name, kind in columns
    )
    path = tmp_path / "wide.parquet"
    duckdb.sql(f"COPY (SELECT {selected} FROM range(40) AS r(i)) TO '{path}' (FORMAT parquet)")  # noqa: S608
    spec = ModelSpec(
        task=Task.GENERIC, columns=tuple(Column(name, kind, Role.FEATURE) for name, kind in columns)
    )
    wide = Scheme(spec, fit_binnings([path], spec))
    counted = engine.count([path], [], wide)
    assert counted.digest() == duck.count([path], [], wide).digest()
    assert counted.columns["c1"][-4:] == (8, 8, 0, 8)  # missing, NaN, infinite


def test_measure_source__by_the_name_of_spark__gives_the_same_evidence(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    duckdb.sql(f"COPY (SELECT i / 7 AS x, i % 4 AS c FROM range(600) AS r(i)) TO '{path}'")  # noqa: S608
    columns = Column("x", ColumnKind.NUMERIC, Role.FEATURE), Column("c", ColumnKind.CATEGORY, Role.FEATURE)
    spec = ModelSpec(task=Task.GENERIC, columns=columns)
    source = SourceSpec(Reading(str(path)))
    profile, _ = profile_source(source, spec, tmp_path / "reference")
    found = [
        measure_source(source, profile, Policy(()), tmp_path / name, engine=name).evidence.data
        for name in ENGINES
    ]
    assert found[0] == found[1]


def test_engine__no_thread__is_refused() -> None:
    with pytest.raises(DataError, match="thread"):
        SparkEngine(0)


def test_start__without_java__says_what_is_needed(tmp_path: Path) -> None:
    code = "from tribune_monitors.engines.spark_engine import start; start()"
    paths = os.pathsep.join(["monitors", "."])
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": str(tmp_path), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ConfigurationError: Spark does not start" in run.stderr
