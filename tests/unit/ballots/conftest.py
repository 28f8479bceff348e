"""One deployed Tribune for all tests of ballots; each test begins from the same block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.anvil import ROOT, Anvil, find_binary
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.documents import Documents
from tribune.chain.client import Chain
from tribune.chain.deployments import load_deployment
from tribune.store.session import Store, open_store
from tribune.sync.indexer import Indexer
from tribune.sync.sender import Sender

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.proposing import Proposing
    from support.voting import Voting


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voting]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import open_breach, slow_chain

    with Anvil.start() as anvil:
        yield open_breach(slow_chain(anvil), tmp_path_factory.mktemp("evidence"), vote=False)


@pytest.fixture
def breach(deployed: Voting) -> Iterator[Voting]:
    """A breach whose vote is not open."""
    with deployed.chain.undone():
        yield replace(deployed)


@pytest.fixture
def voting(breach: Voting) -> Voting:
    """A breach whose vote is open."""
    breach.open_vote()
    return breach


@pytest.fixture
async def chain(deployed: Voting) -> AsyncIterator[Chain]:
    async with Chain(deployed.chain.anvil.http_url, chain_id=31337, timeout_s=5) as opened:
        yield opened


@pytest.fixture
def contracts(chain: Chain, deployed: Voting, tmp_path: Path) -> VoteContracts:
    deployed.chain.write_record(tmp_path)
    return VoteContracts(chain, load_deployment(tmp_path, 31337))


@pytest.fixture
def documents(deployed: Voting) -> Documents:
    return Documents([deployed.folder])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def sender(chain: Chain, deployed: Voting) -> Sender:
    return Sender(chain, deployed.chain.relayer, receipt_timeout_s=30)


@pytest.fixture
def proposing(deployed: Voting) -> Iterator[Proposing]:
    """The slow lane, without a proposal yet."""
    from support.proposing import Proposing

    with deployed.chain.undone():
        yield Proposing(deployed.chain)


@pytest.fixture
async def index(chain: Chain, contracts: VoteContracts, store: Store) -> Indexer:
    """Reads the chain into the store when a test says so."""
    from tribune.chain.facade import Tribune

    return Indexer.of(Tribune(chain, contracts.deployment), store)
