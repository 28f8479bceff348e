"""The pages as a process: opens what the settings name, serves, stops when told."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tribune.exceptions import ConfigurationError
from tribune.settings import Settings

if TYPE_CHECKING:
    from support.voting import Voting


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_run__until_stopped__serves(voting: Voting, tmp_path: Path) -> None:
    from tribune.web.server import run

    voting.chain.write_record(tmp_path)
    port, stop = free_port(), asyncio.Event()
    settings = Settings.model_validate(
        {
            "chain": {"http_url": voting.chain.anvil.http_url},
            "web": {"port": port},
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
    assert answer.status_code == 200
    stop.set()
    await asyncio.wait_for(serving, 10)


async def test_run__nothing_deployed__says_so(tmp_path: Path) -> None:
    from tribune.web.server import run

    settings = Settings.model_validate({"deployments": tmp_path, "chain": {"chain_id": 5}})
    with pytest.raises(ConfigurationError, match="Nothing is deployed on chain 5"):
        await run(settings)
