"""The pages over a deployed Tribune, asked in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.anvil import ROOT, Anvil, find_binary
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.store.session import Store, open_store

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.voting import Voting

PUBLIC = "https://dao.example"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import open_breach, slow_chain

    with Anvil.start() as anvil:
        yield open_breach(slow_chain(anvil), tmp_path_factory.mktemp("evidence"))


@pytest.fixture
def voting(deployed: Voting) -> Iterator[Voting]:
    snapshot = deployed.chain.rpc("evm_snapshot")
    yield deployed
    assert deployed.chain.rpc("evm_revert", snapshot)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
async def client(voting: Voting, store: Store, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    from tribune.web.app import create_app

    voting.chain.write_record(tmp_path)
    async with Chain(voting.chain.anvil.http_url, chain_id=31337, timeout_s=5) as chain:
        app = create_app(
            store=store,
            chain=chain,
            deployment=load_deployment(tmp_path, 31337),
            evidence=[voting.folder],
            public_url=PUBLIC,
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as asked:
            yield asked


@pytest.fixture
async def blind_client(store: Store, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Pages whose node does not answer."""
    from tribune.chain.deployments import Deployment
    from tribune.ids import Address
    from tribune.web.app import create_app

    names = ("PauseGovernor", "KillSwitch", "ModelRegistry", "PolicyBook", "TribuneToken")
    addresses = {name: Address("0x" + "00" * 20) for name in names}
    async with Chain("http://127.0.0.1:9", chain_id=31337, timeout_s=1) as chain:
        app = create_app(
            store=store,
            chain=chain,
            deployment=Deployment(31337, 0, addresses),
            evidence=[tmp_path],
            public_url=PUBLIC,
        )
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as asked:
            yield asked
