"""The tables. Times are aware UTC, digests and addresses hex text, uint256 decimal text.

Holds no rules beyond uniqueness: what a state means is the business of whoever writes it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON as SqlJson
from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from tribune.store.columns import Big, UtcTime
from tribune.store.states import BallotState, CallState, OutboxState, ReportState


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class Checkpoint(SQLModel, table=True):
    """The last block that a named reader has taken in whole."""

    name: str = Field(primary_key=True)
    block_number: int = Field(sa_type=BigInteger)
    block_hash: str
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class IndexedBlock(SQLModel, table=True):
    """A block that the indexer took in, kept to find the common ancestor after a reorg."""

    __tablename__ = "indexed_block"
    name: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    hash: str


class ChainEvent(SQLModel, table=True):
    """A contract's event as the indexer read it."""

    __tablename__ = "chain_event"
    __table_args__ = (
        UniqueConstraint("block_hash", "log_index", name="uq_chain_event_block_log"),
        Index("ix_chain_event_name_id", "name", "id"),
        Index("ix_chain_event_model_id", "model_id", "name", "id"),
        Index("ix_chain_event_account", "account", "name", "id"),
        Index("ix_chain_event_proposal", "proposal", "id"),
        Index(
            "ix_chain_event_case_id",
            *("case_id", "name", "id"),
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
        Index("ix_chain_event_frame", "model_id", "frame", "name", "id"),
        # A row id is never given again after a rollback: readers keep their place by it.
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    block_number: int = Field(sa_type=BigInteger, index=True)
    block_hash: str
    block_time: datetime = Field(sa_type=UtcTime, index=True)
    tx_hash: str
    log_index: int
    address: str
    contract: str
    """Name of the contract in the deployment, such as `KillSwitch`."""
    name: str
    """Name of the event; empty where the ABI does not know it."""
    model_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """The model that it is about; None where it names none."""
    case_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """The case that it is about; None where it names none."""
    frame: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    """The frame that it is about; None where it names none."""
    account: str | None = None
    """The account that acted, or that it was done to; None where it names none."""
    proposal: str | None = None
    """The proposal that it is about, 0x and 64 hex digits; None where it names none."""
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(SqlJson, nullable=False))
    """Decoded arguments in snake_case; bytes as 0x-hex, big integers as they are."""
    topics: list[str] = Field(default_factory=list, sa_column=Column(SqlJson, nullable=False))
    data: str = Field(sa_type=Text)


class OutboxRow(SQLModel, table=True):
    """Something that must reach the chain, Discord or disk exactly once in effect."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", name="uq_outbox_key"),
        Index("ix_outbox_state_id", "state", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    key: str
    kind: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(SqlJson, nullable=False))
    state: str = Field(default=OutboxState.QUEUED)
    attempts: int = 0
    not_before: datetime = Field(default_factory=now, sa_type=UtcTime)
    error: str = ""
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(SqlJson, nullable=False))
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class StoredBallot(SQLModel, table=True):
    """A voter's signed ballot; one for each proposal and voter, since a vote cannot be changed."""

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("proposal_id", "voter", name="uq_ballot_proposal_voter"),)
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    proposal_id: str
    governor: str = "PauseGovernor"
    """Contract that the vote is at: `PauseGovernor`, or `OversightGovernor`."""
    case_id: int = Field(default=0, sa_type=BigInteger)
    """The case that the vote is about; 0 for a vote of the slow lane."""
    discord_user_id: int = Field(default=0, sa_type=BigInteger)
    """Who is told once it is mined; 0 where nobody is known."""
    voter: str
    support: int
    reason: str = Field(default="", sa_type=Text)
    signature: str = Field(sa_type=Text)
    state: str = Field(default=BallotState.QUEUED, index=True)
    tx_hash: str = ""
    block_number: int = Field(default=0, sa_type=BigInteger)
    weight: str = "0"
    error: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime, index=True)
    """Indexed: what was taken in a day is counted for each ballot that comes."""
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class HolderCall(SQLModel, table=True):
    """What holders sign so that a vote opens: a pause with its harm, or a resume with its cure."""

    __tablename__ = "holder_call"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    kind: str
    """`holder_pause` or `holder_resume`."""
    model_id: int = Field(sa_type=BigInteger, index=True)
    version: int = Field(sa_type=BigInteger)
    epoch: int = Field(sa_type=BigInteger)
    round: int = Field(sa_type=BigInteger)
    evidence: str
    """sha-256 digest of the document that voters shall read."""
    cid: str
    deadline: datetime = Field(sa_type=UtcTime)
    discord_user_id: int = Field(default=0, sa_type=BigInteger)
    """Who began it; 0 where nobody is known."""
    state: str = Field(default=CallState.COLLECTING, index=True)
    case_id: int = Field(default=0, sa_type=BigInteger)
    """The case that it opened."""
    tx_hash: str = ""
    """The transaction in which we opened it, or last tried to."""
    block_number: int = Field(default=0, sa_type=BigInteger)
    """The block at which its end was first seen; 0 before that, and once no reorg can undo it."""
    error: str = Field(default="", sa_type=Text)
    """Why it is over, or cannot be opened now."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class CallSignature(SQLModel, table=True):
    """A holder's signature under a call; one for each holder."""

    __tablename__ = "call_signature"
    call_id: int = Field(primary_key=True, sa_type=BigInteger)
    signer: str = Field(primary_key=True)
    signature: str = Field(sa_type=Text)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class ProposalDraft(SQLModel, table=True):
    """A proposal of the slow lane before its proposer's wallet has sent it."""

    __tablename__ = "proposal_draft"
    id: str = Field(primary_key=True)
    """Random: whoever knows it may read the draft, and nothing else."""
    kind: str
    """`policy` or `monitor`."""
    description: str = Field(sa_type=Text)
    calls: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(SqlJson, nullable=False))
    """What would run: `to`, `value` as decimal text, `data` as hex."""
    documents: dict[str, str] = Field(default_factory=dict, sa_column=Column(SqlJson, nullable=False))
    """Content ids of what it carries, by name: `policy`, `backtest`."""
    discord_user_id: int = Field(default=0, sa_type=BigInteger)
    proposal_id: str = Field(default="", index=True)
    """The id that its calls and description give it, decimal."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class SignedDelegation(SQLModel, table=True):
    """A holder's signed delegation on its way into a block."""

    __tablename__ = "delegation"
    __table_args__ = (
        UniqueConstraint("delegator", "nonce", name="uq_delegation_delegator_nonce"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    delegator: str
    delegatee: str
    nonce: int = Field(sa_type=BigInteger)
    expiry: datetime = Field(sa_type=UtcTime)
    signature: str = Field(sa_type=Text)
    state: str = Field(default=BallotState.QUEUED, index=True)
    tx_hash: str = ""
    block_number: int = Field(default=0, sa_type=BigInteger)
    error: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class ServerSettings(SQLModel, table=True):
    """What the admins of a Discord server chose with `/setup`."""

    __tablename__ = "server_settings"
    guild_id: int = Field(primary_key=True, sa_type=BigInteger)
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(SqlJson, nullable=False))
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Subscription(SQLModel, table=True):
    """A Discord user who asked for direct messages about a model."""

    __tablename__ = "subscription"
    discord_user_id: int = Field(primary_key=True, sa_type=BigInteger)
    model_id: int = Field(primary_key=True, sa_type=BigInteger)
    """0 for every model."""
    language: str = "en"
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Reader(SQLModel, table=True):
    """The language in which a Discord user last spoke to the bot: for what is told by direct message."""

    __tablename__ = "reader"
    discord_user_id: int = Field(primary_key=True, sa_type=BigInteger)
    language: str


class WalletLink(SQLModel, table=True):
    """A Discord user's wallet, proved by its signature. For notices and display, never for voting."""

    __tablename__ = "wallet_link"
    discord_user_id: int = Field(primary_key=True, sa_type=BigInteger)
    wallet: str = Field(primary_key=True)
    public: bool = False
    """Whether others may see that it is this user's."""
    linked_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class LinkToken(SQLModel, table=True):
    """A one-time link, by the sha-256 of its token, so that the table alone links nobody."""

    __tablename__ = "link_token"
    token_sha256: str = Field(primary_key=True)
    discord_user_id: int = Field(sa_type=BigInteger)
    nonce: str
    expires_at: datetime = Field(sa_type=UtcTime)
    spent_at: datetime | None = Field(default=None, sa_type=UtcTime, nullable=True)
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class PostedMessage(SQLModel, table=True):
    """The one Discord message of a subject (`case/7`, `model/1`), edited and never posted again."""

    __tablename__ = "posted_message"
    subject: str = Field(primary_key=True)
    channel_id: int = Field(sa_type=BigInteger)
    message_id: int = Field(sa_type=BigInteger)
    digest: str = ""
    """Digest of what it shows, so that an unchanged message is not edited."""
    posted_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class CachedTally(SQLModel, table=True):
    """Counts of one sealed partition under one profile, with its witness MAC where one was computed."""

    __tablename__ = "cached_tally"
    partition_sha256: str = Field(primary_key=True)
    profile_digest: str = Field(primary_key=True)
    tally: bytes = Field(sa_type=LargeBinary)
    """Canonical bytes; their form is the caller's."""
    mac: str = ""
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class SignedReport(SQLModel, table=True):
    """A report with this monitor's signature, stored before it is published.

    One for each monitor, model and frame; frame 0 is a version's evaluation, so there one for each
    version and policy. A restart finds the row and can never sign a second report for the frame.
    """

    __tablename__ = "signed_report"
    __table_args__ = (
        UniqueConstraint(
            "monitor",
            "model_id",
            "frame",
            "evaluation_of",
            "evaluation_policy",
            name="uq_signed_report_frame",
        ),
    )
    id: int | None = Field(default=None, sa_column=Column(Big, primary_key=True, autoincrement=True))
    monitor: str
    model_id: int = Field(sa_type=BigInteger)
    frame: int = Field(sa_type=BigInteger)
    version: int = Field(sa_type=BigInteger)
    evaluation_of: int = Field(default=0, sa_type=BigInteger)
    """The version where frame is 0, else 0: makes the uniqueness above exact."""
    evaluation_policy: str = ""
    """The policy where frame is 0, else empty: likewise."""
    digest: str
    """Struct hash of the report."""
    policy: str
    manifest: str
    evidence: str
    """sha-256 digest of the evidence document."""
    cid: str = ""
    report_values: list[int] = Field(default_factory=list, sa_column=Column(SqlJson, nullable=False))
    witness: str
    signature: str
    state: str = Field(default=ReportState.SIGNED, index=True)
    tx_hash: str = ""
    block_number: int = Field(default=0, sa_type=BigInteger)
    """The block that has it; 0 where none is known."""
    error: str = Field(default="", sa_type=Text)
    """Why it stands where it stands, such as the contract's refusal."""
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class PeerCheck(SQLModel, table=True):
    """What this monitor found when it recomputed a peer's witness; the expected witness is kept nowhere."""

    __tablename__ = "peer_check"
    monitor: str = Field(primary_key=True)
    """The one that looked."""
    model_id: int = Field(primary_key=True, sa_type=BigInteger)
    version: int = Field(primary_key=True, sa_type=BigInteger)
    frame: int = Field(primary_key=True, sa_type=BigInteger)
    peer: str = Field(primary_key=True)
    """The one looked at."""
    verdict: str
    created_at: datetime = Field(default_factory=now, sa_type=UtcTime)


class Lease(SQLModel, table=True):
    """The right of one process to do what a name stands for (`monitor/0x…`), until a time."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    """Random and new for each process: a restart is another holder."""
    host: str
    pid: int = Field(sa_type=BigInteger)
    until: datetime = Field(sa_type=UtcTime)
    """By the clock that the holder goes by."""
