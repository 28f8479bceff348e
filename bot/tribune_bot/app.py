"""Runs the bot: opens what it works with, logs in, does its jobs until told to stop, closes everything."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import aiohttp
import discord

from tribune.exceptions import ConfigurationError, TribuneError
from tribune.keys import discord_token
from tribune.log import get_logger
from tribune.sync.vitals import ChainVitals, read_balance, read_store
from tribune.telemetry import Telemetry
from tribune.telemetry.watch import watched
from tribune_bot.client import TribuneBot
from tribune_bot.connection import connector_for
from tribune_bot.services import Services, opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tribune.settings import Settings
    from tribune.telemetry.watch import Reader
    from tribune_bot.client import Job

CANCEL_AGAIN_S = 0.5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
ANEW_S = 90.0
"""So long without a gateway connection, we begin anew: after an outage of Discord, discord.py may wait 17
minutes between two attempts, in which nobody who presses a button is answered."""


async def run(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Run the bot until `stop` is set, or until cancelled.

    Raises:
        ConfigurationError: token, guild, channel, relayer key or deployment are missing or refused.
        ChainError: the node does not answer at the start, or is another chain's.
        StoreError: the database cannot be used.
    """
    token = discord_token(settings).get_secret_value()
    telemetry = Telemetry()
    async with opened(settings) as services, watched(telemetry, settings.telemetry, _signs(services)):
        work = asyncio.create_task(_work(services, token))
        stopped = asyncio.create_task((stop or asyncio.Event()).wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work  # raises what it ended with
        finally:
            for task in (work, stopped):
                task.cancel()
            await asyncio.gather(work, stopped, return_exceptions=True)
            get_logger(__name__).info("the bot has stopped")


def _signs(services: Services) -> dict[str, Reader]:
    """Return what is read of the bot, by part."""
    chain = services.tribune.chain
    return {
        "chain": ChainVitals(chain),
        "store": partial(read_store, services.store),
        "balance": partial(read_balance, chain, services.sender.address, "relayer"),
    }


async def _work(services: Services, token: str) -> None:
    """Do every job; those of the chain also while Discord does not answer."""
    async with TribuneBot(services, connector_for(services.settings.discord)) as bot:
        await bot.prepare()
        await _do({**bot.chain_jobs, "Discord": partial(_with_discord, bot, token)})


async def _with_discord(bot: TribuneBot, token: str) -> None:
    """Log in, trying until Discord answers, then do every job that needs it beside the gateway connection."""
    pause_s = FIRST_PAUSE_S
    while not await _logged_in(bot, token):
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        # What discord.py opened for this login serves no other.
        await bot.http.close()
        bot.http.connector = connector_for(bot.services.settings.discord) or discord.utils.MISSING
    get_logger(__name__).info("the bot is logged in", jobs=len(bot.jobs) + len(bot.chain_jobs))
    await _do({**bot.jobs, "gateway": partial(_gateway, bot)})


async def _do(jobs: Mapping[str, Job]) -> None:
    """Do jobs side by side; one that fails ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            for name, job in jobs.items():
                group.create_task(job(), name=name)
    except* TribuneError as faults:
        raise faults.exceptions[0] from None
    except* discord.ClientException as faults:
        raise ConfigurationError(
            f"Discord closed the connection for good ({faults.exceptions[0]}).",
            mend="Check the bot's settings in Discord's developer portal.",
        ) from None


async def _gateway(bot: TribuneBot) -> None:
    """Hold the gateway connection until cancelled.

    A `wait_for` inside discord.py swallows a cancellation that comes in the moment in which the connection is
    lost (Python 3.11), and would then reconnect for ever: so it is cancelled until it ends.
    """
    while True:
        connecting = asyncio.create_task(bot.connect(reconnect=True))
        try:
            if await _ended(bot, connecting):
                await connecting  # raises what it ended with
                return
        finally:
            while not connecting.done():
                connecting.cancel()
                await asyncio.wait({connecting}, timeout=CANCEL_AGAIN_S)
        get_logger(__name__).warning("no connection to Discord's gateway; it is made anew")


async def _ended(bot: TribuneBot, connecting: asyncio.Task[None]) -> bool:
    """Wait until connecting has ended, or there has been no connection for long; return which."""
    clock = asyncio.get_running_loop().time
    seen = clock()
    while clock() - seen < ANEW_S:
        await asyncio.wait({connecting}, timeout=ANEW_S / 10)
        if connecting.done():
            return True
        if bot.connected:
            seen = clock()
    return False


async def _logged_in(bot: TribuneBot, token: str) -> bool:
    try:
        await bot.login(token)
    except discord.LoginFailure:
        raise ConfigurationError(
            "Discord refuses the bot token.", mend="Make a new one in Discord's developer portal."
        ) from None
    except discord.Forbidden as fault:
        raise ConfigurationError(
            f"The bot may not use this guild ({fault.text}).",
            mend="Invite it with the scopes bot and applications.commands, and check the guild's id.",
        ) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as fault:
        get_logger(__name__).warning("Discord does not answer", error=type(fault).__name__)
        return False
    return True
