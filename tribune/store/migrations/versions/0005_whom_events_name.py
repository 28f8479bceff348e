"""Whom an event names and which proposal it is about, and events by time: for trails, monitors and voters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NOBODY = "'0x" + "0" * 40 + "'"
_ACCOUNTS = ("voter", "monitor", "auditor", "steward", "proposer", "account", "delegator")
_FIRST_WORD = (
    *("VoteCast", "VoteCastWithParams", "ProposalCreated"),
    *("ProposalQueued", "ProposalExecuted", "ProposalCanceled"),
)


def upgrade() -> None:
    """Add the columns, fill them for the events that are there, and index them."""
    op.add_column("chain_event", sa.Column("account", sa.String(), nullable=True))
    op.add_column("chain_event", sa.Column("proposal", sa.String(), nullable=True))
    op.execute(_filled(sqlite=op.get_bind().dialect.name == "sqlite"))
    op.create_index("ix_chain_event_account", "chain_event", ["account", "name", "id"])
    op.create_index("ix_chain_event_proposal", "chain_event", ["proposal", "id"])
    op.create_index("ix_chain_event_block_time", "chain_event", ["block_time"])


def _filled(*, sqlite: bool) -> str:
    def arg(name: str) -> str:
        return f"json_extract(args, '$.{name}')" if sqlite else f"(args ->> '{name}')"

    def topic(place: int) -> str:
        return f"json_extract(topics, '$[{place}]')" if sqlite else f"(topics ->> {place})"

    given = f"CASE WHEN {arg('from')} = {_NOBODY} THEN {arg('to')} ELSE {arg('from')} END"
    named = f"coalesce({', '.join(arg(name) for name in _ACCOUNTS)})"
    first = ", ".join(f"'{name}'" for name in _FIRST_WORD)
    return (
        "UPDATE chain_event SET "  # noqa: S608 - nothing in it is given by anybody
        f"account = CASE WHEN name = 'Transfer' AND {arg('token_id')} IS NOT NULL THEN {given} "
        f"ELSE {named} END, "
        f"proposal = CASE WHEN name IN ({first}) THEN substr(data, 1, 66) "
        f"WHEN name = 'CaseVoteOpened' THEN {topic(3)} "
        f"WHEN name IN ('ProposalExtended', 'BallotSkipped') THEN {topic(1)} END"
    )
