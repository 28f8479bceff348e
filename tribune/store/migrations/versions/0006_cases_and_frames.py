"""Which case and which frame an event is about: for incidents and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, fill them for the events that are there, and index them."""
    op.add_column("chain_event", sa.Column("case_id", sa.BigInteger(), nullable=True))
    op.add_column("chain_event", sa.Column("frame", sa.BigInteger(), nullable=True))
    sqlite = op.get_bind().dialect.name == "sqlite"

    def arg(name: str) -> str:
        return f"json_extract(args, '$.{name}')" if sqlite else f"(args ->> '{name}')::bigint"

    op.execute(f"UPDATE chain_event SET case_id = nullif({arg('case_id')}, 0), frame = {arg('frame')}")  # noqa: S608
    some = sa.text("case_id IS NOT NULL")
    op.create_index(
        "ix_chain_event_case_id",
        "chain_event",
        ["case_id", "name", "id"],
        sqlite_where=some,
        postgresql_where=some,
    )
    op.create_index("ix_chain_event_frame", "chain_event", ["model_id", "frame", "name", "id"])
