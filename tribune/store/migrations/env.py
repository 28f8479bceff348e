"""Alembic's entry: run the migrations on the connection that `tribune.store.upgrade` hands over."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import tribune.store.tables  # noqa: F401 - fills SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters a table only by copying it
)
with context.begin_transaction():
    context.run_migrations()
