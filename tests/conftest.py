"""What every test shares: a chain and a database on request, and what is not ours to mend: an upstream
warning, and variables that come and go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from support.anvil import Anvil, find_binary
from support.postgres import Postgres


def pytest_configure(config: pytest.Config) -> None:
    """Let web3 import `websockets.legacy` (web3.py 7 does so at import); all other warnings stay errors."""
    # The same examples in every run: what fails on one machine fails on all. Long campaigns run by hand.
    hypothesis.settings.register_profile("same", derandomize=True, deadline=None)
    hypothesis.settings.load_profile("same")
    # While a thread imports numpy, that sets these and takes them away, and whoever goes through the
    # environment meanwhile (httpx and subprocesses do) may find one gone; it leaves alone what is set.
    for name in ("OPENBLAS_MAIN_FREE", "GOTOBLAS_MAIN_FREE"):
        os.environ.setdefault(name, "1")
    config.addinivalue_line("filterwarnings", "ignore:websockets.legacy is deprecated:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:websockets.client.*is deprecated:DeprecationWarning")


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A chain of its own for one test, mining at each transaction."""
    if find_binary() is None:
        pytest.skip("anvil is not installed")
    with Anvil.start() as chain:
        yield chain


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run."""
    server = Postgres.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own for one test, which runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.fresh() as url:
        yield url


@pytest.fixture(scope="session")
def made_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite store with its tables, to be copied."""
    from tribune.store.session import open_store

    path = tmp_path_factory.mktemp("store") / "made.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def made_postgres(postgres_server: Postgres) -> Iterator[str]:
    """A PostgreSQL store with its tables, to be copied."""
    from tribune.store.session import open_store

    with postgres_server.fresh() as url:
        open_store(url).close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A store with its tables for one test, which runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("made_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.fresh(like=request.getfixturevalue("made_postgres")) as url:
        yield url
