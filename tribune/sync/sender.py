"""Send transactions of one key: simulate, sign, send, wait for the receipt, check it.

One `Sender` per key and process, since it owns the nonce. It holds no queue: what must survive a crash
is an outbox row. It never raises fees of a stuck transaction by itself; it says that it is pending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tribune.chain.types import ContractCall, Receipt
from tribune.exceptions import (
    ChainError,
    ChainUnreachableError,
    RevertedError,
    TransactionPendingError,
    UnfundedError,
)
from tribune.ids import Address
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.keys import SigningAccount

GAS_MARGIN = 1.25
"""Estimated gas times this: state may change between estimate and block (a new slot costs 20k more)."""
NONCE_TRIES = 3


class Sender:
    """Sends one account's transactions, in order.

    Args:
        chain: the chain to send to.
        account: the key.
        receipt_timeout_s: longest wait for a transaction to be in a block.
    """

    def __init__(self, chain: Chain, account: SigningAccount, *, receipt_timeout_s: float = 120.0) -> None:
        self.chain = chain
        self.address = Address(account.address)
        self._account = account
        self._receipt_timeout_s = receipt_timeout_s
        self._lock = asyncio.Lock()
        self._next_nonce = 0

    async def send(self, call: ContractCall, *, gas: int | None = None, headroom: int = 0) -> Receipt:
        """Simulate a call, send it and wait for it.

        Args:
            call: what to do.
            gas: gas limit; None simulates to find it. Give it only where simulation must be skipped.
            headroom: gas on top of what the simulation needed, for a call that others can make cost more.

        Returns:
            The receipt of a transaction that succeeded.

        Raises:
            RevertedError: the contract refuses (nothing was sent), or refused once in the block.
            UnfundedError: the key cannot pay.
            TransactionPendingError: sent, in no block in time.
            ChainUnreachableError: the node does not answer; nothing was sent, as far as we can know.
        """
        return await self._settle(call, await self._submit(call, gas, headroom))

    async def send_all(self, calls: Sequence[ContractCall]) -> list[Receipt]:
        """Send several calls with consecutive nonces, then wait for all of them.

        Each is simulated before the former is in a block: only for calls that do not build on each other.

        Raises:
            As `send`, for the first that fails; those sent before it stay sent.
        """
        hashes = [await self._submit(call, None) for call in calls]
        return [await self._settle(call, sent) for call, sent in zip(calls, hashes, strict=True)]

    async def _submit(self, call: ContractCall, gas: int | None, headroom: int = 0) -> str:
        """Sign and hand over; return the transaction's hash."""
        try:
            if gas is None:
                gas = int(await self.chain.estimate(call, self.address) * GAS_MARGIN) + headroom
        except RevertedError:
            raise
        except ChainError as fault:
            raise await self._explain(fault, call) from fault
        async with self._lock:
            for attempt in range(1, NONCE_TRIES + 1):
                max_fee, tip = await self.chain.fees()
                nonce = max(self._next_nonce, await self.chain.nonce(self.address))
                transaction: dict[str, Any] = {
                    "type": 2,
                    "chainId": self.chain.chain_id,
                    "nonce": nonce,
                    "data": call.data,
                    "value": call.value,
                    "gas": gas,
                    "maxFeePerGas": max_fee,
                    "maxPriorityFeePerGas": tip,
                }
                if call.to is not None:
                    transaction["to"] = call.to
                signed = self._account.sign_transaction(transaction)
                tx_hash = "0x" + signed.hash.hex().removeprefix("0x")
                try:
                    await self.chain.send_raw(bytes(signed.raw_transaction))
                except ChainUnreachableError:
                    # It may have been accepted before the answer was lost: ask by its hash before giving up.
                    if not await self._known(tx_hash):
                        raise
                except ChainError as fault:
                    said = str(fault.ids.get("reason", "")).lower()
                    if "already known" in said or "already imported" in said:
                        pass
                    elif "nonce" in said and attempt < NONCE_TRIES:
                        self._next_nonce = 0  # another process sends with this key, or the chain was reset
                        continue
                    else:
                        raise await self._explain(fault, call) from fault
                self._next_nonce = nonce + 1
                get_logger(__name__).debug("sent", what=call.description, tx=tx_hash, nonce=nonce)
                return tx_hash
        raise ChainError("The nonce of the key keeps changing.", mend="Does another process send with it?")

    async def _settle(self, call: ContractCall, tx_hash: str) -> Receipt:
        receipt = await self.chain.wait_receipt(tx_hash, self._receipt_timeout_s)
        if receipt is None:
            self._next_nonce = 0
            raise TransactionPendingError(
                f"The transaction {tx_hash} is in no block after {self._receipt_timeout_s:g} s.",
                mend="It may still get into one; look again before sending it a second time.",
                tx_hash=tx_hash,
            )
        if not receipt.succeeded:
            raise await self._why(call, receipt)
        return receipt

    async def _why(self, call: ContractCall, receipt: Receipt) -> RevertedError:
        """Call again on the state before the block, to learn why the transaction failed in it."""
        try:
            await self.chain.call(call, sender=self.address, block=receipt.block_number)
        except RevertedError as fault:
            fault.ids["tx_hash"] = receipt.tx_hash
            return fault
        except ChainError:
            pass
        return RevertedError(
            f"The transaction {receipt.tx_hash} failed in block {receipt.block_number}.",
            mend="The state changed between its simulation and its block; try again.",
            error="",
            tx_hash=receipt.tx_hash,
        )

    async def _known(self, tx_hash: str) -> bool:
        try:
            return await self.chain.request("eth_getTransactionByHash", tx_hash) is not None
        except ChainError:
            return False

    async def _explain(self, fault: ChainError, call: ContractCall) -> ChainError:
        said = str(fault.ids.get("reason", "")).lower()
        if "insufficient funds" not in said and "gas required exceeds allowance" not in said:
            return fault
        balance = await self.chain.balance(self.address)
        return UnfundedError(
            f"The key {self.address} cannot pay for this transaction: it holds {balance / 10**18:.6f} of the "
            "chain's coin.",
            mend=f"Send some to {self.address} and try again.",
            address=self.address,
            balance=balance,
        )
