"""Holders' calls as people make them in Discord: on a real gateway connection, and a real chain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integration.bot.world import BotWorld, labels
from support.discord.bodies import flat
from support.discord.world import Interaction, Message
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.ballots.holders.progress import signed_form
from tribune.ballots.holders.signing import accept_signature
from tribune.ballots.holders.view import stored_call
from tribune.ballots.typed_data import call_typed_data, parse_signature
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.ids import Address
from tribune.store.session import Store, open_store

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain

HARM = "It insults people."
TEXT_INPUT = 4


@pytest.fixture
async def serving(chain: TestChain, world: BotWorld) -> TestChain:
    """A model in service; holders of 18 % can call for a vote."""
    from support.voting import open_model

    await asyncio.to_thread(open_model, chain, Path(world.settings.evidence_urls[0]))
    chain.as_timelock(chain.contracts["PauseGovernor"].functions.setCallThreshold(180_000))
    chain.warp(2)
    world.start()
    return chain


@contextmanager
def stored(world: BotWorld) -> Iterator[Store]:
    with open_store(world.settings.store_url) as store:
        yield store


async def sign(world: BotWorld, chain: TestChain, call_id: int, *holders: int) -> None:
    """Sign as the page does, which is another process beside the bot."""
    folder = world.settings.deployments
    with stored(world) as store:
        async with Chain(world.settings.chain.http_url, chain_id=31337, timeout_s=5) as opened:
            contracts = VoteContracts(opened, load_deployment(folder, 31337))
            form = signed_form((await stored_call(store, call_id))[0])
            data = call_typed_data(31337, contracts.governor, form)
            for index in holders:
                account = chain.holders[index]
                given = account.sign_typed_data(full_message=data).signature.hex().removeprefix("0x")
                await accept_signature(
                    store,
                    contracts,
                    Documents(world.settings.evidence_stores),
                    call_id,
                    Address(account.address),
                    parse_signature("0x" + given),
                )


async def submitted(world: BotWorld, user: str, command: str, *texts: str) -> Interaction:
    """Run a command that opens a modal, fill it in and submit it; return what the submission began."""
    await world.until(lambda: _listens(world), "the bot")
    asked = world.command(user, command, model="1")
    modal = await world.until(lambda: asked.modal, "the modal")
    fields = [one["custom_id"] for one in flat(modal["components"]) if one["type"] == TEXT_INPUT]
    who = world.discord.world.find_user(user)
    return world.people.submit(who, asked, dict(zip(fields, texts, strict=False)))


def _listens(world: BotWorld) -> bool:
    known = world.discord.world.find_command("flag") is not None
    return known and bool(world.discord.gateway.connected)


async def flagged(world: BotWorld, user: str = "ada", *texts: str) -> Message:
    """Flag the model and post it; return the message of the call."""
    preview = await world.answered(await submitted(world, user, "flag", *(texts or (HARM,))))
    await world.answered(world.press(user, preview, "Post it"))
    return await world.message("Shall holders vote on stopping")


def called(chain: TestChain) -> list[Any]:
    return list(chain.contracts["PauseGovernor"].events.HoldersCalled().get_logs(from_block=0))


async def test_flag__submitted__shows_exactly_what_would_run_before_anything_is_posted(
    serving: TestChain, world: BotWorld
) -> None:
    preview = await world.answered(await submitted(world, "ada", "flag", HARM, "https://news.example/a"))
    assert preview.ephemeral
    assert "**Ask holders to vote on stopping acs-employment v1?**" in preview.content
    assert "**Harm:** It insults people." in preview.content
    assert "`PauseGovernor.callPause(model 1, version 1, epoch 0, round 0, evidence 0x" in preview.content
    assert "`KillSwitch.pause(model 1, case 1, epoch 0)`" in preview.content
    assert "Both were tried on the chain at block" in preview.content
    await asyncio.sleep(1.5)
    assert not world.messages
    await world.halt()


async def test_flag__posted_signed_and_reached__opens_the_vote_and_leads_to_it(
    serving: TestChain, world: BotWorld
) -> None:
    message = await flagged(world)
    assert labels(message) == ["Sign", "See the evidence"]
    assert "0 holders have signed: 0 % of all votes. 18 % are needed" in message.content
    listed = await world.answered(world.command("ben", "proposals"))
    assert "**Votes that holders call for:**\n**Shall holders vote on stopping" in listed.content
    await sign(world, serving, 1, 4)
    await world.until(lambda: "1 holder has signed: 8 % of all votes" in message.content, "the progress")
    await sign(world, serving, 1, 3)
    await world.until(lambda: labels(message)[0] == "Vote", "the way to the vote")
    assert message.content.startswith("**Holders called for a vote on stopping acs-employment v1**")
    assert len(called(serving)) == 1
    case = await world.message("holders of 18 % of all votes ask to stop it")
    assert "They say why: “It insults people.”" in case.content
    assert len(world.messages) == 2
    await world.halt()


async def test_flag__bot_killed_before_it_opened__opens_once_after_the_restart(
    serving: TestChain, world: BotWorld
) -> None:
    message = await flagged(world)
    await world.kill()
    await sign(world, serving, 1, 0)
    world.start()
    await world.until(lambda: labels(message)[0] == "Vote", "the way to the vote")
    assert len(called(serving)) == 1
    assert len([one for one in world.messages if "/c/1>" in one.content]) == 1
    await world.halt()


async def test_flag__posted_twice__is_one_message(serving: TestChain, world: BotWorld) -> None:
    preview = await world.answered(await submitted(world, "ada", "flag", HARM))
    first = world.press("ada", preview, "Post it")
    second = world.press("ada", preview, "Post it")
    texts = {(await world.answered(one)).content for one in (first, second)}
    assert len(texts) == 1
    await world.message("Shall holders vote on stopping")
    await asyncio.sleep(1.5)
    assert len(world.messages) == 1
    await world.halt()


async def test_flag__post_it_pressed_after_a_restart__still_posts(
    serving: TestChain, world: BotWorld
) -> None:
    preview = await world.answered(await submitted(world, "ada", "flag", HARM))
    await world.halt()
    world.start()
    await world.until(lambda: _listens(world), "the bot again")
    await world.answered(world.press("ada", preview, "Post it"))
    await world.message("Shall holders vote on stopping")
    await world.halt()


async def test_flag__text_that_pings_and_formats__is_plain_words(serving: TestChain, world: BotWorld) -> None:
    text = "@everyone **look** [here](https://evil.example) <@&1> discord.gg/abc\n# big\n```x"
    message = await flagged(world, "ada", text)
    assert "@everyone" not in message.content
    assert "<@&1>" not in message.content
    assert "https://evil" not in message.content
    assert "discord.gg/abc" not in message.content
    assert not message.mentions
    assert r"\*\*look\*\*" in message.content
    await world.halt()


@pytest.mark.parametrize("links", ["no address", "javascript:alert(1)"])
async def test_flag__refused__gives_the_text_back_and_posts_nothing(
    serving: TestChain, world: BotWorld, links: str
) -> None:
    answer = await world.answered(await submitted(world, "ada", "flag", HARM, links))
    assert "is no address of a page" in answer.content
    [file] = answer.attachments
    assert world.discord.world.attachments[file.id].content.decode() == f"{HARM}\n\n{links}"
    assert not world.messages
    await world.halt()


async def test_propose_pause__model_unknown__says_so_and_gives_the_text_back(
    serving: TestChain, world: BotWorld
) -> None:
    await world.until(lambda: _listens(world), "the bot")
    asked = world.command("ada", "propose pause", model="nothing")
    modal = await world.until(lambda: asked.modal, "the modal")
    [field] = [one["custom_id"] for one in flat(modal["components"]) if one["type"] == TEXT_INPUT][:1]
    who = world.discord.world.find_user("ada")
    answer = await world.answered(world.people.submit(who, asked, {field: HARM}))
    assert "There is no model" in answer.content
    assert len(answer.attachments) == 1
    await world.halt()


async def test_propose_resume__after_a_vote__cites_the_incident_and_names_the_steward_s_way(
    serving: TestChain, world: BotWorld
) -> None:
    from support.voting import Voting, guardian_suspends
    from tribune.ids import ProposalId

    folder = Path(world.settings.evidence_urls[0])
    case_id = await asyncio.to_thread(guardian_suspends, serving, folder)
    governor, switch = serving.contracts["PauseGovernor"].functions, serving.contracts["KillSwitch"].functions
    await world.until(lambda: switch.caseOf(case_id).call()[-1], "the vote")
    voting = Voting(serving, folder, case_id, ProposalId(switch.caseOf(case_id).call()[-1]))
    await asyncio.to_thread(serving.warp, 3)
    for holder in voting.holders[:2]:
        await asyncio.to_thread(serving.send, governor.castVote(voting.proposal_id, 1), holder)
    await world.until(lambda: switch.statusOf(1).call()[0] == 3, "the pause")
    preview = await world.answered(
        await submitted(world, "ada", "propose resume", "A joke.", "It was told off.")
    )
    assert "**Ask holders to vote on letting acs-employment v1 answer again?**" in preview.content
    assert "`KillSwitch.resume(model 1, version 1, epoch 1)`" in preview.content
    assert "The model's steward can open this vote alone: `callResume(1, 1, 0x" in preview.content
    await world.answered(world.press("ada", preview, "Post it"))
    message = await world.message("Shall holders vote on letting acs-employment v1 answer again?")
    assert "**Cause:** A joke." in message.content
    await sign(world, serving, 1, 0)
    await world.until(lambda: labels(message)[0] == "Vote", "the way to the vote")
    await world.halt()
