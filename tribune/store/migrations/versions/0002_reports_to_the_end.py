"""A signed report's way to its final block, what recomputing a peer showed, and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; an evaluation is from now on one for each version and policy."""
    with op.batch_alter_table("signed_report") as table:
        table.add_column(sa.Column("evaluation_policy", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("block_number", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("error", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE signed_report SET evaluation_policy = policy WHERE frame = 0")
    with op.batch_alter_table("signed_report") as table:
        for column in ("evaluation_policy", "block_number", "error"):
            table.alter_column(column, server_default=None)
        table.drop_constraint("uq_signed_report_frame", type_="unique")
        table.create_unique_constraint(
            "uq_signed_report_frame", ["monitor", "model_id", "frame", "evaluation_of", "evaluation_policy"]
        )
    op.create_table(
        "peer_check",
        sa.Column("monitor", sa.String(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("frame", sa.BigInteger(), nullable=False),
        sa.Column("peer", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("monitor", "model_id", "version", "frame", "peer"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
