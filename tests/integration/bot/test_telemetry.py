"""What the bot shows of itself while it runs."""

from __future__ import annotations

import asyncio

import httpx

from integration.bot.world import BotWorld
from support.processes import free_port
from tribune.settings import TelemetrySettings

SHOWN = (
    'tribune_balance_coins{role="relayer"}',
    "tribune_index_block",
    'tribune_outbox_rows{state="failed"}',
)


async def test_run__scraped__balance_outbox_and_the_head_of_the_index(world: BotWorld) -> None:
    port = free_port()
    telemetry = TelemetrySettings(port=port, every_s=0.1)
    world.settings = world.settings.model_copy(update={"telemetry": telemetry})
    world.start()
    shown = ""
    async with httpx.AsyncClient() as client, asyncio.timeout(20):
        while not all(f"\n{name} " in shown for name in SHOWN):
            try:
                shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            except httpx.TransportError:
                assert world.task is not None
                assert not world.task.done()
            await asyncio.sleep(0.1)
        health = (await client.get(f"http://127.0.0.1:{port}/health")).json()
    assert health["status"] == "ok"
    assert set(health["parts"]) == {"chain", "store", "balance"}
    await world.halt()
