"""The newest block and what is gone, on a real chain."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from support.anvil import Anvil, find_binary
from tribune.chain.client import Chain
from tribune_monitors.watching.heads import Heads


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    if find_binary() is None:
        pytest.skip("anvil is missing: run `make setup`")
    with Anvil.start() as started:
        yield started


@pytest.fixture
async def chain(anvil: Anvil) -> AsyncIterator[Chain]:
    async with Chain(anvil.http_url, chain_id=31337) as opened:
        await opened.request("anvil_mine", "0x5")
        yield opened


async def test_look__first__cannot_know(chain: Chain) -> None:
    head, gone = await Heads(chain).look()
    assert (head, gone) == (await chain.head(), True)


@pytest.mark.parametrize("blocks", [0, 1, 7])
async def test_look__chain_went_on__nothing_gone(chain: Chain, blocks: int) -> None:
    heads = Heads(chain)
    await heads.look()
    if blocks:
        await chain.request("anvil_mine", hex(blocks))
    assert not (await heads.look())[1]


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("after", [0, 4])
async def test_look__reorganised__gone_once(chain: Chain, depth: int, after: int) -> None:
    heads = Heads(chain)
    await heads.look()
    await chain.request("anvil_reorg", depth, [])
    if after:
        await chain.request("anvil_mine", hex(after))
    assert (await heads.look())[1]
    assert not (await heads.look())[1]


async def test_look__reorganised_above_what_we_saw__nothing_gone(chain: Chain) -> None:
    heads = Heads(chain)
    await heads.look()
    await chain.request("anvil_mine", "0x3")
    await chain.request("anvil_reorg", 2, [])
    assert not (await heads.look())[1]


async def test_saw__block_of_a_receipt_reorganised__gone(chain: Chain) -> None:
    heads = Heads(chain)
    await heads.look()
    await chain.request("anvil_mine", "0x3")
    seen = await chain.head()
    heads.saw(seen.number, seen.hash)
    await chain.request("anvil_reorg", 2, [])
    assert (await heads.look())[1]
