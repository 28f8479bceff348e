"""`tribune gate serve` on a real chain: killed, before bad nodes, through reorgs, and how fast."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.gate.world import GateWorld, sidecar_process
from support.processes import free_port
from support.rpc_proxy import Fault, RpcProxy
from tribune.gate.sidecar.client import SidecarSource
from tribune.gate.status import Cause, StatusView
from tribune.gate.watching.chain_source import ChainSource
from tribune.settings import ChainSettings
from unit.gate.chain import cause, kept, until

LONG_S = 20.0


async def test_gate_serve__killed_and_restarted__gate_goes_on_and_misses_no_halt(
    world: GateWorld, tmp_path: Path
) -> None:
    port = free_port()
    given = {"TRIBUNE_GATE__SERVE__PORT": str(port)}
    async with kept(SidecarSource(f"http://127.0.0.1:{port}", chain_id=31337)) as view:
        with sidecar_process(world, tmp_path, **given) as (_, process):
            await until(lambda: cause(view, 10.0) is None, LONG_S)
            process.kill()
            process.wait(5)
        world.halt()
        await until(lambda: cause(view, 1.0) is Cause.UNKNOWN, LONG_S)  # nobody tells it of new blocks
        with sidecar_process(world, tmp_path, **given):
            await until(lambda: cause(view, 10.0) is Cause.HALTED, LONG_S)
            world.free()
            await until(lambda: cause(view, 10.0) is None, LONG_S)


async def test_gate_serve__on_a_unix_socket__left_behind_by_a_kill__starts_again(
    world: GateWorld, tmp_path: Path
) -> None:
    place = tmp_path / "gate.sock"
    for _ in range(2):
        async with kept(SidecarSource(f"unix:{place}", chain_id=31337)) as view:
            with sidecar_process(world, tmp_path, TRIBUNE_GATE__SERVE__SOCKET=str(place)) as (_, process):
                await until(lambda: cause(view, 10.0) is None, LONG_S)
                assert place.stat().st_mode & 0o777 == 0o660
                process.kill()
                process.wait(5)
        assert place.exists()


@pytest.mark.alone
async def test_gate_serve__halts_on_the_chain__are_refused_within_100_ms(
    world: GateWorld, tmp_path: Path
) -> None:
    with sidecar_process(world, tmp_path) as (url, _):
        async with kept(SidecarSource(url, chain_id=31337)) as view:
            await until(lambda: cause(view, 10.0) is None, LONG_S)
            took = []
            for _ in range(20):
                await asyncio.to_thread(world.halt)
                mined = time.perf_counter()  # the receipt is here
                await until(lambda: cause(view, 10.0) is Cause.HALTED)
                took.append(time.perf_counter() - mined)
                await asyncio.to_thread(world.free)
                await until(lambda: cause(view, 10.0) is None)
    assert statistics.median(took) < 0.1


async def test_watch__halt_removed_by_a_reorg_and_back__never_open_while_the_newest_block_is_halted(
    world: GateWorld,
) -> None:
    rpc = world.chain.rpc
    async with kept(ChainSource(world.settings)) as view:
        await until(lambda: cause(view, 10.0) is None, LONG_S)
        rpc("evm_mine")
        world.halt()
        await until(lambda: cause(view, 10.0) is Cause.HALTED, LONG_S)
        rpc("anvil_reorg", 1, [])  # the halt is gone, its block's number is not
        rpc("evm_mine")
        await until(lambda: cause(view, 10.0) is None, LONG_S)
        for _ in range(3):
            world.halt()
            block = int(world.chain.web3.eth.block_number)
            await until(lambda block=block: _number(view) >= block, LONG_S)
            assert cause(view, 10.0) is Cause.HALTED
            rpc("anvil_reorg", 2, [])
            world.halt()  # it comes again in the other branch
            block = world.chain.web3.eth.block_number + 1
            rpc("evm_mine")
            await until(lambda block=block: _number(view) >= block, LONG_S)
            assert cause(view, 10.0) is Cause.HALTED
            world.free()
            await until(lambda: cause(view, 10.0) is None, LONG_S)


def _number(view: StatusView) -> int:
    reading = view.snapshot.reading
    return reading.block_number if reading is not None else 0


@contextmanager
def _through(world: GateWorld, proxy: RpcProxy, *, alone: bool) -> Any:
    chain = ChainSettings(
        http_url=proxy.http_url,
        ws_url=proxy.ws_url,
        fallback_urls=[] if alone else [world.anvil.http_url],
        chain_id=31337,
        timeout_s=1.0,
        poll_s=0.2,
    )
    yield world.settings.model_copy(update={"chain": chain})


FAULTS = [
    Fault.DOWN,
    Fault.SILENT,
    Fault.WRONG_CHAIN,
    Fault.GARBAGE,
    Fault.HTML,
    Fault.RATE_LIMITS,
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_watch__only_node_misbehaves__refuses_and_comes_back(world: GateWorld, fault: Fault) -> None:
    with RpcProxy(world.anvil.http_url) as proxy, _through(world, proxy, alone=True) as settings:
        async with kept(ChainSource(settings)) as view:
            await until(lambda: cause(view, 3.0) is None, LONG_S)
            proxy.be(fault)
            proxy.cut_sockets()
            world.halt()
            await until(lambda: cause(view, 3.0) is Cause.UNKNOWN, LONG_S)
            proxy.well()
            await until(lambda: cause(view, 3.0) is Cause.HALTED, LONG_S)
            world.free()


@pytest.mark.parametrize("fault", [*FAULTS, Fault.CUTS_SOCKET, Fault.REFUSES_BATCHES])
async def test_watch__first_node_misbehaves__another_tells_of_the_halt(
    world: GateWorld, fault: Fault
) -> None:
    with RpcProxy(world.anvil.http_url) as proxy, _through(world, proxy, alone=False) as settings:
        async with kept(ChainSource(settings)) as view:
            await until(lambda: cause(view, 10.0) is None, LONG_S)
            proxy.be(fault)
            proxy.cut_sockets()
            world.halt()
            await until(lambda: cause(view, 10.0) is Cause.HALTED, LONG_S)
            world.free()
            await until(lambda: cause(view, 10.0) is None, LONG_S)


async def test_gate_serve__scraped__shows_what_it_watches(world: GateWorld, tmp_path: Path) -> None:
    port = free_port()
    given = {
        "TRIBUNE_GATE__MODELS": "[1, 2]",
        "TRIBUNE_TELEMETRY__PORT": str(port),
        "TRIBUNE_TELEMETRY__EVERY_S": "0.1",
    }
    with sidecar_process(world, tmp_path, **given) as (url, _):
        async with kept(SidecarSource(url, chain_id=31337)) as view, httpx.AsyncClient() as client:
            await until(lambda: cause(view, 10.0) is None, LONG_S)
            wanted = {"models 2.0", "blind_models 0.0", "stopped_models 1.0", "sockets 1.0"}
            async with asyncio.timeout(LONG_S):
                text = ""
                while not all(f"\ntribune_gate_{line}\n" in text for line in wanted):
                    await asyncio.sleep(0.1)
                    text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            refused = await client.get(f"{url}/v1/auth/2/1")  # registered nowhere: not in service
            assert (refused.status_code, refused.json()["state"]) == (403, "Inactive")
            assert (await client.get(f"{url}/v1/models/3")).status_code == 404
