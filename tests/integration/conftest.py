"""One chain for all tests of monitors and one for all of pages; each test begins from the same snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from support.anvil import ROOT, Anvil, find_binary
from support.browser import chromium
from tribune.ids import Address, ModelId

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from integration.monitor_world import MonitorWorld
    from integration.page_world import Stand
    from support.voting import Voting


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MonitorWorld]:
    """Models 1 and 2, evaluated by three monitors and in force; model 3 has another panel."""
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup compile`")
    # Late: web3's imports warn, which pytest makes errors until its own configuration is read.
    from integration.monitor_world import MonitorWorld, panel_of
    from support.chain import deploy

    with Anvil.start() as anvil:
        world = MonitorWorld(deploy(anvil, votes=False), tmp_path_factory.mktemp("monitors"))
        chain = world.chain
        panel = panel_of(chain)
        others = [Address(chain.holders[0].address)]
        for address in (*panel, *others):
            functions = chain.contracts["MonitorRegistry"].functions
            chain.as_timelock(functions.admit(address, "monitor", ""))
        for model_panel, k in ((panel, 2), (panel, 2), (others, 1)):
            world.register(model_panel, k=k)
        asyncio.run(_evaluate(world))
        for model_id in (1, 2):
            world.activate(ModelId(model_id))
        world.warp_to_force()
        yield world


async def _evaluate(world: MonitorWorld) -> None:
    from integration.monitor_world import monitors

    async with monitors(world, 0, 1, 2) as panel:
        await asyncio.gather(*(monitor.look() for monitor in panel))
        assert not any(monitor.why for monitor in panel)


@pytest.fixture
def world(evaluated: MonitorWorld, tmp_path: Path) -> Iterator[MonitorWorld]:
    """The evaluated world, with files of its own, as it was."""
    with evaluated.chain.undone():
        yield evaluated.copied(tmp_path)


@pytest.fixture(scope="session")
def deployed_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Voting, str]]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup compile`")
    from integration.page_world import deploy

    with Anvil.start() as anvil:
        yield deploy(anvil, tmp_path_factory.mktemp("evidence"))


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def unopened(
    deployed_pages: tuple[Voting, str], browser: Browser, tmp_path: Path
) -> AsyncIterator[Stand]:
    """The pages of a case whose vote nobody has opened."""
    from integration.page_world import standing

    async with standing(deployed_pages, browser, tmp_path) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def stand(unopened: Stand) -> Stand:
    """The pages of a case that is being voted on."""
    unopened.voting.open_vote()
    return unopened
