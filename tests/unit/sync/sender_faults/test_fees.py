"""No block takes a transaction: its fees rise at its nonce, up to the ceiling, and it counts once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from support.anvil import KEYS
from tribune.chain.client import Chain
from tribune.exceptions import FeeCeilingError, SignerUnreachableError, TransactionPendingError
from tribune.ids import Address
from tribune.sync.fees import GWEI
from tribune.sync.sender import Sender
from unit.sync.sender_faults.sending import (
    LIMIT_S,
    emits,
    emitted,
    hold_blocks,
    make_blocks,
    pool,
    replaced,
    sender,
)


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
