"""The bot over a real gateway: a breach becomes one message, a vote, ballots, a pause."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from integration.bot.voting import breach, queue_ballots
from integration.bot.world import URL, BotWorld, labels
from tribune.ids import CaseId
from tribune.metrics import Severity
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence
from tribune.store import messages
from tribune.store.session import open_store
from tribune.store.tables import ChainEvent

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain

ALERT_S = 3.0
"""The goal is 1 s; a busy machine of two cores runs everything in this test at once."""


@pytest.mark.alone
async def test_bot__breach_to_pause__one_message_from_alert_to_paused(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    voting = await breach(chain, world)
    tripped = datetime.now(UTC)

    message = await world.message("has been stopped: it treats women and men differently")
    assert (message.created - tripped).total_seconds() < ALERT_S
    assert 'It said "employed" for 53 of 100 men and 6 of 100 women.' in message.content

    await world.until(lambda: "Vote" in labels(message), "the vote's buttons")
    assert labels(message) == [
        *("Vote", "See the evidence", "Check it yourself", "My voting power", "What happened")
    ]
    await world.until(lambda: message.attachments, "the chart")
    assert message.attachments[0].content.startswith(b"\x89PNG")

    answer = await world.answered(world.press("ada", message, "Vote"))
    assert answer.ephemeral
    assert f"{URL}/b/{voting.case_id}" in answer.content

    await queue_ballots(voting, world, [1, 1, 1, 1, 0])
    await world.until(lambda: "% for" in message.content and "0 % for" not in message.content, "a tally")
    await world.until(lambda: "is PAUSED until a vote says otherwise" in message.content, "PAUSED")
    assert "Vote" not in labels(message)
    status = chain.contracts["KillSwitch"].functions.statusOf(1).call()
    assert status[0] == 3
    assert len(world.messages) == 1

    await world.halt()
    found = await asyncio.to_thread(world.discord.ledger.report)
    assert found["requests"] == []
    assert found["unsupported"] == []


async def test_bot__resume__tells_the_conclusion_and_sets_the_model_free(
    chain: TestChain, world: BotWorld
) -> None:
    world.start()
    voting = await breach(chain, world)
    await world.message("has been stopped")
    await queue_ballots(voting, world, [1, 1, 1, 1, 1])
    paused = await world.message("is PAUSED until a vote says otherwise")

    conclusion = {"cause": "Ages came in 40 years too high.", "fix": "The feed was mended."}
    name = write_evidence(world.settings.evidence_urls[0], conclusion)
    call = voting.governor.functions.callResume(1, 1, cid_digest(name))
    await asyncio.to_thread(chain.send, call, chain.steward)
    asked = await world.message("acs-employment v1: shall it answer again?")
    assert "Cause: Ages came in 40 years too high.\nFix: The feed was mended." in asked.content
    await world.until(lambda: "Vote" in labels(asked), "the vote's buttons")
    assert "See the conclusion" in labels(asked)

    resume = replace(voting, case_id=CaseId(voting.case_id + 1))
    await queue_ballots(resume, world, [1, 1, 1, 1, 0])
    await world.until(lambda: "93 % for" in asked.content or "92 % for" in asked.content, "the tally")
    await asyncio.to_thread(chain.warp, 700)
    await world.until(lambda: "is ACTIVE again: the vote to resume passed" in asked.content, "ACTIVE")
    await world.until(lambda: "was PAUSED by vote" in paused.content, "the first message to tell it too")
    assert len(world.messages) == 2
    await world.halt()


async def test_bot__killed_between_post_and_record__finds_its_message_again(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(messages, "record_posted", killed)
        world.start()
        voting = await breach(chain, world)
        message = await world.message("has been stopped")
        await world.kill()
    assert message.nonce is not None
    message.nonce = None  # Discord forgets nonces after some minutes

    world.start()
    await world.until(lambda: "Vote" in labels(message), "the vote's buttons on the first message")
    assert len(world.messages) == 1
    await queue_ballots(voting, world, [1, 1, 1, 1, 1])
    await world.message("is PAUSED until a vote says otherwise")
    assert len(world.messages) == 1
    await world.halt()


async def test_bot__case_opened_while_it_was_down__is_posted_once_at_its_start(
    chain: TestChain, world: BotWorld
) -> None:
    await breach(chain, world)
    world.start()
    message = await world.message("has been stopped")
    await world.until(lambda: "Vote" in labels(message), "the vote's buttons")
    await world.halt()
    world.start()
    await world.until(lambda: world.discord.gateway.identified > 1, "the second start")
    await asyncio.sleep(1)
    assert len(world.messages) == 1
    answer = await world.answered(world.press("ben", message, "My voting power"))
    assert "I do not know your wallet" in answer.content
    await world.halt()


async def test_bot__hostile_model_name__pings_nobody_and_formats_nothing(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import voting

    monkeypatch.setattr(voting, "MODEL", "@everyone **x** [y](https://evil.example) <@1>\n# `z` ||w||")
    world.start()
    await breach(chain, world)
    message = await world.message("has been stopped")
    first = message.content.splitlines()[0]
    assert "@everyone" not in first
    assert "https://" not in first
    assert "<@" not in first.replace("\\<", "")
    assert message.mentions == []
    sent = [
        one
        for one in world.discord.ledger.exchanges
        if one.method == "POST" and "content" in (one.body or {})
    ]
    assert all(one.body["allowed_mentions"] == {"parse": []} for one in sent)
    await world.halt()


async def test_bot__warn_rule_hit__tells_without_a_vote(
    chain: TestChain, world: BotWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import voting

    monkeypatch.setattr(voting, "RULE", replace(voting.RULE, severity=Severity.WARN))
    tripped = await breach(chain, world)
    case = chain.contracts["KillSwitch"].functions.caseOf(tripped.case_id).call()
    value, policy, evidence = case[12], case[14], case[15]
    report = {"model_id": 1, "version": 1, "frame": 2, "policy": "0x" + policy.hex(), "values": [value]}
    judged = ChainEvent(
        block_number=1,
        block_hash="0x01",
        block_time=datetime.now(UTC),
        tx_hash="0x",
        log_index=0,
        address="0x",
        contract="ReportHub",
        name="ReportJudged",
        args={"hits": 1, "case_id": 0, "report": report | {"evidence": "0x" + evidence.hex()}},
        data="0x",
    )
    with open_store(world.settings.store_url) as store:
        await store.run(lambda session: session.add(judged))
    world.start()
    message = await world.message("Early warning: acs-employment v1: it treats women and men differently")
    assert 'It said "employed" for 53 of 100 men and 6 of 100 women.' in message.content
    assert labels(message) == ["See the evidence"]
    await world.halt()


async def test_bot__commands__answer_privately(chain: TestChain, world: BotWorld) -> None:
    await breach(chain, world)
    world.start()
    await world.message("has been stopped")
    expected = {
        "models": "acs-employment",
        "proposals": "has been stopped",
        "health": "Chain:",
        "wallets": "No wallet is linked",
        "link": "works once",
    }
    for name, part in expected.items():
        answer = await world.answered(world.command("cleo", name))
        assert answer.ephemeral, name
        assert part in answer.content, name
    answer = await world.answered(world.command("cleo", "model", model="acs-employment"))
    assert "SUSPENDED" in answer.content
    assert "Rules, set by vote" in answer.content
    answer = await world.answered(world.command("cleo", "unlink", wallet="0xabc"))
    assert "is not linked to you" in answer.content
    refused = world.command("cleo", "model", model="nothing")
    assert "There is no model" in (await world.answered(refused)).content
    await world.halt()
