"""A running bot on a chain of its own, whose votes are slow enough to be watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integration.bot.world import BotWorld, bot_world
from support.anvil import ROOT, Anvil, find_binary

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain


@pytest.fixture
def chain() -> Iterator[TestChain]:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    from support.voting import slow_chain

    with Anvil.start() as anvil:
        yield slow_chain(anvil)


@pytest.fixture
async def world(chain: TestChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotWorld]:
    chain.write_record(tmp_path)
    async with bot_world(tmp_path, chain.anvil.http_url, chain.anvil.ws_url, monkeypatch) as made:
        yield made
