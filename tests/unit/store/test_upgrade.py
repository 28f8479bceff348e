"""Tables come from the migrations alone, quickly, and match what the code declares."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

import tribune.store.tables  # noqa: F401 - fills SQLModel.metadata
from tribune.exceptions import StoreError
from tribune.store.session import Store, open_store
from tribune.store.upgrade import HEAD, upgrade


def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_upgrade__fresh__migrations_equal_the_tables(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    upgrade(url(tmp_path))
    with Store(url(tmp_path)).engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_upgrade__head__is_the_newest_revision() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path("tribune/store/migrations").resolve()))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_upgrade__second_time__changes_nothing_and_is_quick(tmp_path: Path) -> None:
    upgrade(url(tmp_path))
    start = time.perf_counter()
    upgrade(url(tmp_path))
    assert time.perf_counter() - start < 0.5


def test_upgrade__two_at_once__both_succeed(tmp_path: Path) -> None:
    faults: list[BaseException] = []

    def work() -> None:
        try:
            upgrade(url(tmp_path))
        except BaseException as fault:
            faults.append(fault)

    upgrade(url(tmp_path / ".." / tmp_path.name))  # loads Alembic once, in one thread
    (tmp_path / "store.db").unlink()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []


def test_upgrade__no_folder__store_error_with_mend(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        upgrade(f"sqlite:///{tmp_path / 'no' / 'store.db'}")
    assert "TRIBUNE_STORE_URL" in caught.value.mend


def test_upgrade__newer_release__store_error(tmp_path: Path) -> None:
    with open_store(url(tmp_path)) as store, store.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(StoreError, match="another release"):
        upgrade(url(tmp_path))


@pytest.mark.parametrize("bad", ["", "nonsense", "nosuch://x/y"])
def test_upgrade__bad_url__store_error(bad: str) -> None:
    with pytest.raises(StoreError):
        upgrade(bad)
