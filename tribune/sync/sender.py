"""Send transactions of one key: simulate, sign, send, follow until one is in a block, check it.

One `Sender` per key and process. It keeps nothing across lives: what must survive a crash is a row of its
caller. So the first transaction of a new life takes the lowest nonce that is in no block, in place of what
an earlier life may have left waiting there. While one waits, it is handed in again where the nodes have
lost it, and replaced at its nonce with higher fees where it is not taken, never above the ceiling. Whether
a block is final is the caller's to ask (`Chain.is_final`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tribune.chain.types import COIN, ContractCall, Receipt
from tribune.exceptions import (
    ChainError,
    ChainUnreachableError,
    FeeCeilingError,
    RevertedError,
    TransactionPendingError,
    TribuneError,
    UnfundedError,
)
from tribune.ids import Address
from tribune.log import get_logger
from tribune.sync.fees import GWEI, MOST_BUMPS, Fees, first_offer, raised

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.keys import SigningAccount
    from tribune.settings import ChainSettings

GAS_MARGIN = 1.25
"""Estimated gas times this: state may change between estimate and block (a new slot costs 20k more)."""
TRIES = 2
"""At how many nonces a call is tried: where another transaction took its own, it may count at each."""
FIRST_POLL_S = 0.05
RESEND_S = 3.0
"""How long nodes may not know a transaction before it is handed in again."""
OVERTAKEN_S = 2.0
"""How long our nonce must look used by another: nodes may tell the count before the receipt."""
_KNOWN = ("already known", "already imported", "known transaction")


@dataclass
class _Sent:
    """A call on its way, with all that was signed for it at its nonce."""

    call: ContractCall
    nonce: int
    gas: int
    fees: Fees
    raw: bytes = b""
    hashes: list[str] = field(default_factory=list)
    bumps: int = 0
    at_ceiling: bool = False


class _Overtaken(Exception):
    """Another transaction of the key took the nonce."""


class Sender:
    """Sends one account's transactions, in order.

    Args:
        chain: the chain to send to.
        account: the key.
        receipt_timeout_s: longest wait for a transaction to be in a block.
        bump_after_s: how long one may wait before it is replaced with higher fees.
        max_fee_gwei: most that is ever offered for a unit of gas.
        max_tip_gwei: of that, most for who makes the block.
    """

    def __init__(
        self,
        chain: Chain,
        account: SigningAccount,
        *,
        receipt_timeout_s: float = 120.0,
        bump_after_s: float = 30.0,
        max_fee_gwei: float = 500.0,
        max_tip_gwei: float = 50.0,
    ) -> None:
        self.chain = chain
        self.address = Address(account.address)
        self._account = account
        self._receipt_timeout_s = receipt_timeout_s
        self._bump_after_s = bump_after_s
        self._ceiling = Fees(int(max_fee_gwei * GWEI), int(max_tip_gwei * GWEI))
        self._lock = asyncio.Lock()
        self._taken: set[int] = set()
        self._next = 0
        """The nonce after the last that we saw in a block."""

    @classmethod
    def of(cls, chain: Chain, account: SigningAccount, settings: ChainSettings) -> Sender:
        """Return a sender with the waits and the ceilings that the settings give."""
        return cls(
            chain,
            account,
            receipt_timeout_s=settings.receipt_timeout_s,
            bump_after_s=settings.bump_after_s,
            max_fee_gwei=settings.max_fee_gwei,
            max_tip_gwei=settings.max_tip_gwei,
        )

    async def send(
        self, call: ContractCall, *, gas: int | None = None, headroom: int = 0, most: int | None = None
    ) -> Receipt:
        """Simulate a call, send it and wait for it; return the receipt of a transaction that succeeded.

        Args:
            call: what to do.
            gas: gas limit; None simulates to find it. Give it only where simulation must be skipped.
            headroom: gas on top of what the simulation needed, for a call that others can make cost more.
            most: gas that is paid for at most; a call that needs more is refused as reverting is.

        Raises:
            RevertedError: the contract refuses. With `tx_hash` among its ids, it refused in a block, or after
                another transaction of this key took this one's place; without, nothing was sent.
            UnfundedError: the key cannot pay.
            FeeCeilingError: gas costs more than the ceiling; nothing was sent.
            TransactionPendingError: sent, in no block in time.
            ChainUnreachableError: the node does not answer; nothing was sent, as far as we can know.
        """
        limits: dict[str, Any] = {"gas": gas, "headroom": headroom, "most": most}
        return await self._settle(await self._submit(call, **limits), **limits)

    async def send_all(self, calls: Sequence[ContractCall]) -> list[Receipt]:
        """Send several calls with consecutive nonces, then wait for all of them.

        Each is simulated before the former is in a block: only for calls that do not build on each other.

        Raises:
            As `send`, for the first that fails; those sent before it stay sent.
        """
        under_way: list[_Sent] = []
        try:
            for call in calls:
                under_way.append(await self._submit(call))
            settled = await asyncio.gather(*map(self._settle, under_way), return_exceptions=True)
        finally:
            self._taken.difference_update(sent.nonce for sent in under_way)
        for receipt in settled:
            if isinstance(receipt, BaseException):
                raise receipt
        return [receipt for receipt in settled if isinstance(receipt, Receipt)]

    async def _settle(self, sent: _Sent, **limits: Any) -> Receipt:
        """Follow a transaction to its block; send the call anew where another took its nonce."""
        for tries_left in reversed(range(TRIES)):
            try:
                receipt = await self._follow(sent)
            except _Overtaken:
                if not tries_left:
                    break
                get_logger(__name__).warning("another transaction took the nonce", nonce=sent.nonce)
                try:
                    sent = await self._submit(sent.call, **limits)
                except RevertedError as fault:  # the other may have done the same
                    fault.ids.setdefault("tx_hash", sent.hashes[-1])
                    raise
                continue
            if receipt.succeeded:
                return receipt
            raise await self._why(sent.call, receipt)
        raise _contested(self.address)

    async def _submit(
        self, call: ContractCall, gas: int | None = None, headroom: int = 0, most: int | None = None
    ) -> _Sent:
        """Simulate, sign and hand over a call at the lowest nonce that is free."""
        try:
            if gas is None:
                estimated = await self.chain.estimate(call, self.address, most)
                gas = min(int(estimated * GAS_MARGIN) + headroom, most or 2**64)
        except ChainError as fault:
            said = str(fault.ids.get("reason", "")).lower()
            if isinstance(fault, RevertedError):
                raise
            if most is not None and ("out of gas" in said or f"allowance ({most})" in said):
                raise RevertedError(f"This needs more than {most} gas.", error="") from fault
            raise await self._explain(fault) from fault
        async with self._lock:
            fees = first_offer(*await self.chain.fees(), self._ceiling)
            for attempt in range(TRIES):
                sent = _Sent(call, await self._free_nonce(refused=attempt > 0), gas, fees)
                try:
                    while not await self._offer(sent):
                        await self._raise_fees(sent)
                except _Overtaken:
                    await asyncio.sleep(FIRST_POLL_S)
                    continue
                self._taken.add(sent.nonce)
                return sent
        raise _contested(self.address)

    async def _free_nonce(self, *, refused: bool) -> int:
        """Return the lowest nonce that is free for all that two nodes say, or that we saw ourselves.

        Args:
            refused: a node says that this one is used: then go by whoever tells most.
        """
        highest, agreed = await self._mined()
        nonce = highest if refused else min(highest, max(agreed, self._next))
        while nonce in self._taken:
            nonce += 1
        return nonce

    async def _mined(self) -> tuple[int, int]:
        """Return most of the key's transactions that a node says are in blocks, and most that two say."""
        told = sorted(await self.chain.mined_counts(self.address), reverse=True)
        return told[0], told[min(1, len(told) - 1)]

    async def _offer(self, sent: _Sent, *, everywhere: bool = False) -> bool:
        """Sign at the present fees and hand over; return False where the pool wants more.

        Raises:
            _Overtaken: the nonce is used.
        """
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": self.chain.chain_id,
            "nonce": sent.nonce,
            "data": sent.call.data,
            "value": sent.call.value,
            "gas": sent.gas,
            "maxFeePerGas": sent.fees.max_fee,
            "maxPriorityFeePerGas": sent.fees.tip,
        }
        if sent.call.to is not None:
            transaction["to"] = sent.call.to
        # In a thread: a KMS or device may take its time.
        signed = await asyncio.to_thread(self._account.sign_transaction, transaction)
        raw, tx_hash = bytes(signed.raw_transaction), "0x" + signed.hash.hex().removeprefix("0x")
        try:
            await self.chain.send_raw(raw, everywhere=everywhere)
        except ChainUnreachableError:
            # It may have been accepted before the answer was lost: ask by its hash before giving up.
            if not await self._known(tx_hash):
                raise
        except ChainError as fault:
            said = str(fault.ids.get("reason", "")).lower()
            if "nonce too low" in said or "nonce is too low" in said:
                if not await self._known(tx_hash):  # known: it is in a block, only the answer was lost
                    raise _Overtaken from fault
            elif "underpriced" in said or "less than block base fee" in said or "fee too low" in said:
                return False
            elif not any(words in said for words in _KNOWN):
                raise await self._explain(fault) from fault
        sent.raw = raw
        sent.hashes.append(tx_hash)
        get_logger(__name__).debug("sent", what=sent.call.description, tx=tx_hash, nonce=sent.nonce)
        return True

    async def _raise_fees(self, sent: _Sent) -> None:
        """Offer more from now on.

        Raises:
            FeeCeilingError: the ceiling, or the number of times that it is raised, leaves no room.
        """
        more = raised(sent.fees, *await self.chain.fees(), self._ceiling)
        if more is None or sent.bumps >= MOST_BUMPS:
            raise FeeCeilingError(
                f"A transaction of {self.address} waits at nonce {sent.nonce}; to replace it takes more than "
                f"{self._ceiling.max_fee / GWEI:g} gwei, or of them {self._ceiling.tip / GWEI:g} as tip, or "
                f"{MOST_BUMPS} steps.",
                mend="Wait until it is in a block, or raise TRIBUNE_CHAIN__MAX_FEE_GWEI or MAX_TIP_GWEI.",
                ceiling=self._ceiling.max_fee,
                nonce=sent.nonce,
            )
        sent.fees, sent.bumps = more, sent.bumps + 1

    async def _follow(self, sent: _Sent) -> Receipt:
        """Wait until one of the transactions at this nonce is in a block; see to it that one is.

        Raises:
            _Overtaken: another transaction took the nonce.
            TransactionPendingError: none is, in time.
            ChainUnreachableError: no node answers at the end of the time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._receipt_timeout_s
        offered = seen = free = loop.time()
        silent: ChainUnreachableError | None = None
        pause = FIRST_POLL_S
        try:
            while loop.time() < deadline:
                try:
                    standing, silent = await self.chain.standing(self.address, sent.hashes), None
                    if standing.receipt is not None:
                        self._next = max(self._next, sent.nonce + 1)
                        return standing.receipt
                    now = loop.time()
                    seen = now if standing.known else seen
                    free = now if standing.known or standing.mined <= sent.nonce else free
                    if now - free >= OVERTAKEN_S:
                        if (await self._mined())[1] > sent.nonce:
                            raise _Overtaken
                        free = now  # one node's word: a second transaction of the call might count as well
                    if now - seen >= RESEND_S:
                        await self._again(sent)
                        seen = loop.time()
                    elif now - offered >= self._bump_after_s:
                        await self._replace(sent)
                        offered = loop.time()
                except ChainUnreachableError as fault:  # a node that restarts still has ours to show
                    silent = fault
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, self.chain.poll_s)
        finally:
            self._taken.discard(sent.nonce)
        raise silent or self._pending(sent)

    async def _again(self, sent: _Sent) -> None:
        """Hand the last transaction to every node again: it was dropped, or a reorg removed it."""
        get_logger(__name__).warning("the nodes lost a transaction; it is sent again", tx=sent.hashes[-1])
        try:
            await self.chain.send_raw(sent.raw, everywhere=True)
        except ChainUnreachableError:
            raise
        except ChainError as fault:  # known after all, or its fees are too low by now: the next look tells
            get_logger(__name__).info("it was not taken", tx=sent.hashes[-1], error=fault.message)

    async def _replace(self, sent: _Sent) -> None:
        """Offer more for a transaction that no block takes, at its nonce, to every node."""
        log = get_logger(__name__).bind(nonce=sent.nonce, what=sent.call.description)
        before = sent.fees
        try:
            await self._raise_fees(sent)
            while not await self._offer(sent, everywhere=True):
                await self._raise_fees(sent)
        except _Overtaken:
            return  # one of ours or another's: the next look tells
        except ChainUnreachableError:
            sent.fees = before
            raise
        except TribuneError as fault:  # of the chain, or of who signs: what was sent may still be taken
            sent.fees, sent.at_ceiling = before, isinstance(fault, FeeCeilingError)
            log.warning("a transaction waits and its fees are not raised", error=fault.message)
        else:
            log.warning("a transaction was replaced", gwei=sent.fees.max_fee / GWEI, bump=sent.bumps)

    def _pending(self, sent: _Sent) -> TransactionPendingError:
        mend = "It may still get into one; look again before sending it a second time."
        if sent.at_ceiling:
            mend += " Its fees are as high as TRIBUNE_CHAIN__MAX_FEE_GWEI and MAX_TIP_GWEI let them be."
        return TransactionPendingError(
            f"The transaction {sent.hashes[-1]} is in no block after {self._receipt_timeout_s:g} s.",
            mend=mend,
            tx_hash=sent.hashes[-1],
        )

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

    async def _explain(self, fault: ChainError) -> ChainError:
        said = str(fault.ids.get("reason", "")).lower()
        if "insufficient funds" not in said and "gas required exceeds allowance" not in said:
            return fault
        balance = await self.chain.balance(self.address)
        return UnfundedError(
            f"The key {self.address} cannot pay for this transaction: it holds {balance / COIN:.6f} of the "
            "chain's coin.",
            mend=f"Send some to {self.address} and try again.",
            address=self.address,
            balance=balance,
        )


def _contested(address: Address) -> ChainError:
    return ChainError(
        f"Other transactions of the key {address} keep taking its nonces.",
        mend="Let one process alone send with it.",
        address=address,
    )
