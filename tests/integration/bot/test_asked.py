"""What people ask the bot about a model, over a real gateway: each command once, and where it cannot look."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from integration.bot.world import BotWorld, labels
from support.discord.faults import Fault
from support.discord.world import Message
from support.index import happened
from tribune.reports.canonical import canonical_bytes, digest
from tribune.reports.evidence_store import write_evidence
from tribune.store import messages, queries
from tribune.store.session import Session, open_store
from tribune.store.tables import ChainEvent
from tribune.store.wallets import set_public

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain
    from support.voting import Voting

NUMBERS = itertools.count()
HOSTILE = "**@everyone** <@1> [x](https://evil.example) \u202egpj.exe `rm` " + "x" * 120


async def breached(chain: TestChain, world: BotWorld) -> Voting:
    """A model that was tripped, and whose vote holders have cast; then the bot starts."""
    from support.voting import open_breach

    folder = Path(world.settings.evidence_urls[0])
    voting = await asyncio.to_thread(open_breach, chain, folder)
    cast = chain.contracts["PauseGovernor"].functions.castVote(voting.proposal_id, 1)
    await asyncio.to_thread(chain.send, cast, chain.holders[4])
    registry = chain.contracts["ModelRegistry"].functions
    await asyncio.to_thread(chain.send, registry.registerModel(HOSTILE), chain.steward)
    world.start()
    await world.message("has been stopped")
    return voting


async def asked(world: BotWorld, name: str, /, **options: object) -> Message:
    answer = await world.answered(world.command("ada", name, **options))
    assert answer.ephemeral
    assert len(answer.content) <= 2000
    return answer


async def all_read(world: BotWorld, part: str) -> Message:
    """Ask for models until the index has read so far."""
    async with asyncio.timeout(20):
        while True:
            found = await asked(world, "models")
            if part in found.content:
                return found
            await asyncio.sleep(0.1)


async def offered(world: BotWorld, name: str, typed: str, option: str = "model") -> list[dict[str, str]]:
    """Type ahead into an option."""
    discord = world.discord.world
    sent = world.people.type_ahead(discord.find_user("ada"), name, {option: typed}, option, discord.channel)
    return await world.until(lambda: sent.choices, "choices")


async def test_bot__a_model_asked_about__tells_what_the_index_and_the_chain_have(
    chain: TestChain, world: BotWorld
) -> None:
    voting = await breached(chain, world)

    models = await asked(world, "models")
    assert "acs-employment** v1, SUSPENDED · model 1" in models.content
    assert "2 models" in models.content
    assert "@everyone" not in models.content
    assert "\u202e" not in models.content
    assert "https://" not in models.content
    assert "acs-employment" in (await asked(world, "models", stand="stopped")).content
    assert "No model is like that" in (await asked(world, "models", search="nothing")).content

    names = [choice["name"] for choice in await offered(world, "model", "ACS")]
    assert names == ["acs-employment · model 1 · SUSPENDED"]
    hostile = await offered(world, "report", "2")
    assert len(hostile[0]["name"]) <= 100
    assert "\u202e" not in hostile[0]["name"]

    for command in ("model", "audit"):
        told = await asked(world, command, model="2")
        assert r"\*\*@" in told.content
        assert "@everyone" not in told.content
        assert "\u202e" not in told.content
        assert "https://" not in told.content

    ballot = await asked(world, "vote", proposal="b1")
    assert "/b/1>" in ballot.content
    assert "Open the ballot" in labels(ballot)
    assert "There is no proposal" in (await asked(world, "vote", proposal="b2")).content
    for command in ("vote", "proposal", "power"):
        [case] = await offered(world, command, "acs", "proposal")
        assert (case["name"], case["value"]) == ("Case 1: acs-employment v1: it broke a rule (open)", "b1")
    detail = await asked(world, "proposal", proposal="b1")
    assert "has been stopped: it treats women and men differently" in detail.content
    assert labels(detail) == ["Open its page"]
    check = await world.answered(world.press("ben", world.messages[0], "Check it yourself"))
    assert check.ephemeral
    assert "tribune verify report bafkrei" in check.content
    assert labels(check) == ["The document"]

    model = await asked(world, "model", model="1")
    assert "less than a day in service since <t:" in model.content
    assert "1 rule broken, stopped 1 time" in model.content
    assert "between groups by sex is" in model.content

    report = await asked(world, "report", model="1")
    assert "acs-employment v1, its evaluation: no rule broken" in report.content
    assert "2 of 3 monitors got exactly this result (monitor, monitor)" in report.content
    assert "tribune verify report bafkrei" in report.content
    assert labels(report) == ["See the evidence"]
    assert "No report on frame 7" in (await asked(world, "report", model="1", frame=7)).content
    assert "No report on this model" in (await asked(world, "report", model="2")).content
    assert "No report on this model" in (await asked(world, "history", model="1")).content

    audit = await asked(world, "audit", model="1")
    holder = voting.holders[4].address
    short = f"`{holder[:6]}…{holder[-4:]}`"
    assert f"{short} voted for, with 80,000 votes, on case 1." in audit.content
    assert "It was SUSPENDED until <t:" in audit.content
    assert f"sent by {short}" in audit.content
    await world.until(lambda: "More" in labels(audit), "the pages")
    world.press("ada", audit, "More")
    await world.until(lambda: "Registered; its steward is" in audit.content, "the last page")

    with open_store(world.settings.store_url) as store:
        ada = int(world.discord.world.find_user("ada").id)
        await store.run(queries.link_wallet, ada, holder)
        assert f"<@{ada}>" not in (await asked(world, "audit", model="1")).content
        await store.run(set_public, ada, holder, True)
        assert f"<@{ada}> ({short}) voted for" in (await asked(world, "audit", model="1")).content
        assert await store.run(messages.unlink_wallet, ada, holder)

    world.discord.faults.add(Fault(path="/callback$", delay_s=0.4))
    health = await asked(world, "health")
    took = re.search(r"\*\*Discord:\*\* ([\d,]+) ms", health.content)
    assert took is not None
    assert 400 <= int(took[1].replace(",", "")) < 5_000
    assert "all of it has been read" in health.content
    assert " ballots" in health.content
    assert health.content.count("- monitor `0x") == 3
    assert health.content.count(": frame 0 of model 1, <t:") == 2
    assert health.content.count(": nothing, as far as we look back") == 1
    await world.halt()
    found = await asyncio.to_thread(world.discord.ledger.report)
    assert found["requests"] == []


def judged(chain: TestChain, frame: int, value: int, *, monitors: int = 3) -> list[ChainEvent]:
    """A frame that two monitors reported alike, and a third otherwise, as the index would have it."""
    from support.voting import documents

    policy = chain.contracts["PolicyBook"].functions.currentTerms(1).call()[0]
    evidence = hashlib.sha256(canonical_bytes(documents()[1])).hexdigest()
    report = {"model_id": 1, "version": 1, "frame": frame, "policy": "0x" + policy.hex()}
    report |= {"evidence": "0x" + evidence, "values": [value]}
    signed = [
        happened("Attested", model_id=1, version=1, frame=frame, monitor=monitor.address, report=digest)
        for monitor, digest in zip(chain.monitors[:monitors], ("0xaa", "0xaa", "0xbb"), strict=False)
    ]
    of: dict[str, Any] = {
        "version": 1,
        "frame": frame,
        "digest": "0xaa",
        "hits": int(value > 100_000),
        "case_id": 0,
    }
    return [*signed, happened("ReportJudged", contract="ReportHub", model_id=1, **of, report=report)]


def added(session: Session, event: ChainEvent) -> None:
    session.add(event)


async def keep(world: BotWorld, events: list[ChainEvent]) -> None:
    """Put events into the bot's index."""
    with open_store(world.settings.store_url) as store:
        for event in events:
            event.block_number, event.log_index = 1, next(NUMBERS)
            await store.run(added, event)


async def test_bot__frames_judged__reports_and_history_show_values_limits_and_signers(
    chain: TestChain, world: BotWorld
) -> None:
    await breached(chain, world)
    for place, value in enumerate((20_000, -(2**63), 431_000), 1):
        await keep(world, judged(chain, place, value))
    report = await asked(world, "report", model="1")
    assert "acs-employment v1, frame 3: 1 rule broken" in report.content
    assert "2,000 decisions; 2 of 3 monitors got exactly this result (monitor, monitor)" in report.content
    assert "1 got another one" in report.content
    assert '🔴 It said "employed" for 53 of 100 men and 6 of 100 women.' in report.content
    assert report.attachments[0].content.startswith(b"\x89PNG")
    kept = await asked(world, "report", model="1", frame=1)
    assert "🟢 The gap in positive decisions between groups by sex: at least 2 %, limit 10 %" in kept.content
    unknown = await asked(world, "report", model="1", frame=2)
    assert (
        "⚪ The gap in positive decisions between groups by sex: not measured (limit 10 %)" in unknown.content
    )
    history = await asked(world, "history", model="1")
    assert "the last frames, up to frame 3" in history.content
    assert "Frame 3: 43.1 %, beyond the limit of 10 %; 1 of 2 frames was beyond it." in history.content
    assert history.attachments[0].content.startswith(b"\x89PNG")
    await world.halt()


async def test_bot__one_monitor_alone__says_so_wherever_its_reports_are_told(
    chain: TestChain, world: BotWorld
) -> None:
    from support.voting import RULE, documents

    profile, evidence, _value = documents()
    for document in (profile, evidence):
        write_evidence(world.settings.evidence_urls[0], document)
    registry, [alone, *_] = chain.contracts["ModelRegistry"].functions, chain.monitors
    await asyncio.to_thread(chain.send, registry.registerModel("lonely"), chain.steward)
    version = (b"\1" * 32, digest(canonical_bytes(profile)), b"\2" * 32, bytes(32), bytes(32), 0, 0, "")
    await asyncio.to_thread(chain.send, registry.registerVersion(1, version), chain.steward)
    admit = chain.contracts["MonitorRegistry"].functions.admit(alone.address, "eye", "")
    await asyncio.to_thread(chain.as_timelock, admit)
    terms = (0, 100, 100, 5, 50, 60, False, 1, [alone.address], [RULE.on_chain()])
    await asyncio.to_thread(chain.as_timelock, chain.contracts["PolicyBook"].functions.setPolicy(1, terms))
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    await all_read(world, "lonely")
    await keep(world, judged(chain, 1, 20_000, monitors=1))
    for command in ("model", "report", "history"):
        assert "one monitor, not independent" in (await asked(world, command, model="1")).content, command
    await world.halt()


async def test_bot__more_models_than_a_page__are_turned_through(chain: TestChain, world: BotWorld) -> None:
    registry = chain.contracts["ModelRegistry"].functions
    for place in range(1, 27):
        await asyncio.to_thread(chain.send, registry.registerModel(f"model {place}"), chain.steward)
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")

    first = await all_read(world, "26 models")
    assert "26 models, page 1 of 3" in first.content
    assert "**model 26**, INACTIVE" in first.content
    assert "**model 14**" not in first.content
    world.press("ada", first, "More")
    await world.until(lambda: "page 2 of 3" in first.content, "the second page")
    assert "**model 14**, INACTIVE" in first.content
    world.press("ada", first, "More")
    await world.until(lambda: "page 3 of 3" in first.content, "the last page")
    assert "**model 1**, INACTIVE" in first.content
    world.press("ada", first, "Back")
    await world.until(lambda: "page 2 of 3" in first.content, "the second page again")
    found = await offered(world, "model", "")
    assert len(found) == 25
    await world.halt()


async def test_bot__nothing_registered__says_so(chain: TestChain, world: BotWorld) -> None:
    world.start()
    await world.until(lambda: world.discord.gateway.connected, "the gateway")
    assert "No model is registered yet" in (await asked(world, "models")).content
    assert "There is no model" in (await asked(world, "audit", model="1")).content
    await world.halt()


async def test_bot__node_gone__says_that_it_cannot_look_and_what_it_knew(
    chain: TestChain, world: BotWorld
) -> None:
    await breached(chain, world)
    await asked(world, "models")
    chain.anvil.stop()
    began = time.monotonic()
    models = await asked(world, "models")
    assert time.monotonic() - began < 15
    assert "The chain cannot be seen now" in models.content
    assert "acs-employment" in models.content
    audit = await asked(world, "audit", model="1")
    assert "who sent each transaction is left out" in audit.content
    report = await asked(world, "report", model="1")
    assert "its evaluation: no rule broken" in report.content
    assert "there may be a newer report" in report.content
    assert "cannot be seen" in (await asked(world, "health")).content
    names = [choice["name"] for choice in await offered(world, "model", "acs")]
    assert names == ["acs-employment · model 1 · SUSPENDED"]
    await world.kill()


async def test_bot__newcomer__learns_why_power_is_none_and_where_to_delegate(
    chain: TestChain, world: BotWorld
) -> None:
    voting = await breached(chain, world)
    helped = await asked(world, "help")
    assert "My power is 0?" in helped.content
    assert "do not know your wallet" in (await asked(world, "power")).content
    delegate = await asked(world, "delegate")
    token = chain.contracts["TribuneToken"]
    assert f"call `delegate(address)` of the token `{token.address}`" in delegate.content
    assert labels(delegate) == ["Delegate"]

    holder, newcomer = voting.holders[0].address, chain.web3.eth.account.create().address
    await asyncio.to_thread(chain.send, token.functions.transfer(newcomer, 10**18), voting.holders[1])
    ada = int(world.discord.world.find_user("ada").id)
    with open_store(world.settings.store_url) as store:
        for wallet in (holder, newcomer):
            await store.run(queries.link_wallet, ada, wallet)
    power = await asked(world, "power")
    assert "400,000 votes (40 %)." in power.content
    assert "no votes. It holds 1 token, but tokens count only once they are delegated" in power.content
    assert "has been stopped: it treats women and men differently**, counted <t:" in power.content
    assert labels(power) == ["Delegate them"]
    assert (await asked(world, "power", proposal="b1")).content.count("400,000 votes") == 2
    assert "There is no proposal" in (await asked(world, "power", proposal="p9")).content

    delegates = await asked(world, "delegates")
    assert "1 token, delegated to nobody, so they do not count" in delegates.content
    short = f"`{holder[:6]}…{holder[-4:]}`"
    assert f"1. {short}: 400,000 (40 %)" in delegates.content

    assert f"`{holder}` · seen by nobody else" in (await asked(world, "wallets")).content
    shown = await asked(world, "wallets", wallet=holder, public="true")
    assert f"`{holder}` · public" in shown.content
    assert f"1. <@{ada}> ({short}): 400,000" in (await asked(world, "delegates")).content
    refused = await asked(world, "wallets", wallet=voting.holders[2].address, public="true")
    assert "is not linked to you" in refused.content
    assert "Forgotten" in (await asked(world, "unlink", wallet=holder)).content
    await world.halt()
    found = await asyncio.to_thread(world.discord.ledger.report)
    assert found["requests"] == []
