"""A sidecar on a loopback port before a chain that a test holds in its hand, and gates that ask it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tribune.gate.sidecar.app import Sidecar
from tribune.gate.sidecar.client import SidecarSource
from tribune.gate.status import StatusView
from tribune.gate.watching.watcher import ChainWatcher
from tribune.ids import ModelId
from unit.gate.chain import MODEL, HandChain, kept
from unit.gate.serving import served, served_on

CHAIN_ID = 31337


@dataclass
class World:
    """A sidecar, its chain, and where it is."""

    chain: HandChain
    sidecar: Sidecar
    url: str
    views: list[StatusView] = field(default_factory=list)


@asynccontextmanager
async def serving(app: Any, place: Path | int = 0) -> AsyncIterator[str]:
    """Serve an application on a port (0: a free one) or a unix socket; yields its address."""
    if isinstance(place, Path):
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(place))
        async with served_on(app, listening, lifespan="off"):
            yield f"unix:{place}"
    else:
        async with served(app, place, lifespan="off") as port:
            yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def sidecar(
    chain: HandChain | None = None, place: Path | int = 0, **options: Any
) -> AsyncIterator[World]:
    """Run a sidecar before a hand chain."""
    chain = chain or HandChain()
    watcher = ChainWatcher(chain, poll_s=0.05, timeout_s=0.5)
    options = {"chain_id": CHAIN_ID, "max_staleness_s": 5.0, **options}
    app = Sidecar(watcher, **options)
    task = asyncio.create_task(watcher.run())
    try:
        async with serving(app, place) as url:
            yield World(chain, app, url)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def gate(
    url: str, model_id: ModelId = MODEL, *, view: StatusView | None = None, **options: Any
) -> AsyncIterator[StatusView]:
    """Keep a view current by way of a sidecar."""
    source = SidecarSource(url, **{"chain_id": CHAIN_ID, "ask_s": 0.05, "silence_s": 0.5, **options})
    async with kept(source, view or StatusView(model_id)) as current:
        yield current


@asynccontextmanager
async def gated_world(**options: Any) -> AsyncIterator[tuple[World, StatusView]]:
    """A sidecar and one gate that asks it."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(sidecar(**options))
        yield world, await stack.enter_async_context(gate(world.url))
