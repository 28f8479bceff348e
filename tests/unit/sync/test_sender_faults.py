"""What can befall a transaction on its way: a call takes effect once, or the error says that it did not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from support.anvil import KEYS, Anvil
from support.bytecode import EMITTER, REVERTER, deploy
from support.rpc_proxy import Fault, RpcProxy
from tribune.chain.client import Chain
from tribune.chain.types import ContractCall
from tribune.exceptions import (
    ChainUnreachableError,
    FeeCeilingError,
    RevertedError,
    SignerUnreachableError,
    TransactionPendingError,
)
from tribune.ids import Address
from tribune.sync import sender as module
from tribune.sync.fees import GWEI
from tribune.sync.sender import Sender

CHAIN_ID = 31337
LIMIT_S = 8.0


@pytest.fixture
def proxy(anvil: Anvil) -> Iterator[RpcProxy]:
    with RpcProxy(anvil.http_url) as made:
        yield made


@pytest.fixture
async def node(anvil: Anvil) -> AsyncIterator[Chain]:
    """The node itself, for what the test does to it."""
    async with Chain(anvil.http_url, chain_id=CHAIN_ID, timeout_s=3) as opened:
        yield opened


@pytest.fixture
async def chain(proxy: RpcProxy) -> AsyncIterator[Chain]:
    """What the sender has: the node through a proxy."""
    async with Chain(proxy.http_url, chain_id=CHAIN_ID, timeout_s=1, poll_s=0.1) as opened:
        yield opened


@pytest.fixture
async def emitter(node: Chain) -> Address:
    return await deploy(node, EMITTER)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notice lost transactions and used nonces sooner than one would outside."""
    monkeypatch.setattr(module, "RESEND_S", 0.3)
    monkeypatch.setattr(module, "OVERTAKEN_S", 0.3)


def sender(
    chain: Chain,
    *,
    receipt_timeout_s: float = LIMIT_S,
    bump_after_s: float = 60.0,
    max_fee_gwei: float = 500.0,
) -> Sender:
    """Return the sender of a new life of the process that holds the first test key."""
    from eth_account import Account

    return Sender(
        chain,
        Account.from_key(KEYS[0]),
        receipt_timeout_s=receipt_timeout_s,
        bump_after_s=bump_after_s,
        max_fee_gwei=max_fee_gwei,
    )


def emits(emitter: Address, topic: int) -> ContractCall:
    return ContractCall(to=emitter, data=topic.to_bytes(32, "big"))


async def emitted(node: Chain, emitter: Address) -> list[int]:
    head = await node.head()
    return [log.topics[0][-1] for log in await node.logs([emitter], 0, head.number)]


async def pool(node: Chain, count: int) -> list[tuple[int, str]]:
    """Wait until so many transactions of the sender wait in the pool; return their nonces and hashes."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            content = await node.request("txpool_content")
            waiting = {**content["pending"], **content["queued"]}
            for part in ("pending", "queued"):
                for mine in content[part].values():
                    waiting.update({int(nonce): sent["hash"] for nonce, sent in mine.items()})
            found = [(nonce, tx_hash) for nonce, tx_hash in waiting.items() if isinstance(nonce, int)]
            if len(found) == count:
                return sorted(found)
            await asyncio.sleep(0.02)


async def replaced(node: Chain, tx_hash: str) -> tuple[int, str]:
    """Wait until another transaction is in the place of the one that waits in the pool; return it."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            [waiting] = await pool(node, 1)
            if waiting[1] != tx_hash:
                return waiting
            await asyncio.sleep(0.02)


async def asked(proxy: RpcProxy, method: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if proxy.asked[method]:
                return
            await asyncio.sleep(0)


async def hold_blocks(node: Chain) -> None:
    await node.request("evm_setAutomine", False)


async def make_blocks(node: Chain) -> None:
    await node.request("evm_setAutomine", True)
    await node.request("evm_mine")


async def leave_behind(chain: Chain, *calls: ContractCall, max_fee_gwei: float = 500.0) -> None:
    """Send as a life of the process that ends before a block comes."""
    one = sender(chain, receipt_timeout_s=0.2, max_fee_gwei=max_fee_gwei)
    with pytest.raises(TransactionPendingError):
        await one.send_all(calls)


# Dropped, forgotten, not answered


async def test_send__accepted_and_dropped__is_handed_in_again(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, tx_hash)] = await pool(node, 1)
    await node.request("anvil_dropTransaction", tx_hash)
    assert await pool(node, 1) == [(1, tx_hash)]
    await make_blocks(node)
    assert (await sending).tx_hash == tx_hash
    assert await emitted(node, emitter) == [1]


async def test_send__node_answers_but_never_passes_it_on__another_node_gets_it(
    anvil: Anvil, proxy: RpcProxy, node: Chain, emitter: Address
) -> None:
    proxy.be(Fault.FORGETS)
    async with Chain(proxy.http_url, chain_id=CHAIN_ID, fallback_urls=[anvil.http_url], poll_s=0.1) as chain:
        assert (await sender(chain).send(emits(emitter, 1))).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__the_only_node_never_passes_it_on__pending_error_and_nothing_happened(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    proxy.be(Fault.FORGETS)
    with pytest.raises(TransactionPendingError):
        await sender(chain, receipt_timeout_s=1.0).send(emits(emitter, 1))
    assert await emitted(node, emitter) == []


@pytest.mark.parametrize("mined_at_once", [True, False])
async def test_send__answer_lost_after_it_was_passed_on__counts_as_sent_once(
    mined_at_once: bool, proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    if not mined_at_once:
        await hold_blocks(node)
    proxy.be(Fault.LOSES_ANSWER)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    if not mined_at_once:
        await pool(node, 1)
        await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.SILENT, Fault.SLOW, Fault.LAGGING, Fault.HTML, Fault.RATE_LIMITS]
)
async def test_send__node_fails_while_we_wait_and_comes_back__receipt(
    fault: Fault, proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    await pool(node, 1)
    await asyncio.sleep(0.3)  # the answer of the node gets through
    proxy.be(fault, 3.0 if fault is Fault.SLOW else 0.0)
    await make_blocks(node)
    await asyncio.sleep(1.2)
    proxy.well()
    assert (await sending).succeeded


async def test_send__node_stays_away_while_we_wait__unreachable_since_we_do_not_know(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain, receipt_timeout_s=1.5).send(emits(emitter, 1)))
    await pool(node, 1)
    await asyncio.sleep(0.3)  # the answer of the node gets through
    proxy.be(Fault.DOWN)
    with pytest.raises(ChainUnreachableError):
        await sending


# Fees


async def test_send__base_fee_rises_above_its_fees__replaced_at_its_nonce(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain, bump_after_s=0.5).send(emits(emitter, 1)))
    [(nonce, stuck)] = await pool(node, 1)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    await make_blocks(node)
    receipt = await sending
    assert receipt.tx_hash != stuck
    mined = await node.request("eth_getTransactionByHash", receipt.tx_hash)
    assert int(mined["nonce"], 16) == nonce
    assert await emitted(node, emitter) == [1]


async def test_send__no_block_takes_it__fees_rise_by_a_quarter_and_an_earlier_one_counts_too(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain, bump_after_s=0.3).send(emits(emitter, 1)))
    [(nonce, first)] = await pool(node, 1)
    before = await node.request("eth_getTransactionByHash", first)
    again, second = await replaced(node, first)
    after = await node.request("eth_getTransactionByHash", second)
    assert again == nonce
    assert int(after["maxPriorityFeePerGas"], 16) * 4 >= int(before["maxPriorityFeePerGas"], 16) * 5
    await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__gas_costs_more_than_the_ceiling__error_names_the_mend_and_nothing_was_sent(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    await node.request("evm_mine")
    with pytest.raises(FeeCeilingError, match="TRIBUNE_CHAIN__MAX_FEE_GWEI"):
        await sender(chain, max_fee_gwei=10).send(emits(emitter, 1))
    assert await pool(node, 0) == []


async def test_send__ceiling_reached_while_it_waits__pending_with_the_mend_and_the_next_attempt_counts(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    one = sender(chain, bump_after_s=0.3, receipt_timeout_s=2.5, max_fee_gwei=5)
    sending = asyncio.create_task(one.send(emits(emitter, 1)))
    await pool(node, 1)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    await node.request("evm_mine")
    with pytest.raises(TransactionPendingError, match="TRIBUNE_CHAIN__MAX_FEE_GWEI"):
        await sending
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    await make_blocks(node)
    assert (await one.send(emits(emitter, 1))).succeeded
    assert await emitted(node, emitter) == [1]


class Away:
    """An account whose signer signs once and is away from then on."""

    def __init__(self) -> None:
        from eth_account import Account

        self._account = Account.from_key(KEYS[0])
        self.address: str = self._account.address
        self.asked = 0

    def sign_message(self, signable_message: Any) -> Any:
        return self._account.sign_message(signable_message)

    def sign_transaction(self, transaction_dict: Any) -> Any:
        self.asked += 1
        if self.asked > 1:
            raise SignerUnreachableError("The signer does not answer.")
        return self._account.sign_transaction(transaction_dict)


async def test_send__signer_is_away_when_fees_should_rise__what_was_sent_still_counts(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    account = Away()
    one = Sender(chain, account, receipt_timeout_s=LIMIT_S, bump_after_s=0.3)
    sending = asyncio.create_task(one.send(emits(emitter, 1)))
    await pool(node, 1)
    await asyncio.sleep(1.0)
    assert account.asked > 1
    await make_blocks(node)
    assert (await sending).succeeded


# Nonces


async def test_send__an_earlier_life_left_one_waiting__takes_its_place(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await leave_behind(chain, emits(emitter, 1))
    [(nonce, left)] = await pool(node, 1)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 2)))
    assert (await replaced(node, left))[0] == nonce
    await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [2]


async def test_send__an_earlier_life_left_the_same__is_known_and_counts_once(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await leave_behind(chain, emits(emitter, 1))
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    await asyncio.sleep(0.5)
    await make_blocks(node)
    assert (await sending).succeeded
    assert await emitted(node, emitter) == [1]


async def test_send__an_earlier_life_left_a_gap__is_filled_and_both_count(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    from eth_account import Account

    late = {"nonce": 2, "to": emitter, "data": emits(emitter, 2).data, "gas": 100_000, "value": 0}
    fees = {"type": 2, "chainId": CHAIN_ID, "maxFeePerGas": 9 * GWEI, "maxPriorityFeePerGas": GWEI}
    await node.send_raw(bytes(Account.from_key(KEYS[0]).sign_transaction({**late, **fees}).raw_transaction))
    await asyncio.sleep(0.2)
    assert await emitted(node, emitter) == []
    assert (await sender(chain).send(emits(emitter, 1))).succeeded
    assert (await sender(chain).send(emits(emitter, 3))).succeeded
    assert await emitted(node, emitter) == [1, 2, 3]


async def test_send_all__the_first_is_dropped__the_gap_is_healed(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send_all([emits(emitter, topic) for topic in (1, 2, 3)]))
    [(_, first), *_] = await pool(node, 3)
    await node.request("anvil_dropTransaction", first)  # anvil drops those that follow with it
    await pool(node, 3)
    await make_blocks(node)
    assert len(await sending) == 3
    assert sorted(await emitted(node, emitter)) == [1, 2, 3]


async def test_send__a_fee_that_cannot_be_topped_was_left__error_and_the_earlier_one_stays(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(20 * GWEI))
    await node.request("evm_mine")
    await leave_behind(chain, emits(emitter, 1))
    [left] = await pool(node, 1)
    await node.request("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    with pytest.raises(FeeCeilingError, match="waits at nonce 1"):
        await sender(chain, max_fee_gwei=30).send(emits(emitter, 2))
    assert await pool(node, 1) == [left]


async def test_send__another_process_takes_the_nonce__both_calls_count_once(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    one = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, first)] = await pool(node, 1)
    other = asyncio.create_task(sender(node).send(emits(emitter, 2)))
    await replaced(node, first)
    await make_blocks(node)
    assert (await other).succeeded
    assert (await one).succeeded
    assert sorted(await emitted(node, emitter)) == [1, 2]


async def test_send__nonce_taken_and_then_the_contract_refuses__error_says_that_one_was_sent(
    node: Chain, chain: Chain, emitter: Address
) -> None:
    await hold_blocks(node)
    sending = asyncio.create_task(sender(chain).send(emits(emitter, 1)))
    [(_, first)] = await pool(node, 1)
    other = asyncio.create_task(sender(node).send(emits(emitter, 2)))
    await replaced(node, first)
    await node.request("anvil_setCode", emitter, "0x" + REVERTER[12:].hex())
    await make_blocks(node)
    with pytest.raises(RevertedError):
        await other
    with pytest.raises(RevertedError) as caught:
        await sending
    assert caught.value.ids["tx_hash"] == first


# Reorgs


async def test_send__reorg_between_receipt_and_look_at_its_block__sent_again(
    proxy: RpcProxy, node: Chain, chain: Chain, emitter: Address
) -> None:
    one = sender(chain)
    await chain.head()
    sending = asyncio.create_task(one.send(emits(emitter, 1)))
    await asked(proxy, "eth_sendRawTransaction")
    proxy.be(Fault.SLOW, 0.4, methods={"eth_getBlockByNumber"})
    await asyncio.sleep(0.2)
    await node.request("anvil_reorg", 1, [])
    assert await emitted(node, emitter) == []
    proxy.well()
    receipt = await sending
    assert await node.has(receipt)
    assert await emitted(node, emitter) == [1]


@pytest.mark.parametrize("depth", [1, 5, 30])
async def test_send__reorg_after_it_returned__is_final_says_no_and_sending_again_counts_once(
    depth: int, node: Chain, chain: Chain, emitter: Address
) -> None:
    await node.request("anvil_mine", hex(30))
    one = sender(chain)
    receipt = await one.send(emits(emitter, 1))
    await node.request("anvil_mine", hex(depth - 1))
    await node.request("anvil_reorg", depth, [])
    assert not await chain.is_final(receipt)
    assert not await chain.has(receipt)
    again = await one.send(emits(emitter, 1))
    assert await chain.has(again)
    assert await emitted(node, emitter) == [1]
