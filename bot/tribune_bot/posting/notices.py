"""Direct messages: what one person is told, once, whatever happens in between.

What is owed is an outbox row, so that a restart loses nothing and repeats nothing; before it is sent an
intent is stored, by which an attempt that got out is found again. Who does not take messages from us is told
nothing, here or anywhere else: a private answer never becomes a public one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord

from tribune.log import get_logger
from tribune.store import queries
from tribune.sync.outbox import Outbox
from tribune_bot.errors import discord_faults
from tribune_bot.posting import once
from tribune_bot.words.text import LONGEST

if TYPE_CHECKING:
    from tribune.store.session import Session, Store
    from tribune_bot.client import TribuneBot

KIND = "discord.dm"
NEWS = timedelta(days=7)
"""What happened longer ago is history: an index that is read again tells it to nobody."""
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


def _lane_of(key: str) -> str:
    """Return whom a message is for: one person's come in order, and nobody waits for another's."""
    return key.split("/", 2)[1]


class Notices:
    """Sends direct messages.

    Args:
        bot: who speaks.
        store: where they are promised.
    """

    def __init__(self, bot: TribuneBot, store: Store) -> None:
        self._bot = bot
        self._store = store
        self.outbox = Outbox(store, {KIND: self._send}, lane_of=_lane_of)

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
        fresh = await once.intend(self._store, key)
        try:
            with discord_faults("send a direct message"):
                channel = await self._bot.create_dm(discord.Object(payload["user"]))
                sent = await once.send(
                    self._bot, self._store, channel, key, payload["text"], payload["links"], fresh=fresh
                )
        except Exception as fault:
            cause = fault.__cause__
            if isinstance(cause, discord.HTTPException) and cause.code in _NOT_TO_BE_TOLD:
                get_logger(__name__).info("a person takes no direct messages", key=key, code=cause.code)
                return {"closed": cause.code}
            raise
        return {"message": sent}
