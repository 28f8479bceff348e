"""Which databases an installation has, by the name of whom they are for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tribune.operations.parts import parts_of

if TYPE_CHECKING:
    from tribune.settings import Settings

SHARED = "main"
"""The store of the settings file itself: of pages, bot, and a monitor that has no table of its own."""


def stores_of(settings: Settings) -> dict[str, str]:
    """Return the address of each store."""
    found = {f"monitor-{name}": settings.of_monitor(name).store_url for name in settings.monitors}
    if not found or {"web", "bot"} & {part.name for part in parts_of(settings)}:
        found[SHARED] = settings.store_url
    return found


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite store; None for any other, or an address that cannot be read."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(str(parsed.database)) if is_file else None
