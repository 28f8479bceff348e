"""Drafts of slow-lane proposals as people make them in Discord: on a real gateway, and a real chain."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integration.bot.world import URL, BotWorld, labels
from support.discord.bodies import flat
from support.discord.world import Message
from tribune.ballots.slow_lane.drafts import attached_backtest

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain

TEXT_INPUT = 4
ACCOUNT = "0x00000000000000000000000000000000DeaDBeef"
METRIC = "fairness.demographic_parity_difference.lower/SEX"


@pytest.fixture
async def serving(chain: TestChain, world: BotWorld) -> TestChain:
    """A model in service, with a policy."""
    from support.voting import open_model

    await asyncio.to_thread(open_model, chain, Path(world.settings.evidence_urls[0]))
    world.start()
    return chain


async def drafted(world: BotWorld, command: str, texts: list[str], **options: Any) -> Message:
    """Run a command, fill its modal in and submit it; return the private answer."""
    ready = world.discord
    await world.until(lambda: ready.world.find_command("propose") and ready.gateway.connected, "the bot")
    asked = world.command("ada", command, **options)
    modal = await world.until(lambda: asked.modal, "the modal")
    fields = [one["custom_id"] for one in flat(modal["components"]) if one["type"] == TEXT_INPUT]
    who = ready.world.find_user("ada")
    return await world.answered(world.people.submit(who, asked, dict(zip(fields, texts, strict=True))))


def policy(chain: TestChain, limit: str = "0.2") -> str:
    panel = ", ".join(f'"{one.address}"' for one in chain.monitors)
    return (
        "[frames]\nstep_s = 10\nlength_s = 10\ngrace_s = 1\ndeadline_s = 8\nsuspension_s = 60\nk = 2\n"
        f"panel = [{panel}]\n"
        f'[[rule]]\nmetric = "{METRIC}"\nlimit = {limit}\nseverity = "TRIP"\nz = 3\n'
    )


def backtest() -> bytes:
    rule = {"metric": METRIC, "op": ">", "limit": 200_000, "severity": "TRIP", "stage": "always"}
    counts = {"m": 1, "w": 1, "na_budget": 3, "z": 3_000_000}
    return json.dumps(
        {"schema": "tribune/backtest/1", "policies": [{"rules": [{**rule, **counts}]}]}
    ).encode()


async def test_propose_policy__with_its_backtest__draft_in_words_and_its_page(
    serving: TestChain, world: BotWorld
) -> None:
    attached = attached_backtest(world.settings.evidence_stores, backtest())
    await attached.keep()
    name = attached.name
    texts = [policy(serving), "Fewer alarms"]
    answer = await drafted(world, "propose policy", texts, model="1", backtest_id=name)
    assert answer.ephemeral
    assert "**Draft: New rules for acs-employment (model 1)**" in answer.content
    assert "✓ Tried on the chain: it works." in answer.content
    assert "✓ Its backtest is of exactly these rules." in answer.content
    assert "above 20 %" in answer.content
    assert labels(answer) == ["Open the draft"]
    assert f"{URL}/p/draft/" in json.dumps(answer.components)
    await world.halt()


async def test_propose_policy__no_backtest__refused_and_the_text_given_back(
    serving: TestChain, world: BotWorld
) -> None:
    answer = await drafted(world, "propose policy", [policy(serving), "Why not"], model="1")
    assert "A new policy comes with its backtest" in answer.content
    assert b"[frames]" in answer.attachments[0].content
    await world.halt()


async def test_propose_monitor__admit__draft_of_exactly_that(serving: TestChain, world: BotWorld) -> None:
    texts = ["@everyone **Observatory**", "https://evil.example", "They are good"]
    answer = await drafted(world, "propose monitor", texts, what="admit", address=ACCOUNT)
    assert "Admit the monitor" in answer.content
    assert "@everyone" not in answer.content
    assert "https://evil.example" not in answer.content
    await world.halt()


async def test_propose_monitor__dismiss__draft_of_exactly_that(serving: TestChain, world: BotWorld) -> None:
    address = serving.monitors[0].address
    answer = await drafted(world, "propose monitor", ["It is never there"], what="dismiss", address=address)
    assert "Dismiss the monitor" in answer.content
    assert "✓ Tried on the chain: it works." in answer.content
    assert address in answer.content
    await world.halt()


async def test_propose_monitor__mistyped_address__refused(serving: TestChain, world: BotWorld) -> None:
    mistyped = ACCOUNT.replace("DeaD", "dEAD")
    answer = await drafted(world, "propose monitor", ["Why"], what="dismiss", address=mistyped)
    assert "no address, or a mistyped one" in answer.content
    await world.halt()


async def test_propose_monitor__no_governor_in_the_record__offers_the_plan(
    chain: TestChain, world: BotWorld
) -> None:
    record = Path(world.settings.deployments) / "31337.json"
    record.write_text(record.read_text().replace('"OversightGovernor"', '"SomebodysGovernor"'))
    world.start()
    answer = await drafted(world, "propose monitor", ["Obs", "", "Why"], what="admit", address=ACCOUNT)
    assert "its own Safe, timelock or governor" in answer.content
    assert "--plan" in answer.content
    await world.halt()
