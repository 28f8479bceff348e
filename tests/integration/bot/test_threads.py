"""Threads below cases: reminders and news, each said once, whatever happens in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integration.bot.voting import breach, queue_ballots, voting_begun
from integration.bot.world import BotWorld, labels
from support.discord.faults import Fault
from tribune_bot.posting import once
from tribune_bot.posting.threads import Threads

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain
    from support.discord.world import Message

STALE_RULE = 2**16 - 1


def thread_of(world: BotWorld, message: Message) -> list[str]:
    """Return what was said in a message's thread."""
    if message.thread_id is None:
        return []
    return [one.content for one in world.discord.world.messages_in(message.thread_id)]


async def said(world: BotWorld, message: Message, part: str) -> None:
    await world.until(lambda: any(part in text for text in thread_of(world, message)), part)


async def test_threads__vote_to_its_end__begin_reminders_and_decision_each_once(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    voting = await breach(chain, world)
    message = await world.message("has been stopped")
    await said(world, message, "The vote is open until")
    await voting_begun(voting)
    await asyncio.to_thread(chain.warp, 310)
    await said(world, message, "Half of the time for voting is over.")
    assert "20 % of all votes, for or abstaining, are missing" in thread_of(world, message)[1]
    await queue_ballots(voting, world, [1])
    await world.until(lambda: "40 % for" in message.content, "the tally")
    await asyncio.to_thread(chain.warp, 240)
    await said(world, message, "The vote is about to end")
    await world.halt()
    world.start()
    await asyncio.to_thread(chain.warp, 60)
    await said(world, message, "is PAUSED until a vote says otherwise")
    assert "**What ran:** `KillSwitch.pause(model 1)` in block" in message.content
    assert "What happened" in labels(message)
    listed = await world.answered(world.command("ben", "proposals"))
    assert "**Decided before:**\n**Case 1: acs-employment v1 is PAUSED until" in listed.content
    await asyncio.sleep(1.5)
    assert len(thread_of(world, message)) == 4
    assert len(world.messages) == 1
    thread = world.discord.world.channels[message.thread_id or ""]
    assert thread.name == "acs-employment v1, case 1"
    await world.halt()


async def test_threads__another_breach_joins_the_case__is_told_once_for_each_rule(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import as_hub

    world.start()
    await breach(chain, world)
    message = await world.message("has been stopped")
    await said(world, message, "The vote is open until")
    policy = chain.contracts["PolicyBook"].functions.currentTerms(1).call()[0]
    for frame in (3, 4):
        await asyncio.to_thread(as_hub, chain, (0, 1, 1, frame, 0, 400_000, 100_000, policy, bytes(32), 60))
        unreported = (2, 1, 1, frame, STALE_RULE, 0, 0, policy, bytes(32), 60)
        await asyncio.to_thread(as_hub, chain, unreported)
    await said(world, message, "**Also while this case is open, in frame 3:** ")
    await asyncio.sleep(1.5)
    [told] = [one for one in thread_of(world, message) if "Also while" in one]
    assert told.endswith("was accepted in time, so nobody knows how it does.")
    await world.halt()


async def test_threads__killed_between_sending_and_record__says_it_once(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = once.send

    async def killed(*args: object, **more: object) -> int:
        await send(*args, **more)  # type: ignore[arg-type]
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(once, "send", killed)
        world.start()
        await breach(chain, world)
        message = await world.message("has been stopped")
        await said(world, message, "The vote is open until")
        await world.kill()
    for one in world.discord.world.messages_in(message.thread_id or ""):
        one.nonce = None  # Discord forgets nonces after some minutes
    world.start()
    await world.until(lambda: world.discord.gateway.identified > 1, "the second start")
    await asyncio.sleep(2)
    assert len(thread_of(world, message)) == 1
    assert len(world.messages) == 1
    await world.halt()


async def test_threads__not_allowed__nothing_else_breaks(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    warned: list[int] = []
    monkeypatch.setattr(Threads, "_warn", lambda _self, channel, _fault: warned.append(channel))
    world.discord.faults.add(Fault(status=403, count=50, method="POST", path=r"/threads$"))
    world.start()
    voting = await breach(chain, world)
    message = await world.message("has been stopped")
    await world.until(lambda: warned, "the refusal")
    await queue_ballots(voting, world, [1, 1, 1, 1, 0])
    await world.until(lambda: "is PAUSED until a vote says otherwise" in message.content, "PAUSED")
    assert message.thread_id is None
    assert len(world.messages) == 1
    await world.halt()
