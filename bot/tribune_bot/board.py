"""One message a subject: posted once, edited in place, whatever happens in between.

Before the first post an intent is stored. A restart that finds the intent but no message looks whether the
message got out; and Discord itself is given a nonce that it takes once. So a crash at any point posts neither
twice nor never. What a message shows is kept as a digest, so that an unchanged one is not edited.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import discord

from tribune.log import get_logger
from tribune.store import messages, queries
from tribune_bot.errors import discord_faults

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot
    from tribune_bot.services import Services

INTENT = "discord.intent"
CLOCK_SKEW = timedelta(minutes=2)
"""How far Discord's clock and ours may differ when we look for a message that may have got out."""
LOOK_BACK = 200
"""Messages looked through; a channel hardly gets more between a crash and a restart."""


@dataclass(frozen=True)
class Shown:
    """What a message shows.

    Args:
        content: its text.
        buttons: its buttons, in order.
        mark: custom_id of one of its buttons, or its first line: tells whose message it is after a crash.
    """

    content: str
    mark: str
    buttons: tuple[discord.ui.Item[Any], ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """Digest of all that can change."""
        parts = [self.content, *(item.to_component_dict() for item in self.buttons)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def view(self) -> discord.ui.View:
        """Return the buttons as discord.py takes them; they outlive this process."""
        view = discord.ui.View(timeout=None)
        for item in self.buttons:
            view.add_item(item)
        return view


class Board:
    """Posts and edits the messages of subjects.

    Args:
        bot: who speaks.
        services: store and channel.
    """

    def __init__(self, bot: TribuneBot, services: Services) -> None:
        self._bot = bot
        self._store = services.store
        self._channel_id = services.channel_id
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def show(self, subject: str, shown: Shown, *, post: bool = True) -> bool:
        """Post a subject's message or bring it up to date; return whether Discord was told anything.

        Args:
            subject: `case/7`.
            shown: what it is to show.
            post: whether to post where there is no message yet.

        Raises:
            DiscordUnreachableError: Discord did not take it; nothing is lost, call again.
        """
        async with self._turns[subject]:
            known = await self._store.read(queries.posted_message, subject)
            if known is None:
                if post:
                    await self._post(subject, shown)
                return post
            if known.digest == shown.digest:
                return False
            try:
                with discord_faults("edit a message"):
                    message = self._bot.get_partial_messageable(known.channel_id).get_partial_message(
                        known.message_id
                    )
                    await self._edit(message, content=shown.content, view=shown.view())
            except _GoneError:
                # A moderator deleted it. That was a decision: it is not posted again.
                get_logger(__name__).warning("a message was deleted in Discord", subject=subject)
            await self._store.run(messages.record_shown, subject, shown.digest)
            return True

    async def attach(self, subject: str, name: str, image: bytes, description: str) -> None:
        """Put a picture into a subject's message, in place of any other.

        Raises:
            DiscordUnreachableError: as `show`.
        """
        import io

        known = await self._store.read(queries.posted_message, subject)
        if known is None:
            return
        file = discord.File(io.BytesIO(image), filename=name, description=description[:1000])
        try:
            with discord_faults("attach a chart"):
                message = self._bot.get_partial_messageable(known.channel_id).get_partial_message(
                    known.message_id
                )
                await self._edit(message, attachments=[file])
        except _GoneError:
            return

    async def _edit(self, message: discord.PartialMessage, **changes: Any) -> None:
        try:
            await message.edit(allowed_mentions=discord.AllowedMentions.none(), **changes)
        except discord.NotFound as fault:
            raise _GoneError from fault

    async def _post(self, subject: str, shown: Shown) -> None:
        channel = self._bot.get_partial_messageable(self._channel_id)
        fresh, since = await self._store.run(_intend, subject)
        with discord_faults("post a message"):
            sent: discord.Message | None = None
            if not fresh:
                sent = await self._find(channel, shown.mark, since)
            if sent is None:
                sent = await channel.send(
                    shown.content,
                    view=shown.view(),
                    nonce=_nonce(shown.mark, since),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            else:  # it shows what was so when it was posted
                with contextlib.suppress(_GoneError):
                    await self._edit(
                        channel.get_partial_message(sent.id), content=shown.content, view=shown.view()
                    )
        await self._store.run(messages.record_posted, subject, self._channel_id, sent.id, shown.digest)
        get_logger(__name__).info("posted", subject=subject, message=sent.id)

    async def _find(
        self, channel: discord.PartialMessageable, mark: str, since: datetime
    ) -> discord.Message | None:
        """Return the message that an earlier attempt may have got out."""
        me = self._bot.user.id if self._bot.user is not None else 0
        async for message in channel.history(limit=LOOK_BACK, after=since - CLOCK_SKEW, oldest_first=False):
            if message.author.id == me and mark in (
                *_custom_ids(message.components),
                *message.content.splitlines(),
            ):
                return message
        return None


class _GoneError(Exception):
    """The message is not there any more."""


def _intend(session: Any, subject: str) -> tuple[bool, datetime]:
    """Store that a subject is about to be posted; return whether that is new, and since when it is so."""
    key = f"post/{subject}"
    fresh = queries.enqueue(session, key, INTENT, {})
    row = queries.outbox_row(session, key)
    if row is None:  # written in this transaction
        raise AssertionError("a stored intent cannot be absent")
    return fresh, row.created_at


def _nonce(mark: str, since: datetime) -> str:
    """Return what lets Discord tell a repeated post; its limit is 25 characters."""
    return hashlib.sha256(f"{mark}/{since.timestamp()}".encode()).hexdigest()[:25]


def _custom_ids(components: Any) -> set[str]:
    found: set[str] = set()
    for component in components:
        for part in getattr(component, "children", [component]):
            custom_id = getattr(part, "custom_id", None)
            if custom_id:
                found.add(custom_id)
    return found
