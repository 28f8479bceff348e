"""All contracts of a deployment on one client, and the indexer over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.anvil import Anvil
from tribune.chain import Tribune, load_deployment
from tribune.exceptions import ConfigurationError
from tribune.settings import Settings
from tribune.store.session import open_store
from tribune.sync.indexer import Indexer, stored_log
from unit.chain.place import MODEL, Place, breach


async def test_connect__deployed__every_contract_has_code(place: Place) -> None:
    for contract in place.tribune.contracts:
        assert await place.tribune.chain.code(contract.address)


async def test_connect__chain_started_anew__configuration_error(settings: Settings) -> None:
    with Anvil.start() as fresh:
        deployment = load_deployment(settings.deployments, 31337)
        elsewhere = settings.model_copy(
            update={"chain": settings.chain.model_copy(update={"http_url": fresh.http_url})}
        )
        with pytest.raises(ConfigurationError, match="no contract"):
            await Tribune.connect(elsewhere, deployment)


async def test_indexer__life_of_a_model__stored_events_decode_like_the_chain_s(
    place: Place, tmp_path: Path
) -> None:
    receipt, _, _ = await breach(place)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        indexer = Indexer.of(place.tribune, store)
        await indexer.catch_up()
        rows = await indexer.events_since(0, names=["StateChanged", "CaseOpened"])
        assert rows[-1].args["model_id"] == MODEL
        switch = place.tribune.kill_switch
        stored = [switch.event(stored_log(row)) for row in rows if row.tx_hash == receipt.tx_hash]
        assert stored == switch.events(receipt.logs)
