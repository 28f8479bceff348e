"""One place that tells a person what went wrong, and one that names Discord's own faults.

A person gets a sentence and what to do, never a traceback; what nobody foresaw is logged whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import aiohttp
import discord
from discord import app_commands

from tribune.ballots.told import sentence
from tribune.exceptions import TribuneError
from tribune.language import _
from tribune.log import get_logger
from tribune_bot.words.text import harmless

_ANSWERED, _UNKNOWN = 40060, 10062
"""Discord's codes for an interaction that has its answer already, and for one that it waits for no more."""


class DiscordUnreachableError(TribuneError):
    """Discord did not take what we sent; it is tried again."""


@contextlib.contextmanager
def discord_faults(doing: str) -> Iterator[None]:
    """Turn what discord.py and aiohttp raise into one error that outbox and jobs know."""
    try:
        yield
    except discord.Forbidden as fault:
        raise DiscordUnreachableError(
            f"Discord does not allow us to {doing}: {fault.text}.",
            mend="Give the bot the permissions to view the channel, send messages and attach files.",
        ) from fault
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as fault:
        raise DiscordUnreachableError(f"Discord could not {doing} ({type(fault).__name__}).") from fault


async def tell(interaction: discord.Interaction[Any], fault: BaseException) -> None:
    """Answer an interaction that failed, privately and in plain words."""
    if isinstance(fault, app_commands.CommandInvokeError):
        fault = fault.original
    log = get_logger(__name__).bind(command=_name_of(interaction))
    if isinstance(fault, discord.HTTPException) and fault.code in (_ANSWERED, _UNKNOWN):
        log.warning("an interaction could not be answered", error=str(fault))  # it came twice, or too late
        return
    if isinstance(fault, TribuneError):
        text = harmless(sentence(fault), 1500)
        log.info("told a person what is wrong", error=str(fault))
    elif isinstance(fault, app_commands.CommandNotFound):
        text = _("This command is not known any more. Reload Discord and try again.")
    elif isinstance(fault, app_commands.CheckFailure):
        text = _("You may not use this here.")
    else:
        text = _("Something went wrong here, not with you. It is written down; please try again in a minute.")
        log.error("an interaction failed", exc_info=fault)
    with contextlib.suppress(discord.DiscordException, aiohttp.ClientError, OSError):
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await interaction.edit_original_response(content=text, view=None)
        elif interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)


def _name_of(interaction: discord.Interaction[Any]) -> str:
    data: Any = interaction.data or {}
    return str(data.get("name") or data.get("custom_id") or "")
