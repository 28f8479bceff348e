"""Cases that no rule is behind, as the running bot tells them and opens their votes: on a real chain."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integration.bot.world import BotWorld, labels
from tribune.chain.enums import CaseKind
from tribune.ids import CaseId
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence
from tribune_bot.cogs.relay import Relay
from tribune_bot.posting.board import Board, Shown

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from datetime import datetime

    from support.chain import TestChain
    from support.discord.world import Message


async def serving(chain: TestChain, world: BotWorld, *, stale_suspends: bool = False) -> Path:
    """Put a model into service beside the running bot; return the evidence store."""
    from support.voting import open_model

    folder = Path(world.settings.evidence_urls[0])
    await asyncio.to_thread(open_model, chain, folder, stale_suspends=stale_suspends)
    return folder


def status_of(chain: TestChain) -> int:
    state: int = chain.contracts["KillSwitch"].functions.statusOf(1).call()[0]
    return state


async def vote_opens(chain: TestChain, world: BotWorld, case_id: int) -> None:
    switch = chain.contracts["KillSwitch"].functions
    await world.until(lambda: switch.caseOf(case_id).call()[-1], "the vote")


async def silence_voted_down(chain: TestChain, world: BotWorld) -> Message:
    """Let nobody report a frame, and all holders vote against a halt; return the message."""
    from support.voting import let_frame_pass

    await serving(chain, world)
    world.start()
    await asyncio.to_thread(let_frame_pass, chain)
    message = await world.message("nobody has measured it since ")
    await vote_opens(chain, world, 1)
    await asyncio.to_thread(chain.warp, 3)
    proposal = chain.contracts["KillSwitch"].functions.caseOf(1).call()[-1]
    against = chain.contracts["PauseGovernor"].functions.castVote(proposal, 0)
    for holder in chain.holders[:2]:
        await asyncio.to_thread(chain.send, against, holder)
    return message


async def test_bot__guardian_suspends__tells_who_and_why_and_opens_the_vote(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import guardian_suspends

    folder = await serving(chain, world)
    world.start()
    case_id = await asyncio.to_thread(guardian_suspends, chain, folder)
    message = await world.message("acs-employment v1 has been stopped by the guardian")
    assert "The guardian says why: “It insults people.”" in message.content
    await vote_opens(chain, world, case_id)
    await asyncio.to_thread(chain.warp, 3)
    await world.until(lambda: "Vote" in labels(message), "the vote's buttons")
    assert "See the evidence" in labels(message)
    await world.halt()


async def test_bot__vote_opens_while_the_alert_is_on_its_way__the_message_has_its_button(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.voting import guardian_suspends

    post = Board._post
    switch = chain.contracts["KillSwitch"].functions

    async def slowly(board: Board, subject: str, shown: Shown) -> None:
        while not switch.caseOf(1).call()[-1]:  # noqa: ASYNC110 - the chain tells nobody
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)  # the event has been taken in, and messages were brought up to date
        await post(board, subject, shown)

    monkeypatch.setattr(Board, "_post", slowly)
    folder = await serving(chain, world)
    world.start()
    await asyncio.to_thread(guardian_suspends, chain, folder)
    message = await world.message("acs-employment v1 has been stopped by the guardian")
    await world.until(lambda: "Vote" in labels(message), "the vote's buttons")
    await world.halt()


async def test_bot__nobody_reports__pokes_once_and_opens_the_vote(chain: TestChain, world: BotWorld) -> None:
    from support.voting import let_frame_pass

    await serving(chain, world)
    world.start()
    await asyncio.to_thread(let_frame_pass, chain)
    message = await world.message("acs-employment v1 needs your vote: nobody has measured it since ")
    assert "none of its 3 monitors has reported" in message.content
    await vote_opens(chain, world, 1)
    assert status_of(chain) == 1
    await asyncio.to_thread(let_frame_pass, chain)  # another frame: the vote on the first says it all
    await asyncio.sleep(2.5)
    hub = chain.contracts["ReportHub"]
    assert len(hub.events.FrameStale().get_logs(from_block=0)) == 1
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__vote_on_silence_rejected__is_not_asked_again_while_it_cools(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import let_frame_pass

    message = await silence_voted_down(chain, world)
    await asyncio.to_thread(chain.warp, 606)  # the vote ends; what was rejected cools for 60 s
    await world.until(lambda: "holders voted against stopping it" in message.content, "the rejection")
    await asyncio.to_thread(let_frame_pass, chain)
    await asyncio.sleep(2.5)
    assert len(chain.contracts["ReportHub"].events.FrameStale().get_logs(from_block=0)) == 1
    await world.halt()


async def test_bot__rejection_recorded_while_it_asks__is_not_asked_again(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tribune.chain.kill_switch import KillSwitch

    cooling_until, finish = KillSwitch.cooling_until, Relay.finish
    asked, recorded, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def overtaken(switch: KillSwitch, *key: Any) -> datetime | None:
        until = await cooling_until(switch, *key)
        if over.is_set():
            asked.set()
            await asyncio.wait_for(recorded.wait(), 10)
        return until

    async def meanwhile(relay: Relay, case_id: CaseId) -> bool:
        if over.is_set():
            with suppress(TimeoutError):  # it asks for the cooldown last, so in vain while the case is open
                await asyncio.wait_for(asked.wait(), 3)
        settled = await finish(relay, case_id)
        if over.is_set():
            recorded.set()
        return settled

    monkeypatch.setattr(KillSwitch, "cooling_until", overtaken)
    monkeypatch.setattr(Relay, "finish", meanwhile)
    message = await silence_voted_down(chain, world)
    over.set()
    await asyncio.to_thread(chain.warp, 606)
    await world.until(lambda: "holders voted against stopping it" in message.content, "the rejection")
    await asyncio.sleep(2.5)
    assert len(chain.contracts["ReportHub"].events.FrameStale().get_logs(from_block=0)) == 1
    await world.halt()


async def test_bot__nobody_reports_and_the_policy_suspends__stopped(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import let_frame_pass

    await serving(chain, world, stale_suspends=True)
    world.start()
    await asyncio.to_thread(let_frame_pass, chain)
    await world.message("acs-employment v1 has been stopped: nobody has measured it since ")
    assert status_of(chain) == 2
    await vote_opens(chain, world, 1)
    await world.halt()


async def test_bot__holders_call__tells_how_many_votes_ask(chain: TestChain, world: BotWorld) -> None:
    from support.voting import holders_call

    folder = await serving(chain, world)
    world.start()
    reason = bytes(cid_digest(write_evidence(folder, {"reason": "It insults people."})))
    await asyncio.to_thread(holders_call, chain, CaseKind.HOLDER_PAUSE, reason, chain.holders[4:])
    message = await world.message("needs your vote: holders of 8 % of all votes ask to stop it")
    assert "They say why: “It insults people.”" in message.content
    await world.halt()


async def test_bot__model_asked_for__tells_how_it_is_watched_and_that_all_are_halted(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import let_frame_pass

    await serving(chain, world)
    world.start()
    await asyncio.to_thread(let_frame_pass, chain)
    await world.message("nobody has measured it since ")
    answer = await world.answered(world.command("ada", "model", model="1"))
    assert "**Watched:** nobody has measured it in time" in answer.content
    switch = chain.contracts["KillSwitch"].functions
    await asyncio.to_thread(chain.as_timelock, switch.halt(chain.now + 3600))
    for name, options in (("model", {"model": "1"}), ("models", {})):
        answer = await world.answered(world.command("ada", name, **options))
        assert "**All models are halted** until <t:" in answer.content
    await world.halt()
