"""One message a key, into a channel of people's own or a thread, whatever happens in between.

Before it is sent an intent is stored; an attempt after a crash looks whether the one before got out, and
Discord itself takes a nonce once. Such a message is never edited: that is the board's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from tribune.store import messages, queries
from tribune.sync.outbox import AlreadyDone
from tribune_bot.posting.board import CLOCK_SKEW, INTENT

if TYPE_CHECKING:
    from tribune.store.session import Store
    from tribune_bot.client import TribuneBot

LOOK_BACK = 50
"""Messages of a channel looked through for one that may have got out."""


async def intend(store: Store, key: str) -> bool:
    """Store that the message of a key is about to be sent; return whether that is new.

    Raises:
        StoreError: it cannot be stored, so nothing may be sent.
    """
    return await store.run(queries.enqueue, f"post/{key}", INTENT, {})


async def send(
    bot: TribuneBot,
    store: Store,
    channel: discord.abc.Messageable,
    key: str,
    text: str,
    links: Sequence[Sequence[str]],
    *,
    fresh: bool,
) -> int:
    """Send a message that was intended; return its id.

    Args:
        bot: who speaks.
        store: where the intent is.
        channel: where to.
        key: whose intent was stored.
        text: what it says.
        links: buttons below it: label and address.
        fresh: whether the intent was new.

    Raises:
        AlreadyDone: an earlier attempt got out.
        discord.DiscordException: Discord did not take it.
    """
    if not fresh and await _got_out(bot, store, channel, key, text):
        await store.run(messages.intent_met, key)
        raise AlreadyDone
    sent = await channel.send(
        text,
        view=_view(links),
        nonce=hashlib.sha256(key.encode()).hexdigest()[:25],  # its limit
        allowed_mentions=discord.AllowedMentions.none(),
    )
    await store.run(messages.intent_met, key)
    return sent.id


async def _got_out(
    bot: TribuneBot, store: Store, channel: discord.abc.Messageable, key: str, text: str
) -> bool:
    """Return whether an earlier attempt sent it."""
    row = await store.read(queries.outbox_row, f"post/{key}")
    since = None if row is None else row.created_at - CLOCK_SKEW
    me = bot.user.id if bot.user is not None else 0
    async for message in channel.history(limit=LOOK_BACK, after=since, oldest_first=False):
        if message.author.id == me and message.content.strip() == text.strip():
            return True
    return False


def _view(links: Sequence[Sequence[str]]) -> discord.ui.View:
    view: discord.ui.View = discord.ui.View(timeout=None)
    for label, url in links:
        view.add_item(discord.ui.Button[Any](label=label, url=url, style=discord.ButtonStyle.link))
    return view
