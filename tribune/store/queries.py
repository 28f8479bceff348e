"""Small reads and writes that several parts need, each on the caller's session and in its transaction.

None of them commits. What belongs to one caller alone stays with that caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from tribune.store.states import BallotState, OutboxState, PeerVerdict, ReportState
from tribune.store.tables import (
    CachedTally,
    ChainEvent,
    Checkpoint,
    IndexedBlock,
    LinkToken,
    OutboxRow,
    PeerCheck,
    PostedMessage,
    SignedReport,
    StoredBallot,
    WalletLink,
    now,
)

# Insert-once


def add_once(session: Session, row: SQLModel) -> bool:
    """Insert a row unless its unique key is taken; return whether it was inserted.

    One statement, so that two processes cannot both believe that they were first.
    """
    table = type(row).__table__  # type: ignore[attr-defined]
    data = row.model_dump()
    values = {c.name: data[c.name] for c in table.columns if not (c.name == "id" and data["id"] is None)}
    on = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # The row that comes back is the proof: a count of inserted rows is not kept on PostgreSQL.
    statement = on(table).values(values).on_conflict_do_nothing().returning(*table.primary_key)
    return session.connection().execute(statement).first() is not None


def _storable(text: str) -> str:
    """Return a text that every database takes: what a contract or node said may hold anything."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


# Outbox


def enqueue(
    session: Session, key: str, kind: str, payload: dict[str, Any], *, not_before: datetime | None = None
) -> bool:
    """Put work in the outbox in the caller's transaction; return False where the key is already there."""
    row = OutboxRow(key=key, kind=kind, payload=payload)
    if not_before is not None:
        row.not_before = not_before
    return add_once(session, row)


def outbox_row(session: Session, key: str) -> OutboxRow | None:
    """Return the row of a key."""
    return session.exec(select(OutboxRow).where(OutboxRow.key == key)).first()


def queued(session: Session, kinds: Iterable[str], limit: int = 100) -> Sequence[OutboxRow]:
    """Return the oldest queued rows of these kinds, in order, due or not."""
    return session.exec(
        select(OutboxRow)
        .where(OutboxRow.state == OutboxState.QUEUED, col(OutboxRow.kind).in_(list(kinds)))
        .order_by(col(OutboxRow.id))
        .limit(limit)
    ).all()


def drop_queued(session: Session, begin: str, keep: Iterable[str], *, before: datetime | None = None) -> int:
    """Delete the queued rows whose kind begins so and is not to be kept; return how many that were.

    With `before`, only those that were written before then.
    """
    unwanted = delete(OutboxRow).where(
        col(OutboxRow.state) == OutboxState.QUEUED,
        col(OutboxRow.kind).startswith(begin, autoescape=True),
        col(OutboxRow.kind).not_in(list(keep)),
    )
    if before is not None:
        unwanted = unwanted.where(col(OutboxRow.created_at) < before)
    return int(session.connection().execute(unwanted).rowcount)


def requeue_failed(session: Session, kinds: Iterable[str]) -> None:
    """Let failed rows of these kinds be tried again, now."""
    session.execute(
        update(OutboxRow)
        .where(col(OutboxRow.state) == OutboxState.FAILED, col(OutboxRow.kind).in_(list(kinds)))
        .values(state=str(OutboxState.QUEUED), not_before=now(), attempts=0, updated_at=now())
    )


def outbox_depth(session: Session, begin: str = "") -> int:
    """Return how many rows wait whose kind begins so."""
    statement = select(func.count()).where(
        OutboxRow.state == OutboxState.QUEUED, col(OutboxRow.kind).startswith(begin, autoescape=True)
    )
    return int(session.exec(statement).one())


def settle(
    session: Session, row_id: int, state: OutboxState, *, result: dict[str, Any], error: str = ""
) -> None:
    """Close a row as done or failed."""
    session.execute(
        update(OutboxRow)
        .where(col(OutboxRow.id) == row_id)
        .values(
            state=str(state),
            result=result,
            error=_storable(error),
            attempts=OutboxRow.attempts + 1,
            updated_at=now(),
        )
    )


def postpone(session: Session, row_id: int, not_before: datetime, error: str) -> None:
    """Leave a row queued, count the attempt and set when to try again."""
    session.execute(
        update(OutboxRow)
        .where(col(OutboxRow.id) == row_id)
        .values(
            not_before=not_before, error=_storable(error), attempts=OutboxRow.attempts + 1, updated_at=now()
        )
    )


# Chain index


def checkpoint(session: Session, name: str) -> Checkpoint | None:
    """Return how far a reader got; None before its first block."""
    return session.get(Checkpoint, name)


def set_checkpoint(session: Session, name: str, block_number: int, block_hash: str) -> None:
    """Record how far a reader got."""
    session.merge(Checkpoint(name=name, block_number=block_number, block_hash=block_hash))


def remember_blocks(session: Session, name: str, hashes: Mapping[int, str], keep: int) -> None:
    """Keep the hashes of blocks that go on from those kept, to find a common ancestor after a reorg.

    Those more than `keep` below the newest are forgotten.
    """
    oldest = max(hashes) - keep
    session.connection().execute(
        delete(IndexedBlock).where(col(IndexedBlock.name) == name, col(IndexedBlock.number) <= oldest)
    )
    rows = [
        {"name": name, "number": number, "hash": digest}
        for number, digest in sorted(hashes.items())
        if number > oldest
    ]
    session.connection().execute(insert(IndexedBlock), rows)


def remembered_blocks(session: Session, name: str, limit: int | None = None) -> Sequence[IndexedBlock]:
    """Return the kept blocks, newest first."""
    return session.exec(
        select(IndexedBlock)
        .where(IndexedBlock.name == name)
        .order_by(col(IndexedBlock.number).desc())
        .limit(limit)
    ).all()


def block_of_event(session: Session, at_most: int) -> tuple[int, str] | None:
    """Return number and hash of the newest block with an event, up to a number."""
    found = session.exec(
        select(ChainEvent.block_number, ChainEvent.block_hash)
        .where(ChainEvent.block_number <= at_most)
        .order_by(col(ChainEvent.block_number).desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


def add_events(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert events that are not there yet, in this order; each row holds every column but `id`."""
    if rows:
        session.connection().execute(insert(ChainEvent), rows)


def roll_back(session: Session, name: str, to_block: int) -> int:
    """Forget blocks and events above a block and move the checkpoint; return how many events that were."""
    session.execute(
        delete(IndexedBlock).where(col(IndexedBlock.name) == name, col(IndexedBlock.number) > to_block)
    )
    dropped = session.connection().execute(delete(ChainEvent).where(col(ChainEvent.block_number) > to_block))
    kept = remembered_blocks(session, name)
    if kept:
        set_checkpoint(session, name, kept[0].number, kept[0].hash)
    else:
        session.execute(delete(Checkpoint).where(col(Checkpoint.name) == name))
    return int(dropped.rowcount)


def events_since(
    session: Session, event_id: int, *, names: Iterable[str] = (), limit: int = 1000
) -> Sequence[ChainEvent]:
    """Return events with a greater row id, in order; `names` narrows to these events."""
    statement = select(ChainEvent).where(col(ChainEvent.id) > event_id)
    wanted = list(names)
    if wanted:
        statement = statement.where(col(ChainEvent.name).in_(wanted))
    return session.exec(statement.order_by(col(ChainEvent.id)).limit(limit)).all()


# Ballots


def ballots_of(
    session: Session, proposal_id: int, *, state: BallotState | None = None
) -> Sequence[StoredBallot]:
    """Return a proposal's ballots in the order of their arrival."""
    statement = select(StoredBallot).where(StoredBallot.proposal_id == str(proposal_id))
    if state is not None:
        statement = statement.where(StoredBallot.state == state)
    return session.exec(statement.order_by(col(StoredBallot.id))).all()


def ballot_of(session: Session, proposal_id: int, voter: str) -> StoredBallot | None:
    """Return a voter's ballot on a proposal."""
    return session.exec(
        select(StoredBallot).where(StoredBallot.proposal_id == str(proposal_id), StoredBallot.voter == voter)
    ).first()


def ballots_in(session: Session, state: BallotState, limit: int = 500) -> Sequence[StoredBallot]:
    """Return the oldest ballots in a state, over all proposals."""
    return session.exec(
        select(StoredBallot).where(StoredBallot.state == state).order_by(col(StoredBallot.id)).limit(limit)
    ).all()


# Wallet links


def spend_link_token(session: Session, token_sha256: str, at: datetime) -> LinkToken | None:
    """Spend a one-time link; None where it is unknown, spent or expired. Exactly one caller succeeds."""
    spent = session.connection().execute(
        update(LinkToken)
        .where(
            col(LinkToken.token_sha256) == token_sha256,
            col(LinkToken.spent_at).is_(None),
            col(LinkToken.expires_at) > at,
        )
        .values(spent_at=at)
    )
    return session.get(LinkToken, token_sha256) if spent.rowcount == 1 else None


def link_wallet(session: Session, discord_user_id: int, wallet: str) -> None:
    """Record that a user proved a wallet."""
    session.merge(WalletLink(discord_user_id=discord_user_id, wallet=wallet))


def wallets_of(session: Session, discord_user_id: int) -> list[str]:
    """Return a user's proved wallets."""
    rows = session.exec(
        select(WalletLink)
        .where(WalletLink.discord_user_id == discord_user_id)
        .order_by(col(WalletLink.linked_at))
    )
    return [row.wallet for row in rows]


# Discord messages


def posted_message(session: Session, subject: str) -> PostedMessage | None:
    """Return the one message of a subject; None before it was posted."""
    return session.get(PostedMessage, subject)


# Monitors


def cached_tally(session: Session, partition_sha256: str, profile_digest: str) -> CachedTally | None:
    """Return a partition's cached counts under a profile."""
    return session.get(CachedTally, (partition_sha256, profile_digest))


def signed_report(
    session: Session, monitor: str, model_id: int, frame: int, version: int, policy: str
) -> SignedReport | None:
    """Return what this monitor signed for a frame (frame 0: for that version and policy)."""
    return session.exec(
        select(SignedReport).where(
            SignedReport.monitor == monitor,
            SignedReport.model_id == model_id,
            SignedReport.frame == frame,
            SignedReport.evaluation_of == (version if frame == 0 else 0),
            SignedReport.evaluation_policy == (policy if frame == 0 else ""),
        )
    ).first()


def store_signature(session: Session, report: SignedReport) -> SignedReport:
    """Store a signature before it is published; return the row in force.

    Where one is stored already for the monitor, model and frame (frame 0: version and policy), that one
    is returned and the new signature must not be used.
    """
    report.evaluation_of = report.version if report.frame == 0 else 0
    report.evaluation_policy = report.policy if report.frame == 0 else ""
    add_once(session, report)
    kept = signed_report(
        session, report.monitor, report.model_id, report.frame, report.version, report.policy
    )
    if kept is None:  # the insert and this read are one transaction
        raise AssertionError("a stored signature cannot be absent")
    return kept


def reports_in(
    session: Session, monitor: str, *states: ReportState, model_id: int | None = None
) -> Sequence[SignedReport]:
    """Return a monitor's signed reports in any of these states, if need be of one model, oldest first."""
    wanted = select(SignedReport).where(
        SignedReport.monitor == monitor, col(SignedReport.state).in_([str(state) for state in states])
    )
    if model_id is not None:
        wanted = wanted.where(SignedReport.model_id == model_id)
    return session.exec(wanted.order_by(col(SignedReport.id))).all()


def reports_from(session: Session, monitor: str, model_id: int, frame: int) -> Sequence[SignedReport]:
    """Return what a monitor signed for a model's frames from one on, in whatever state, oldest first."""
    return session.exec(
        select(SignedReport)
        .where(
            SignedReport.monitor == monitor,
            SignedReport.model_id == model_id,
            col(SignedReport.frame) >= frame,
        )
        .order_by(col(SignedReport.id))
    ).all()


def set_report_state(
    session: Session,
    report_id: int,
    state: ReportState,
    *,
    tx_hash: str | None = None,
    block_number: int | None = None,
    error: str = "",
) -> None:
    """Move a signed report on (or back); a transaction or block that is not given stays as it was."""
    values: dict[str, Any] = {"state": str(state), "error": _storable(error), "updated_at": now()}
    if tx_hash is not None:
        values["tx_hash"] = tx_hash
    if block_number is not None:
        values["block_number"] = block_number
    session.execute(update(SignedReport).where(col(SignedReport.id) == report_id).values(values))


def record_peer_check(session: Session, check: PeerCheck) -> PeerVerdict:
    """Record what a look at a peer showed; return the verdict in force.

    "Absent" gives way to what a later look finds, and all to "differs", whatever the peer shows later.
    """
    found = session.get(PeerCheck, (check.monitor, check.model_id, check.version, check.frame, check.peer))
    if found is None or found.verdict == PeerVerdict.ABSENT or check.verdict == PeerVerdict.DIFFERS:
        found = session.merge(check)
    return PeerVerdict(found.verdict)


def peer_verdicts(
    session: Session, monitor: str, model_id: int, version: int, frame: int
) -> dict[str, PeerVerdict]:
    """Return peer → verdict of what this monitor looked at in a frame."""
    rows = session.exec(
        select(PeerCheck).where(
            PeerCheck.monitor == monitor,
            PeerCheck.model_id == model_id,
            PeerCheck.version == version,
            PeerCheck.frame == frame,
        )
    )
    return {row.peer: PeerVerdict(row.verdict) for row in rows}
