"""The pages as a process: opens what the settings name, serves, stops when told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.processes import free_port
from tribune.exceptions import ConfigurationError
from tribune.settings import Settings

if TYPE_CHECKING:
    from support.voting import Voting


SHOWN = (
    *("tribune_chain_head_number", 'tribune_outbox_rows{state="queued"}', "tribune_rpc_split_view"),
    "tribune_index_block",  # the pages follow the chain themselves
)


async def test_run__until_stopped__serves_and_shows_how_it_is(voting: Voting, tmp_path: Path) -> None:
    from tribune.web.server import run

    voting.chain.write_record(tmp_path)
    port, telemetry, stop = free_port(), free_port(), asyncio.Event()
    settings = Settings.model_validate(
        {
            "chain": {"http_url": voting.chain.anvil.http_url},
            "web": {"port": port},
            "telemetry": {"port": telemetry, "every_s": 0.1},
            "deployments": tmp_path,
            "store_url": f"sqlite:///{tmp_path / 'store.db'}",
        }
    )
    serving = asyncio.create_task(run(settings, stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(100):
            try:
                answer = await client.get("/healthz")
                break
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        async with asyncio.timeout(10):
            shown = ""
            while not all(f"\n{name} " in shown for name in SHOWN):
                shown = (await client.get(f"http://127.0.0.1:{telemetry}/metrics")).text
        health = (await client.get(f"http://127.0.0.1:{telemetry}/health")).json()
    assert answer.status_code == 200
    assert health["status"] == "ok"
    assert set(health["parts"]) == {"chain", "store"}
    stop.set()
    await asyncio.wait_for(serving, 10)


async def test_run__nothing_deployed__says_so(tmp_path: Path) -> None:
    from tribune.web.server import run

    settings = Settings.model_validate({"deployments": tmp_path, "chain": {"chain_id": 5}})
    with pytest.raises(ConfigurationError, match="Nothing is deployed on chain 5"):
        await run(settings)
