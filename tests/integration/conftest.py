"""One chain with a small model for all tests of monitors; each test begins from the same snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.anvil import ROOT, Anvil, find_binary
from tribune.ids import Address, ModelId

if TYPE_CHECKING:
    from integration.monitor_world import MonitorWorld


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
    snapshot = evaluated.chain.rpc("evm_snapshot")
    try:
        yield evaluated.copied(tmp_path)
    finally:
        assert evaluated.chain.rpc("evm_revert", snapshot)
