"""What people do in Discord and on the pages: calls for votes, drafts, delegations, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MODEL_OF = {
    "sqlite": "UPDATE chain_event SET model_id = "
    "coalesce(json_extract(args, '$.model_id'), json_extract(args, '$.token_id')) "
    "WHERE coalesce(json_type(args, '$.model_id'), json_type(args, '$.token_id')) = 'integer'",
    "postgresql": "UPDATE chain_event "
    "SET model_id = coalesce(args ->> 'model_id', args ->> 'token_id')::bigint "
    "WHERE coalesce(args ->> 'model_id', args ->> 'token_id') ~ '^[0-9]{1,18}$'",
}
"""Models are numbered from 1, so that their ids are small."""
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Say where a ballot is cast and who is told, whose wallet is public, what model an event is about."""
    with op.batch_alter_table("ballot") as table:
        table.add_column(sa.Column("governor", sa.String(), nullable=False, server_default="PauseGovernor"))
        table.add_column(sa.Column("discord_user_id", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("ballot") as table:
        for column in ("governor", "discord_user_id"):
            table.alter_column(column, server_default=None)
    with op.batch_alter_table("wallet_link") as table:
        table.add_column(sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("wallet_link") as table:
        table.alter_column("public", server_default=None)
    op.add_column("chain_event", sa.Column("model_id", sa.BigInteger(), nullable=True))
    op.execute(_MODEL_OF[op.get_bind().dialect.name])
    op.create_index("ix_chain_event_model_id", "chain_event", ["model_id", "name", "id"])
    op.create_index("ix_ballot_created_at", "ballot", ["created_at"])
    op.create_table(
        "holder_call",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("model_id", "version", "epoch", "round")
        ),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("cid", sa.String(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("discord_user_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_holder_call_model_id", "holder_call", ["model_id"])
    op.create_index("ix_holder_call_state", "holder_call", ["state"])
    op.create_table(
        "call_signature",
        sa.Column("call_id", sa.BigInteger(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "signer"),
    )
    op.create_table(
        "proposal_draft",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("discord_user_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_proposal_draft_proposal_id", "proposal_draft", ["proposal_id"])
    op.create_table(
        "delegation",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("delegator", sa.String(), nullable=False),
        sa.Column("delegatee", sa.String(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("expiry", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tx_hash", sa.String(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("delegator", "nonce", name="uq_delegation_delegator_nonce"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delegation_state", "delegation", ["state"])
    op.create_table(
        "server_settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id"),
    )
    op.create_table(
        "subscription",
        sa.Column("discord_user_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("discord_user_id", "model_id"),
    )


def _times() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
