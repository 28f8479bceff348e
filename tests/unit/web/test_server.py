"""The pages as a process: opens what the settings name, serves, stops when told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from support.index import read_chain
from support.processes import free_port
from tribune.ballots.directory import Directory, Listing
from tribune.exceptions import ConfigurationError
from tribune.settings import Settings
from tribune.store.queries import checkpoint
from tribune.store.session import open_store
from unit.gate.serving import served

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


@pytest.mark.parametrize("broken", [False, True])
async def test_run__models_in_the_index__are_read_before_anybody_asks(
    voting: Voting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    from tribune.web.server import run

    voting.chain.write_record(tmp_path)
    looks: list[Listing | None] = []
    look = Directory.look

    async def looked(directory: Directory) -> Listing:
        if broken and not looks:
            looks.append(None)
            raise ZeroDivisionError
        found = await look(directory)
        looks.append(found)
        return found

    monkeypatch.setattr(Directory, "look", looked)
    port, stop = free_port(), asyncio.Event()
    settings = Settings.model_validate(
        {
            "chain": {"http_url": voting.chain.anvil.http_url},
            "web": {"port": port},
            "deployments": tmp_path,
            "store_url": f"sqlite:///{tmp_path / 'store.db'}",
        }
    )
    with open_store(settings.store_url) as store:
        await read_chain(voting.chain, store)
    serving = asyncio.create_task(run(settings, stop))
    async with asyncio.timeout(30):
        while not looks:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    assert [None if one is None else list(one.models) for one in looks] == [None if broken else [1]]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/")).status_code == 200
    stop.set()
    await asyncio.wait_for(serving, 20)


async def test_run__webhook_named__a_halt_of_all_is_told(voting: Voting, tmp_path: Path) -> None:
    from eth_account import Account

    from support.voting import GUARDIAN_KEY
    from tribune.web.server import run

    voting.chain.write_record(tmp_path)
    (tmp_path / "secret").write_text("whsec_" + "a2tr" * 8)
    told: list[Any] = []

    async def take(request: Request) -> Response:
        told.append(await request.json())
        return Response(status_code=204)

    stop = asyncio.Event()
    async with served(Starlette(routes=[Route("/", take, methods=["POST"])])) as receiver:
        hook = {"url": f"http://127.0.0.1:{receiver}/", "secret_file": tmp_path / "secret"}
        settings = Settings.model_validate(
            {
                "chain": {"http_url": voting.chain.anvil.http_url, "finality_blocks": 0, "poll_s": 0.1},
                "web": {"port": 0, "webhooks": {"ops": hook}},
                "deployments": tmp_path,
                "store_url": f"sqlite:///{tmp_path / 'store.db'}",
            }
        )
        serving = asyncio.create_task(run(settings, stop))
        async with asyncio.timeout(30):
            with open_store(settings.store_url) as store:
                while await store.read(checkpoint, "webhook/ops") is None:  # noqa: ASYNC110 - tells nobody
                    await asyncio.sleep(0.05)
            halt = voting.chain.contracts["KillSwitch"].functions.guardianHalt()
            voting.chain.send(halt, Account.from_key(GUARDIAN_KEY))
            while not told:  # noqa: ASYNC110 - what is waited for is another server's
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(serving, 20)
    assert [one["type"] for one in told] == ["halt.started"]  # and nothing of what was before
    assert told[0]["data"]["until"] is not None


async def test_run__nothing_deployed__says_so(tmp_path: Path) -> None:
    from tribune.web.server import run

    settings = Settings.model_validate({"deployments": tmp_path, "chain": {"chain_id": 5}})
    with pytest.raises(ConfigurationError, match="Nothing is deployed on chain 5"):
        await run(settings)
