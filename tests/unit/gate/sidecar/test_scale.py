"""Many models and many gates at one sidecar."""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import time
from contextlib import AsyncExitStack

import pytest

from tribune.gate.status import Cause, StatusView
from tribune.gate.watching.watcher import ChainWatcher
from tribune.ids import ModelId
from unit.gate.chain import ACTIVE, MODEL, HandChain, cause, until
from unit.gate.sidecars import gate, sidecar

MODELS = 10_000
GATES = 200


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _number(view: StatusView) -> int:
    reading = view.snapshot.reading
    return reading.block_number if reading is not None else 0


@pytest.mark.alone
async def test_watch__ten_thousand_models__a_block_costs_little_and_a_stop_comes_first() -> None:
    gc.collect()
    before = _resident_mb()
    chain = HandChain(others={ModelId(i): ACTIVE for i in range(2, MODELS + 1)})
    views = [StatusView(ModelId(i)) for i in range(1, MODELS + 1)]
    task = asyncio.create_task(ChainWatcher(chain, poll_s=60).run(*views))
    await until(lambda: all(view.snapshot.artifact for view in views), 60)
    chain.read_models.clear()
    blocks = 10
    spent = 0.0
    late = []
    for block in range(blocks):
        stopped = views[-1 - block]
        used, start = time.process_time(), time.perf_counter()
        chain.mine(stopped.model_id, state="Paused")
        await until(lambda: cause(stopped) is Cause.PAUSED)  # noqa: B023 - waits for it here
        late.append(time.perf_counter() - start)
        newest = chain.newest.number
        await until(lambda: all(_number(view) == newest for view in views))  # noqa: B023
        spent += time.process_time() - used
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert sum(cause(view) is Cause.PAUSED for view in views) == blocks
    assert len(chain.read_models) < MODELS  # not all of them again
    assert spent / blocks < 0.5  # seconds of processor time a block, the test's own looking included
    assert sorted(late)[blocks // 2] < 0.1
    assert _resident_mb() - before < 100


async def test_watch__many_gates__all_hear_of_a_stop() -> None:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(sidecar())
        views = [
            await stack.enter_async_context(gate(world.url, ask_s=1.0, silence_s=8.0)) for _ in range(GATES)
        ]
        await until(lambda: all(cause(view) is None for view in views), 20)
        assert world.sidecar.sockets == GATES
        world.chain.mine(state="Paused")
        await until(lambda: all(cause(view) is Cause.PAUSED for view in views), 10)


async def test_watch__gate_that_reads_nothing__holds_up_nobody_and_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tribune.gate.sidecar.app as faces

    monkeypatch.setattr(faces, "PATIENCE_S", 0.3)
    chain = HandChain()
    async with sidecar(chain) as world, gate(world.url) as view:
        await until(lambda: cause(view) is None)
        host, port = world.url.removeprefix("http://").split(":")
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        deaf.connect((host, int(port)))
        deaf.setblocking(False)
        deaf.send(
            b"GET /v1/models/1/watch HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await until(lambda: world.sidecar.sockets == 2)
        asking = b"\x81\x81\x00\x00\x00\x00a"  # a text frame with one letter, masked by zeros
        for _ in range(40_000):  # more answers than all buffers take
            try:
                deaf.send(asking * 100)
            except BlockingIOError:
                await asyncio.sleep(0.01)
            except OSError:
                break
            await asyncio.sleep(0)
            if world.sidecar.sockets == 1:
                break
        await until(lambda: world.sidecar.sockets == 1, 20)
        deaf.close()
        start = time.perf_counter()
        chain.mine(state="Paused")
        await until(lambda: cause(view) is Cause.PAUSED)
        assert time.perf_counter() - start < 1.0
        assert MODEL in world.sidecar.views
