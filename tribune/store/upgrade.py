"""Create the tables or migrate them, from code: `upgrade(url)`.

Asks the database for its revision first and loads Alembic only where there is something to do, so that
a process start costs one query. Two processes that start at once take turns, as writers do. Never migrates
down.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from tribune.exceptions import StoreError
from tribune.store.session import make_engine

HEAD = "0006"
"""Newest revision in `migrations/versions`; a test keeps it so."""


def upgrade(url: str) -> None:
    """Bring the database behind a URL to this release.

    Raises:
        StoreError: it cannot be opened or migrated, or was made by a newer release.
    """
    engine = make_engine(url)
    try:
        upgrade_engine(engine)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine) -> None:
    """As `upgrade`, on an open engine."""
    try:
        with engine.begin() as connection:
            if revision(connection) != HEAD:
                _migrate(connection)
    except SQLAlchemyError as fault:
        original = getattr(fault, "orig", None) or fault
        raise StoreError(
            f"The store cannot be set up ({type(original).__name__}: {original}).".replace("\n", " "),
            mend="Check TRIBUNE_STORE_URL: the folder must exist and be writable, the server must answer.",
        ) from fault


def revision(connection: Connection) -> str | None:
    """Return the revision in the database, None for a fresh one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as fault:
        raise StoreError(
            f"The store was made by another release of Tribune ({fault}).",
            mend="Install that release, or point TRIBUNE_STORE_URL at a fresh store.",
        ) from fault
