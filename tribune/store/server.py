"""What the admins of a Discord server chose, as a small document. Commits nothing."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from tribune.store.tables import ServerSettings, now


def server_settings(session: Session, guild_id: int) -> dict[str, Any]:
    """Return what was chosen for a server; empty where nothing was."""
    row = session.get(ServerSettings, guild_id)
    return {} if row is None else dict(row.settings)


def choose(session: Session, guild_id: int, /, **chosen: Any) -> dict[str, Any]:
    """Set some of a server's settings and keep the others; return all of them."""
    row = session.get(ServerSettings, guild_id) or ServerSettings(guild_id=guild_id)
    row.settings, row.updated_at = {**row.settings, **chosen}, now()
    session.add(row)
    return dict(row.settings)
