"""Who asked to be told is told by direct message, over a real gateway connection and chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integration.bot.voting import breach, queue_ballots
from integration.bot.world import BotWorld
from support.discord.world import DIRECT_CHANNEL
from tribune.store import queries
from tribune.store import server as chosen
from tribune.store.session import open_store

if TYPE_CHECKING:
    from support.chain import TestChain


def told(world: BotWorld, user: str) -> list[str]:
    """Return what a person was told by direct message."""
    discord = world.discord.world
    person = discord.find_user(user)
    own = [one for one in discord.channels.values() if one.kind == DIRECT_CHANNEL and one.recipient == person]
    return [message.content for one in own for message in discord.messages_in(one.id)]


@pytest.mark.alone
async def test_bot__breach_and_vote__subscriber_and_voter_are_told_and_chosen_roles_are_mentioned(
    chain: TestChain, world: BotWorld
) -> None:
    guild = world.settings.discord.guild_id or 0
    ada = int(world.discord.world.find_user("ada").id)
    with open_store(world.settings.store_url) as store:
        await store.run(chosen.choose, guild, trip_roles=[4242])
        await store.run(queries.link_wallet, ada, chain.holders[0].address)
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    answer = await world.answered(world.command("ben", "subscribe model"))
    assert "about all models" in answer.content

    voting = await breach(chain, world)
    message = await world.message("has been stopped")
    first = message.history[0]["content"] if message.history else message.content
    assert first.endswith("<@&4242>")
    [sent] = [
        one.body for one in world.discord.ledger.exchanges
        if one.method == "POST" and "<@&4242>" in str((one.body or {}).get("content"))
    ]  # fmt: skip
    assert sent["allowed_mentions"] == {"parse": [], "roles": [4242]}
    await world.until(lambda: any("was opened: it broke a rule" in one for one in told(world, "ben")), "ben")

    await queue_ballots(voting, world, [1, 1, 1, 1, 0])
    [counted] = await world.until(
        lambda: [one for one in told(world, "ada") if "Your vote was counted in block" in one], "ada"
    )
    assert "For, 400,000 votes" in counted
    await world.until(lambda: any("the vote passed" in one for one in told(world, "ben")), "the outcome")
    answer = await world.answered(world.command("ben", "subscribe off"))
    assert "no direct messages" in answer.content
    await world.halt()
    assert len(told(world, "ada")) == 1
