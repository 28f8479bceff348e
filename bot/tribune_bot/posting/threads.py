"""A thread below a subject's message: reminders and news go there, so that the message itself stays one.

A thread that begins at a message has that message's id, so nothing of it needs to be kept: whether it exists
is Discord's to say. What is to be said is an outbox row, told once. Where threads may not be made, that is
said in the log with its mend, once, and nothing else waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import discord

from tribune.log import get_logger
from tribune.store import queries
from tribune.store.tables import now
from tribune.sync.outbox import Outbox
from tribune_bot.errors import discord_faults
from tribune_bot.posting import once
from tribune_bot.words.text import LONGEST

if TYPE_CHECKING:
    from tribune.store.session import Session, Store
    from tribune_bot.client import TribuneBot

KIND = "discord.thread"
LONGEST_NAME = 100
"""Characters of a thread's name."""
_ARCHIVED_AFTER: Final = 1440
"""Minutes without a word after which Discord hides a thread; news show it again."""
_EXISTS = 160004
_CLOSED = frozenset({10003, 10008, 50024, 50083, 160005, 160006})
"""No such channel or message, no place for threads, archived, locked, too many of them."""


@dataclass(frozen=True)
class News:
    """Something to be said in a subject's thread.

    Args:
        key: what it is, within its subject: `half/99`; said once.
        text: what it says, others' words in it made harmless.
        links: buttons below it: label and address.
        until: from when on it is no news any more; None: it stays true.
    """

    key: str
    text: str
    links: tuple[tuple[str, str], ...] = ()
    until: datetime | None = None


class Threads:
    """Speaks in threads.

    Args:
        bot: who speaks.
        store: where it is promised, and where messages are known.
    """

    def __init__(self, bot: TribuneBot, store: Store) -> None:
        self._bot = bot
        self._store = store
        self.outbox = Outbox(store, {KIND: self._say}, lane_of=_lane_of)
        self._promised: set[str] = set()
        self._open: set[int] = set()
        self._warned: set[int] = set()

    async def tell(self, subject: str, name: str, news: Sequence[News]) -> int:
        """Promise news of a subject that has a message, and say it soon; return how many were new.

        Args:
            subject: `case/7`.
            name: of the thread, made harmless; used when it is made.
            news: what is to be said, each key once.

        Raises:
            StoreError: it could not be promised.
        """
        fresh = [one for one in news if f"{subject}/{one.key}" not in self._promised]
        if not fresh:
            return 0
        added = await self._store.run(_promise, subject, name, fresh)
        if added is None:  # it has no message, so it has no thread
            return 0
        self._promised.update(f"{subject}/{one.key}" for one in fresh)
        if added:
            self.outbox.wake()
        return added

    async def _say(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        known = await self._store.read(queries.posted_message, payload["subject"])
        until = payload["until"]
        if known is None or (until is not None and datetime.fromisoformat(until) <= now()):
            return {"dropped": True}
        fresh = await once.intend(self._store, key)
        try:
            with discord_faults("speak in a thread"):
                await self._make(known.channel_id, known.message_id, payload["name"])
                thread = self._bot.get_partial_messageable(known.message_id)
                sent = await once.send(
                    self._bot, self._store, thread, key, payload["text"], payload["links"], fresh=fresh
                )
        except Exception as fault:
            cause = fault.__cause__
            if isinstance(cause, discord.HTTPException) and (cause.status == 403 or cause.code in _CLOSED):
                self._warn(known.channel_id, cause)
                return {"closed": cause.code}
            raise
        return {"message": sent}

    async def _make(self, channel_id: int, message_id: int, name: str) -> None:
        """Make the thread of a message, unless it is there."""
        if message_id in self._open:
            return
        try:  # discord.py's own method needs a guild from the gateway, which may be down
            await self._bot.http.start_thread_with_message(
                channel_id, message_id, name=name, auto_archive_duration=_ARCHIVED_AFTER
            )
        except discord.HTTPException as fault:
            if fault.code != _EXISTS:
                raise
        self._open.add(message_id)

    def _warn(self, channel_id: int, fault: discord.HTTPException) -> None:
        if channel_id not in self._warned:
            self._warned.add(channel_id)
            get_logger(__name__).warning(
                "no thread can be used in a channel, so reminders are not told there",
                channel=channel_id,
                code=fault.code,
                error=fault.text,
                mend="Give the bot the permissions to create public threads and to send messages in threads.",
            )


def _lane_of(key: str) -> str:
    """Return the subject, as in `thread/case/7/…`: a thread that cannot be written in holds up no other."""
    return "/".join(key.split("/", 3)[1:3])


def _promise(session: Session, subject: str, name: str, news: Sequence[News]) -> int | None:
    """Write down what is to be said; return how much of it is new, None where there is no message."""
    if queries.posted_message(session, subject) is None:
        return None
    added = 0
    for one in news:
        payload = {
            "subject": subject,
            "name": " ".join(name.split())[:LONGEST_NAME],
            "text": one.text[:LONGEST],
            "links": [list(link) for link in one.links],
            "until": None if one.until is None else one.until.isoformat(),
        }
        added += queries.enqueue(session, f"thread/{subject}/{one.key}", KIND, payload)
    return added
