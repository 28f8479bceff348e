"""The Discord server that the bot speaks in: what its admins chose, and what the bot may do there.

What is not chosen is as configured. Refuses to guess permissions that it cannot see.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from tribune.language import Language, _, best_of, spoken
from tribune.store import server as chosen
from tribune_bot.quiet_hours import QuietHours, QuietHoursError

if TYPE_CHECKING:
    from tribune.store.session import Store


class Room(StrEnum):
    """What a channel is chosen for; the value is its key in the stored settings."""

    CASES = "cases_channel"
    """Cases, calls and warnings."""
    PROPOSALS = "proposals_channel"
    """Slow-lane proposals."""


class Alert(StrEnum):
    """What a role is mentioned for; the value is its key in the stored settings."""

    TRIP = "trip_roles"
    """A model was stopped."""
    VOTE = "vote_roles"
    """Holders are asked to vote."""


@dataclass(frozen=True)
class Server:
    """What holds in the server.

    Args:
        guild_id: the server.
        default_channel: the configured channel, for what has no chosen one.
        channels: those that were chosen.
        roles: whom to mention, by what happened.
        quiet: when warnings and reminders wait; None: never.
        language: of what everybody reads.
    """

    guild_id: int
    default_channel: int
    channels: Mapping[Room, int] = field(default_factory=dict)
    roles: Mapping[Alert, tuple[int, ...]] = field(default_factory=dict)
    quiet: QuietHours | None = None
    language: Language = Language.ENGLISH

    @classmethod
    def of(cls, guild_id: int, default_channel: int, settings: Mapping[str, Any]) -> Server:
        """Read stored settings; what another release wrote and we cannot read counts as not chosen."""
        quiet = settings.get("quiet")
        try:
            hours = QuietHours.parse(*quiet) if isinstance(quiet, list) and len(quiet) == 3 else None
        except QuietHoursError:
            hours = None
        return cls(
            guild_id,
            default_channel,
            {room: int(found) for room in Room if (found := settings.get(room.value))},
            {alert: tuple(int(role) for role in settings.get(alert.value) or ()) for alert in Alert},
            hours,
            best_of([settings.get("language")]),
        )

    def channel_of(self, subject: str) -> int:
        """Return the channel in which a subject such as `case/7` is first posted."""
        if subject.startswith("closed-channel/"):
            return self.default_channel
        room = Room.PROPOSALS if subject.startswith("proposal/") else Room.CASES
        return self.channels.get(room, self.default_channel)

    def quiet_until(self, at: datetime) -> datetime | None:
        """Return when what can wait is told that comes up at this time; None: at once."""
        return None if self.quiet is None else self.quiet.ends(at)


class Servers:
    """Reads and writes what was chosen for the one server that the bot serves.

    Args:
        store: where it is kept.
        guild_id: the server.
        default_channel: the configured channel.
    """

    def __init__(self, store: Store, guild_id: int, default_channel: int) -> None:
        self._store = store
        self._guild_id = guild_id
        self._default = default_channel
        self._known: Server | None = None

    async def now(self) -> Server:
        """Return what holds now.

        Raises:
            StoreError: it cannot be read.
        """
        if self._known is None:
            settings = await self._store.read(chosen.server_settings, self._guild_id)
            self._known = Server.of(self._guild_id, self._default, settings)
        return self._known

    @asynccontextmanager
    async def speaking(self) -> AsyncIterator[None]:
        """Speak the server's language within this block: for everything that everybody reads.

        Raises:
            StoreError: it cannot be read which one that is.
        """
        with spoken((await self.now()).language):
            yield

    async def choose(self, **settings: Any) -> Server:
        """Change some settings; return what holds now.

        Raises:
            StoreError: they cannot be written.
        """
        stored = await self._store.run(chosen.choose, self._guild_id, **settings)
        self._known = Server.of(self._guild_id, self._default, stored)
        return self._known


def missing_permissions(channel: discord.abc.GuildChannel, me: discord.Member) -> list[str]:
    """Return what the bot needs in a channel and may not do there, as Discord's settings name it."""
    has = channel.permissions_for(me)
    needed = {
        "view_channel": _("View Channel"),
        "send_messages": _("Send Messages"),
        "embed_links": _("Embed Links"),
        "attach_files": _("Attach Files"),
        "create_public_threads": _("Create Public Threads"),
        "send_messages_in_threads": _("Send Messages in Threads"),
        "read_message_history": _("Read Message History"),
    }
    return [name for permission, name in needed.items() if not getattr(has, permission)]
