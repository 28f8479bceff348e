"""Direct messages: what one person is told, once, whatever happens in between.

What is owed is an outbox row, so that a restart loses nothing and repeats nothing; before it is sent an
intent is stored, by which an attempt that got out is found again. Who does not take messages from us is told
nothing, here or anywhere else: a private answer never becomes a public one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from tribune.log import get_logger
from tribune.store import queries
from tribune.sync.outbox import AlreadyDone, Outbox
from tribune_bot.board import CLOCK_SKEW, INTENT
from tribune_bot.errors import discord_faults
from tribune_bot.text import LONGEST

if TYPE_CHECKING:
    from tribune.store.session import Session, Store
    from tribune_bot.client import TribuneBot

KIND = "discord.dm"
LOOK_BACK = 50
"""Messages of a person's channel looked through for one that may have got out."""
_NOT_TO_BE_TOLD = frozenset({10013, 50001, 50007, 50033, 50278})
"""Unknown user, no access, takes no messages, no recipient, no server in common."""


def owe(session: Session, user_id: int, key: str, text: str, links: Sequence[tuple[str, str]] = ()) -> bool:
    """Promise a person a message in the caller's transaction; False where this key was promised before.

    Args:
        session: the transaction of its cause.
        user_id: the Discord user.
        key: what it is about, such as `ballot/99/0x…`; each person gets one message for it.
        text: what it says, others' words in it made harmless.
        links: buttons below it: label and address.
    """
    payload = {"user": user_id, "text": text[:LONGEST], "links": [list(link) for link in links]}
    return queries.enqueue(session, _key(user_id, key), KIND, payload)


def is_owed(session: Session, user_id: int, key: str) -> bool:
    """Return whether a person was promised, or has got, the message of this key."""
    return queries.outbox_row(session, _key(user_id, key)) is not None


def _key(user_id: int, key: str) -> str:
    return f"dm/{user_id}/{key}"


class Notices:
    """Sends direct messages.

    Args:
        bot: who speaks.
        store: where they are promised.
    """

    def __init__(self, bot: TribuneBot, store: Store) -> None:
        self._bot = bot
        self._store = store
        self.outbox = Outbox(store, {KIND: self._send})

    async def tell_user(
        self, user_id: int, key: str, text: str, links: Sequence[tuple[str, str]] = ()
    ) -> bool:
        """Promise a person a message, as `owe` does, and send it soon.

        Raises:
            StoreError: it could not be promised.
        """
        fresh = await self._store.run(owe, user_id, key, text, links)
        self.outbox.wake()
        return fresh

    async def _send(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        intent = f"post/{key}"
        fresh = await self._store.run(queries.enqueue, intent, INTENT, {})
        try:
            with discord_faults("send a direct message"):
                channel = await self._bot.create_dm(discord.Object(payload["user"]))
                if not fresh and await self._got_out(channel, key, payload["text"]):
                    raise AlreadyDone
                sent = await channel.send(
                    payload["text"],
                    view=_view(payload["links"]),
                    nonce=_nonce(key),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
        except Exception as fault:
            cause = fault.__cause__
            if isinstance(cause, discord.HTTPException) and cause.code in _NOT_TO_BE_TOLD:
                get_logger(__name__).info("a person takes no direct messages", key=key, code=cause.code)
                return {"closed": cause.code}
            raise
        return {"message": sent.id}

    async def _got_out(self, channel: discord.DMChannel, key: str, text: str) -> bool:
        """Return whether an earlier attempt sent it."""
        row = await self._store.read(queries.outbox_row, f"post/{key}")
        since = None if row is None else row.created_at - CLOCK_SKEW
        me = self._bot.user.id if self._bot.user is not None else 0
        async for message in channel.history(limit=LOOK_BACK, after=since, oldest_first=False):
            if message.author.id == me and message.content.strip() == text.strip():
                return True
        return False


def _nonce(key: str) -> str:
    """Return what lets Discord tell a repeated message; its limit is 25 characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:25]


def _view(links: Sequence[Sequence[str]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for label, url in links:
        view.add_item(discord.ui.Button(label=label, url=url, style=discord.ButtonStyle.link))
    return view
