"""Open the vote of a call that enough have signed: once, by whomever, and again where a reorg undid it.

What a call's state is, the chain says each time; the rows only remember it. The contract takes a round once,
so that two who open at the same time open one vote. It pays with the relayer's key and signs for nobody.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tribune.ballots.budget import BudgetSpentError, check_opening
from tribune.ballots.holders.progress import CallProgress, read_progress, signed_form
from tribune.ballots.typed_data import call_digest, recover_signer
from tribune.chain.pause_governor import PauseGovernor, SignedCall
from tribune.exceptions import RevertedError, TransactionPendingError
from tribune.ids import Address
from tribune.language import marked
from tribune.log import get_logger
from tribune.store import calls
from tribune.store.states import CallState

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.relay import Sends
    from tribune.chain.types import ContractCall
    from tribune.settings import RelaySettings
    from tribune.store.session import Session, Store
    from tribune.store.tables import CallSignature, HolderCall

LOOK_AGAIN_S = 3.0
"""Pause after an opening that would have failed, so that nothing was sent."""
PAY_AGAIN_S = 60.0
"""Pause after an opening that a block refused, each time twice as long: a signer can do that, at our cost."""


class CallOpener:
    """Opens calls. One in a process for each store.

    Args:
        store: the calls.
        contracts: the chain.
        sender: who pays.
        limits: how much.
        finality_blocks: depth from which no block is undone.
    """

    def __init__(
        self,
        store: Store,
        contracts: VoteContracts,
        sender: Sends,
        limits: RelaySettings,
        finality_blocks: int,
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._sender = sender
        self._limits = limits
        self._finality_blocks = finality_blocks
        self._turn = asyncio.Lock()
        self._not_before: dict[int, float] = {}
        self._paid_for_nothing: Counter[int] = Counter()

    async def look(self) -> dict[int, CallProgress]:
        """Look at every call that can still change, open what can be opened; return where each stands.

        Raises:
            ChainUnreachableError: the chain does not answer; look again.
            TransactionPendingError: an opening was sent and is in no block yet; look again.
            UnfundedError: the relayer's key cannot pay.
            StoreError: the store cannot be used.
        """
        async with self._turn:
            return {
                row.id or 0: await self._look_at(row) for row in await self._store.read(calls.calls_to_watch)
            }

    async def _look_at(self, row: HolderCall) -> CallProgress:
        call_id = row.id or 0
        signatures = await self._store.read(calls.signatures_of, call_id)
        progress = await self._read(row, signatures)
        if progress.state is CallState.COLLECTING and progress.reached:
            await self._open(row, signatures, progress)
            progress = await self._read(row, signatures)
        await self._remember(row, progress)
        return progress

    async def _read(self, row: HolderCall, signatures: Sequence[CallSignature]) -> CallProgress:
        return await read_progress(
            self._contracts, signed_form(row), [Address(one.signer) for one in signatures]
        )

    async def _open(
        self, row: HolderCall, signatures: Sequence[CallSignature], progress: CallProgress
    ) -> None:
        """Send the signatures, unless that would fail; afterwards the chain tells what became of it."""
        call_id = row.id or 0
        clock = asyncio.get_running_loop().time()
        if clock < self._not_before.get(call_id, 0) or await self._under_way(row.tx_hash):
            return
        call = self._call(row, signatures, progress)
        why = detail = ""
        try:
            await self._contracts.chain.call(call, sender=self._sender.address)
            await self._store.run(_claim, call_id, self._limits, f"{call.description} of {call.to}")
            receipt = await self._sender.send(call)
            await self._change(row, tx_hash=receipt.tx_hash)
            get_logger(__name__).info(call.description, call=call_id, block=receipt.block_number)
        except RevertedError as fault:  # somebody was quicker, or it cannot be opened now
            why, detail = _why_not(fault), str(fault)
            self._not_before[call_id] = clock + LOOK_AGAIN_S
            if "tx_hash" in fault.ids:
                self._paid_for_nothing[call_id] += 1
                self._not_before[call_id] = clock + PAY_AGAIN_S * 2 ** (self._paid_for_nothing[call_id] - 1)
                await self._change(row, tx_hash=str(fault.ids["tx_hash"]))
        except BudgetSpentError as fault:
            why = marked("What we pay for others in 24 hours is used up; anyone can open it.")
            detail = str(fault)
        except TransactionPendingError as fault:
            await self._change(row, tx_hash=str(fault.ids.get("tx_hash", "")))
            raise
        if why != row.error:
            await self._change(row, error=why)
            get_logger(__name__).warning("a call cannot be opened now", call=call_id, error=detail)

    def _call(
        self, row: HolderCall, signatures: Sequence[CallSignature], progress: CallProgress
    ) -> ContractCall:
        """Return the transaction, with as few signatures as reach the threshold.

        Those of keys come first, and most power first: a contract can make its own signature fail.
        """
        form = signed_form(row)
        digest = call_digest(self._contracts.chain.chain_id, self._contracts.governor, form)
        signed = [SignedCall(Address(one.signer), bytes.fromhex(one.signature[2:])) for one in signatures]
        signed.sort(
            key=lambda one: (
                recover_signer(digest, one.signature) != one.signer,
                -progress.powers[one.signer],
            )
        )
        chosen, power = list[SignedCall](), 0
        for one in signed:
            if power < max(progress.needed, 1):
                chosen.append(one)
                power += progress.powers[one.signer]
        governor = PauseGovernor(self._contracts.chain, self._contracts.governor)
        return governor.call_by_holders(form, chosen)

    async def _under_way(self, tx_hash: str) -> bool:
        if not tx_hash:
            return False
        known = await self._contracts.chain.request("eth_getTransactionByHash", tx_hash)
        return known is not None and known.get("blockNumber") is None

    async def _remember(self, row: HolderCall, progress: CallProgress) -> None:
        """Store what the chain says, so that what has ended is not looked at for ever."""
        if progress.state is CallState.COLLECTING:
            if row.state != CallState.COLLECTING:  # a reorg undid its end
                await self._change(row, state=CallState.COLLECTING, case_id=0, block_number=0, error="")
            return
        final = bool(row.block_number) and row.block_number <= progress.block - self._finality_blocks
        ended = {
            "state": progress.state,
            "case_id": progress.case_id,
            "error": progress.over,
            "block_number": 0 if final else row.block_number or progress.block,
        }
        if any(getattr(row, name) != value for name, value in ended.items()):
            await self._change(row, **ended)

    async def _change(self, row: HolderCall, **values: Any) -> None:
        await self._store.run(calls.change_call, row.id or 0, **values)


def _why_not(fault: RevertedError) -> str:
    """Return why the contracts would not open a vote although enough have signed; translated when read."""
    if fault.ids.get("error") == "CallBelowThreshold":
        return marked("Some signatures do not count at this moment, and without them too few have signed.")
    return marked("The contracts would not open it at this moment; it is tried again.")


def _claim(session: Session, call_id: int, limits: RelaySettings, instead: str) -> None:
    """Check that an opening may be paid for."""
    check_opening(session, limits, instead)
