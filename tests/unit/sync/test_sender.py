"""Simulate, send, wait, check: each way in which it can go wrong has its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from support.anvil import Anvil
from support.bytecode import EMITTER, REVERTER, deploy, sender
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall
from tribune.exceptions import ChainUnreachableError, RevertedError, TransactionPendingError, UnfundedError
from tribune.ids import Address
from tribune.sync.sender import Sender


@pytest.fixture
async def chain(anvil: Anvil) -> AsyncIterator[Chain]:
    async with Chain(anvil.http_url, chain_id=31337, timeout_s=3) as opened:
        yield opened


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


async def test_send__good_call__receipt_with_its_logs(chain: Chain) -> None:
    emitter = await deploy(chain, EMITTER)
    receipt = await sender(chain).send(ContractCall(to=emitter, data=word(7)))
    assert receipt.succeeded
    assert receipt.logs[0].topics == (word(7),)


async def test_send__contract_would_refuse__reverted_and_nothing_sent(chain: Chain) -> None:
    reverter = await deploy(chain, REVERTER)
    one = sender(chain)
    before = await chain.nonce(one.address)
    with pytest.raises(RevertedError):
        await one.send(ContractCall(to=reverter, data=b"\x01\x02\x03\x04"))
    assert await chain.nonce(one.address) == before


async def test_send__fails_in_its_block__reverted_with_hash_and_data(chain: Chain) -> None:
    reverter = await deploy(chain, REVERTER)
    with pytest.raises(RevertedError) as caught:
        await sender(chain).send(ContractCall(to=reverter, data=b"\x01\x02\x03\x04"), gas=100_000)
    assert caught.value.ids["data"] == b"\x01\x02\x03\x04"
    assert str(caught.value.ids["tx_hash"]).startswith("0x")


@pytest.mark.parametrize("gas", [None, 100_000])
async def test_send__unfunded_key__error_names_address_and_mend(chain: Chain, gas: int | None) -> None:
    from eth_account import Account

    poor = Sender(chain, Account.from_key("0x" + "11" * 32))
    emitter = await deploy(chain, EMITTER)
    with pytest.raises(UnfundedError) as caught:
        await poor.send(ContractCall(to=emitter, data=word(1)), gas=gas)
    assert poor.address in caught.value.mend


async def test_send__many_at_once__consecutive_nonces_and_all_succeed(chain: Chain) -> None:
    emitter = await deploy(chain, EMITTER)
    one = sender(chain)
    receipts = await asyncio.gather(*(one.send(ContractCall(to=emitter, data=word(i))) for i in range(10)))
    assert sorted(receipt.logs[0].topics[0][-1] for receipt in receipts) == list(range(10))


async def test_send_all__block_time__all_in_few_blocks() -> None:
    with Anvil.start(block_time=1) as slow:
        async with Chain(slow.http_url, chain_id=31337) as chain:
            emitter = await deploy(chain, EMITTER)
            receipts = await sender(chain).send_all(
                [ContractCall(to=emitter, data=word(i)) for i in range(10)]
            )
            assert [receipt.logs[0].topics[0][-1] for receipt in receipts] == list(range(10))
            assert len({receipt.block_number for receipt in receipts}) <= 2


async def test_send__same_key_in_two_senders__nonce_is_asked_again(chain: Chain) -> None:
    emitter = await deploy(chain, EMITTER)
    one, two = sender(chain), sender(chain)
    for each in (one, two, one):
        assert (await each.send(ContractCall(to=emitter, data=word(1)))).succeeded


async def test_send__never_mined__pending_error_with_hash(chain: Chain) -> None:
    from eth_account import Account

    from support.anvil import KEYS

    emitter = await deploy(chain, EMITTER)
    await chain.request("evm_setAutomine", False)
    hasty = Sender(chain, Account.from_key(KEYS[0]), receipt_timeout_s=0.3)
    with pytest.raises(TransactionPendingError) as caught:
        await hasty.send(ContractCall(to=emitter, data=word(1)))
    assert len(str(caught.value.ids["tx_hash"])) == 66


async def test_send__node_gone__unreachable(chain: Chain, anvil: Anvil) -> None:
    anvil.stop()
    with pytest.raises(ChainUnreachableError):
        await sender(chain).send(ContractCall(to=Address("0x" + "11" * 20), data=b""))
