"""One message a subject: posted once, edited in place, whatever happens in between.

Before the first post an intent is stored. A restart that finds the intent but no message looks whether the
message got out; and Discord itself is given a nonce that it takes once. So a crash at any point posts neither
twice nor never. What a message shows is kept as a digest, so that an unchanged one is not edited.

The channel of a subject is chosen when it is first posted, and kept; where the bot may not write there, it
posts where the operators told it to, and says so. Edits are made beside whoever asks for them: one a second
and message, the newest content wins, and a message that Discord makes wait holds up no other.
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

from tribune.exceptions import TribuneError
from tribune.language import _
from tribune.log import get_logger
from tribune.store import messages, queries
from tribune_bot.errors import DiscordUnreachableError, discord_faults
from tribune_bot.server import Alert
from tribune_bot.words.text import LONGEST

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot
    from tribune_bot.services import Services

INTENT = "discord.intent"
CLOCK_SKEW = timedelta(minutes=2)
"""How far Discord's clock and ours may differ when we look for a message that may have got out."""
LOOK_BACK = 200
"""Messages looked through; a channel hardly gets more between a crash and a restart."""
EDIT_EVERY_S = 1.0
"""Shortest time between two edits of one message."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
_CLOSED_CHANNEL = frozenset({10003, 50001, 50013})
"""Unknown channel, no access to it, a permission is missing."""


@dataclass(frozen=True)
class Shown:
    """What a message shows.

    Args:
        content: its text.
        buttons: its buttons, in order.
        mark: custom_id of one of its buttons, or its first line: tells whose message it is after a crash.
        alert: why roles are to be mentioned when it is first posted; None: none are.
    """

    content: str
    mark: str
    buttons: tuple[discord.ui.Item[Any], ...] = field(default=(), repr=False)
    alert: Alert | None = None

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
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._wanted: dict[str, Shown] = {}
        """What messages are to show that do not yet."""
        self._edits: dict[str, asyncio.Task[None]] = {}
        self._edited: dict[str, float] = {}

    async def show(self, subject: str, shown: Shown, *, post: bool = True) -> bool:
        """Post a subject's message, or see to it that it is brought up to date soon.

        Args:
            subject: `case/7`.
            shown: what it is to show.
            post: whether to post where there is no message yet.

        Returns:
            Whether there was anything to tell Discord.

        Raises:
            DiscordUnreachableError: Discord did not take the post; nothing is lost, call again.
        """
        async with self._turns[subject]:
            if subject in self._wanted:  # asked before anything is read: an edit under way looks again
                self._wanted[subject] = shown
                return True
            known = await self._store.read(queries.posted_message, subject)
            if known is None:
                if post:
                    await self._post(subject, shown)
                return post
            if known.digest == shown.digest:
                return False
            self._wanted[subject] = shown
            edit = asyncio.create_task(self._bring_up_to_date(subject))
            self._edits[subject] = edit
            edit.add_done_callback(lambda ended: self._forget(subject, ended))
            return True

    def _forget(self, subject: str, ended: asyncio.Task[None]) -> None:
        if self._edits.get(subject) is ended:  # else another has begun since
            del self._edits[subject]

    async def settled(self, subject: str = "") -> None:
        """Wait until a subject's message, or where none is named every one, shows what it is to show."""
        while edits := [edit for one, edit in self._edits.items() if subject in ("", one)]:
            await asyncio.wait(edits)

    async def close(self) -> None:
        """Give up edits that have not been made; whoever starts next makes them."""
        for edit in list(self._edits.values()):
            edit.cancel()
        await asyncio.gather(*self._edits.values(), return_exceptions=True)

    async def _bring_up_to_date(self, subject: str) -> None:
        """Edit a message until it shows the newest of what was wanted."""
        clock, pause = asyncio.get_running_loop().time, FIRST_PAUSE_S
        try:
            while True:
                await asyncio.sleep(self._edited.get(subject, -EDIT_EVERY_S) + EDIT_EVERY_S - clock())
                try:
                    shown = self._wanted[subject]
                    await self._show_known(subject, shown)
                    self._edited[subject] = clock()
                    if self._wanted[subject] is shown:
                        return
                except TribuneError as fault:
                    get_logger(__name__).warning(
                        "a message could not be edited", subject=subject, error=str(fault)
                    )
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_S)
        finally:
            self._wanted.pop(subject, None)

    async def _show_known(self, subject: str, shown: Shown) -> None:
        known = await self._store.read(queries.posted_message, subject)
        if known is None or known.digest == shown.digest:
            return
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
        server = await self._bot.servers.now()
        fresh, since, chosen = await self._store.run(_intend, subject, server.channel_of(subject))
        try:
            sent = await self._send(chosen, shown, fresh, since)
        except DiscordUnreachableError as fault:
            cause = fault.__cause__
            code = cause.code if isinstance(cause, discord.HTTPException) else 0
            if chosen == server.default_channel or code not in _CLOSED_CHANNEL:
                raise
            get_logger(__name__).error(
                "the chosen channel cannot be written in", channel=chosen, subject=subject, error=str(fault)
            )
            closed, chosen = chosen, server.default_channel
            sent = await self._send(chosen, shown, fresh, since)
            await self._tell_closed(closed)
        await self._store.run(messages.record_posted, subject, chosen, sent.id, shown.digest)
        get_logger(__name__).info("posted", subject=subject, message=sent.id)

    async def _send(
        self, channel_id: int, shown: Shown, fresh: bool, since: datetime
    ) -> discord.Message | discord.PartialMessage:
        """Post, unless an earlier attempt got out; then that message is brought up to date."""
        channel = self._bot.get_partial_messageable(channel_id)
        with discord_faults("post a message"):
            earlier = None if fresh else await self._find(channel, shown.mark, since)
            if earlier is None:
                roles = await self._roles(shown)
                return await channel.send(
                    _with_mentions(shown.content, roles),
                    view=shown.view(),
                    nonce=_nonce(shown.mark, since),
                    allowed_mentions=_mentions(roles),
                )
            with contextlib.suppress(_GoneError):  # it shows what was so when it was posted
                message = channel.get_partial_message(earlier.id)
                await self._edit(message, content=shown.content, view=shown.view())
            return earlier

    async def _roles(self, shown: Shown) -> list[discord.Object]:
        if shown.alert is None:
            return []
        server = await self._bot.servers.now()
        # @everyone has the server's own id: it is no role that anybody could have chosen.
        chosen = [role for role in server.roles.get(shown.alert, ()) if role != server.guild_id]
        return [discord.Object(role) for role in chosen]

    async def _tell_closed(self, channel_id: int) -> None:
        """Say in the configured channel, once, that a chosen one cannot be written in."""
        async with self._bot.servers.speaking():
            text = _(
                "I cannot write in <#{channel}>, which was chosen for such messages, so they come here. "
                "An admin of this server can run `/setup`: it shows what is missing."
            ).format(channel=channel_id)
        await self.show(f"closed-channel/{channel_id}", Shown(text, mark=text))

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


def _intend(session: Any, subject: str, channel_id: int) -> tuple[bool, datetime, int]:
    """Store that a subject is about to be posted; return whether that is new, since when, and where."""
    key = f"post/{subject}"
    fresh = queries.enqueue(session, key, INTENT, {"channel": channel_id})
    row = queries.outbox_row(session, key)
    if row is None:  # written in this transaction
        raise AssertionError("a stored intent cannot be absent")
    return fresh, row.created_at, row.payload.get("channel", channel_id)


def _mentions(roles: list[discord.Object]) -> discord.AllowedMentions:
    """Return what a message may ping: these roles and nothing else."""
    closed = discord.AllowedMentions.none()
    return closed if not roles else closed.merge(discord.AllowedMentions(roles=roles))


def _with_mentions(content: str, roles: list[discord.Object]) -> str:
    """Return a text with a line that mentions roles."""
    if not roles:
        return content
    line = "\n" + " ".join(f"<@&{role.id}>" for role in roles)
    return content[: LONGEST - len(line)] + line


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
