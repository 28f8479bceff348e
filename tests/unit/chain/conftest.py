"""One deployed Tribune for all tests of the wrappers; each test begins from the same block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from support.anvil import KEYS, ROOT, Anvil, find_binary
from tribune.chain import Tribune
from tribune.settings import Settings, load_settings
from unit.chain.place import GUARDIAN, Place, address


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    # Late: web3's imports warn, which pytest makes errors until its own configuration is read.
    from eth_account import Account

    from scripts.deployment import config as deployment_config
    from scripts.deployment.config import Holder
    from support.chain import LOCAL, deploy

    shares = zip(KEYS[2:7], (400_000, 250_000, 170_000, 100_000, 80_000), strict=True)
    holders = tuple(Holder(Account.from_key(key).address, tokens) for key, tokens in shares)
    config = replace(deployment_config.load(LOCAL, holders), guardian=address(GUARDIAN))
    folder = tmp_path_factory.mktemp("deployments")
    with Anvil.start() as anvil:
        deploy(anvil, config=config).write_record(folder)
        yield load_settings(
            deployments=folder, chain={"http_url": anvil.http_url, "ws_url": anvil.ws_url, "chain_id": 31337}
        )


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    async with await Tribune.connect(settings) as tribune:
        snapshot = await tribune.chain.request("evm_snapshot")
        yield Place(tribune)
        await tribune.chain.request("evm_revert", snapshot)
