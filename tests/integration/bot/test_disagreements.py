"""Monitors that contradict each other, on a real chain: one message, edited when they agree again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from integration.bot.test_without_a_rule import serving
from integration.bot.world import BotWorld

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain


def report(chain: TestChain, values: list[int]) -> int:
    """Let each monitor sign its own value of a frame that has just ended; return the frame."""
    contracts = chain.contracts
    policies, hub = contracts["PolicyBook"].functions, contracts["ReportHub"].functions
    frame: int = policies.lastFrameDue(1).call() + 3
    end = policies.frameTimes(1, frame).call()[1]
    chain.warp(max(0, end - chain.now) + 1)
    log = contracts["DecisionLog"].functions
    chain.send(log.anchor(1, 1, frame, b"\3" * 32, b"\4" * 32, 1000), chain.steward)
    manifest = log.anchorOf(1, 1, frame).call()
    policy = policies.currentTerms(1).call()[0]
    for index, (monitor, value) in enumerate(zip(chain.monitors, values, strict=False)):
        made = (1, 1, frame, policy, manifest, b"\6" * 32, [value])
        digest = hub.hashAttestation(hub.hashReport(made).call(), bytes(32)).call()
        signature = monitor.unsafe_sign_hash(digest).signature
        chain.send(hub.submit(made, [(index, bytes(32), signature)]))
    return frame


async def test_bot__monitors_disagree__tells_it_once_and_that_it_is_over(
    chain: TestChain, world: BotWorld
) -> None:
    await serving(chain, world)
    world.start()
    frame = await asyncio.to_thread(report, chain, [1, 2, 3])
    message = await world.message("acs-employment v1: its monitors contradict each other")
    assert f"Of frame {frame}, 3 of 3 monitors signed 3 different results" in message.content
    assert "nothing is stopped by this" in message.content
    agreed = await asyncio.to_thread(report, chain, [5, 5])
    over = f"its monitors agree again, since frame {agreed}"
    await world.until(lambda: over in message.content, "that it is over")
    assert sum("its monitors" in one.content for one in world.messages) == 1
    await world.halt()
