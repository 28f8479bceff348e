"""What cannot be made again from the chain, written out and brought back: rows, deployment files, settings.

Rows go out through the tables' own definitions, so that a backup of one kind of database can be restored
into another. Never takes a key, password or token along. What a restored store does not know of any more is
harmless: monitors ask the chain and the evidence stores before they sign.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func
from sqlmodel import Session, SQLModel, select

from tribune.exceptions import ConfigurationError, StoreError
from tribune.log import REDACTED, Redactor
from tribune.operations.archive import SETTINGS, Archive
from tribune.operations.stores import SHARED, sqlite_file, stores_of
from tribune.settings import DEFAULT_FILE, load_settings
from tribune.store.session import Store, open_store
from tribune.store.tables import (
    CachedTally,
    CallSignature,
    ChainEvent,
    Checkpoint,
    HolderCall,
    IndexedBlock,
    Lease,
    LinkToken,
    OutboxRow,
    PeerCheck,
    PostedMessage,
    ProposalDraft,
    Reader,
    ServerSettings,
    SignedDelegation,
    SignedReport,
    StoredBallot,
    Subscription,
    WalletLink,
)
from tribune.store.upgrade import HEAD, revision

if TYPE_CHECKING:
    from tribune.settings import Settings

Tell = Callable[[str, float], None]
"""Is told what is being done, and the share of it that is done."""
_BETWEEN = 1000
"""Rows from one telling to the next."""

KEPT: tuple[type[SQLModel], ...] = (
    SignedReport,
    PeerCheck,
    StoredBallot,
    SignedDelegation,
    HolderCall,
    CallSignature,
    ProposalDraft,
    WalletLink,
    ServerSettings,
    Subscription,
    Reader,
    PostedMessage,
    OutboxRow,
)
"""What nothing else tells."""
MADE_AGAIN: tuple[type[SQLModel], ...] = (
    Checkpoint,  # places in the index, which is read anew
    IndexedBlock,
    ChainEvent,
    CachedTally,
    Lease,
    LinkToken,  # a link that was given out is asked for again
)


def make_backup(
    settings: Settings, file: Path | None, *, tell: Tell = lambda _, __: None
) -> tuple[Archive, dict[str, int]]:
    """Return a backup, and how many rows it has of each store.

    Args:
        settings: say where the stores are.
        file: the settings file; None where there is none.
        tell: told of progress.

    Raises:
        StoreError: a store cannot be read, or is of another release.
    """
    files: dict[str, bytes] = {}
    counts = {}
    for name, url in stores_of(settings).items():
        lines = _rows_of(name, url, tell)
        counts[name] = len(lines)
        files[f"stores/{name}.jsonl"] = b"".join(lines)
    if settings.deployments.is_dir():
        for path in sorted(settings.deployments.glob("*.json")):
            if path.stem.isdigit():
                files[f"deployments/{path.name}"] = path.read_bytes()
    if file is not None:
        files[SETTINGS] = Redactor().text(file.read_text("utf-8")).encode()
    made_at = datetime.now(UTC).replace(microsecond=0).isoformat()
    return Archive(files, {"made_at": made_at, "revision": HEAD}), counts


def _rows_of(name: str, url: str, tell: Tell) -> list[bytes]:
    """Return every kept row of one moment, a line each."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return []
    with Store(url) as store, store.session(readonly=True) as session:
        found = revision(session.connection())
        if found is None:
            return []
        if found != HEAD:
            raise StoreError(
                f"The store is of another release (tables {found}, here {HEAD}).",
                mend="Make the backup with the release that runs on it.",
            )
        total = sum(_count(session, table) for table in KEPT)
        lines: list[bytes] = []
        for table in KEPT:
            for row in session.exec(select(table).order_by(*_key(table))):
                if len(lines) % _BETWEEN == 0:
                    tell(f"Reading the store {name}", len(lines) / total)
                line = json.dumps([_name(table), row.model_dump(mode="json")], separators=(",", ":"))
                lines.append(line.encode() + b"\n")
        return lines


def restore_backup(
    archive: Archive, file: Path | None, *, force: bool = False, tell: Tell = lambda _, __: None
) -> dict[str, int]:
    """Put a backup into the places that the settings name; return how many rows each store got.

    Everything is read and compared before anything is written, and each store is changed whole or not at all.

    Args:
        archive: the backup.
        file: the settings file; None means `tribune.toml`, which is written where there is none.
        force: put it in place of what is there.
        tell: told of progress.

    Raises:
        ConfigurationError: there is something that would be lost, or the settings do not fit the backup.
        StoreError: a store cannot be opened or written.
    """
    if str(archive.facts.get("revision", "")) > HEAD:
        raise ConfigurationError(
            "The backup is of a newer release than this one.", mend="Install that release first."
        )
    rows = {name.removesuffix(".jsonl"): _parse(data) for name, data in archive.below("stores").items()}
    settings = _settings(archive, file)
    urls = stores_of(settings)
    if missing := sorted(set(rows) - set(urls)):
        raise ConfigurationError(
            f"The settings have no store {', '.join(missing)}, which is in the backup.",
            mend=f"Restore with the same monitors and pages; {SHARED} is the store of the file itself.",
        )
    deployments = {settings.deployments / name: data for name, data in archive.below("deployments").items()}
    if not force:
        for path, data in deployments.items():
            if path.exists() and path.read_bytes() != data:
                raise ConfigurationError(f"{path} is another one than in the backup.", mend=_MEND)
        for name in rows:
            if _has_rows(urls[name]):
                raise ConfigurationError(f"The store {name} has rows already.", mend=_MEND)
    for path, data in deployments.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, found in rows.items():
        with open_store(urls[name]) as store, store.session() as session:
            _replace(session, found, partial(tell, f"Filling the store {name}"))
    return {name: len(found) for name, found in rows.items()}


_MEND = "Stop what runs and give --force to put the backup in its place."


def _settings(archive: Archive, file: Path | None) -> Settings:
    target = file or DEFAULT_FILE
    kept = archive.files.get(SETTINGS)
    if kept is not None and not target.exists():
        target.write_bytes(kept)
        if REDACTED.encode() in kept:
            raise ConfigurationError(
                f"{target} was restored. It holds {REDACTED} where an address had credentials.",
                mend="Put them in again, and restore once more.",
            )
    return load_settings(file)


def _parse(data: bytes) -> list[SQLModel]:
    tables = {_name(table): table for table in KEPT}
    try:
        pairs = [json.loads(line) for line in data.splitlines()]
        return [_row(tables[name], values) for name, values in pairs]
    except (KeyError, TypeError, ValueError) as fault:
        raise ConfigurationError(
            f"The backup's rows are not of their form ({type(fault).__name__}).", mend="Take another backup."
        ) from None


def _row(table: type[SQLModel], values: Mapping[str, Any]) -> SQLModel:
    """Return a row that the database numbers itself, in the order in which rows are added."""
    given = {name: value for name, value in values.items() if name != "id"}
    return table.model_validate(given)


def _has_rows(url: str) -> bool:
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return False
    with Store(url) as store, store.session(readonly=True) as session:
        if revision(session.connection()) is None:
            return False
        return any(_count(session, table) for table in KEPT)


def _count(session: Session, table: type[SQLModel]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def _replace(session: Session, rows: Sequence[SQLModel], tell: Callable[[float], None]) -> None:
    for table in (*MADE_AGAIN, *KEPT):
        session.execute(delete(table))
    for done, row in enumerate(rows):
        if done % _BETWEEN == 0:
            tell(done / len(rows))
        session.add(row)
        session.flush()  # one by one: numbers follow the order of the backup


def _name(table: type[SQLModel]) -> str:
    return str(table.__tablename__)


def _key(table: type[SQLModel]) -> list[Any]:
    return list(table.__table__.primary_key.columns)  # type: ignore[attr-defined]
