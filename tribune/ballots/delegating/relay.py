"""Bring queued delegations to the chain, and record what became of each.

Sending one twice is harmless, since the token takes each number of a wallet once: after a crash the chain is
asked first, and what is not there is sent again. It pays for gas with the relayer's key, and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.ballots.cast import first_block_after
from tribune.ballots.contracts import TOKEN
from tribune.ballots.delegating.delegations import LONGEST, DelegationStatus, delegate_call, signed_of
from tribune.chain.codec import load_abi
from tribune.exceptions import ChainUnreachableError, RevertedError, TransactionPendingError, TribuneError
from tribune.language import marked
from tribune.store.delegations import mined_delegations, waiting_delegations

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.relay import Sends
    from tribune.chain.types import Log
    from tribune.store.session import Session, Store
    from tribune.store.states import BallotState
    from tribune.store.tables import SignedDelegation

BATCH = 20
"""Delegations under way together."""


class DelegationRelay:
    """Relays delegations.

    Args:
        store: the queue.
        contracts: the token.
        sender: who pays.
    """

    def __init__(self, store: Store, contracts: VoteContracts, sender: Sends) -> None:
        self._store = store
        self._contracts = contracts
        self._sender = sender
        self._turn = asyncio.Lock()
        self._looked = 0
        """Newest block when we last looked at what is in blocks; 0: at all that could still be sent again."""

    async def relay_all(self) -> list[DelegationStatus]:
        """Relay what is queued; return what was settled, mined or refused.

        Raises:
            ChainUnreachableError: the chain does not answer; what was not settled is tried again next time.
            TransactionPendingError: sent, but in no block yet; looked up again next time.
            UnfundedError: the relayer's key cannot pay; the delegations stay queued.
        """
        async with self._turn:
            await self._take_back()
            rows = await self._store.read(waiting_delegations, BATCH)
            found = await asyncio.gather(*(self._relay(row) for row in rows), return_exceptions=True)
        faults = [one for one in found if isinstance(one, BaseException)]
        if faults:
            raise faults[0]
        return [one for one in found if isinstance(one, DelegationStatus)]

    async def _take_back(self) -> None:
        """Queue again what a reorg took out of the chain; what is final is not looked at any more."""
        from tribune.store.states import BallotState

        chain = self._contracts.chain
        rows = await self._store.read(
            mined_delegations, LONGEST, max(0, self._looked - chain.finality_blocks)
        )
        if not rows:
            return
        head = await chain.head()
        nonces = await self._contracts.read(*((TOKEN, "nonces", (row.delegator,)) for row in rows))
        for row, nonce in zip(rows, nonces, strict=True):
            if nonce <= row.nonce:
                await self._record(row, BallotState.QUEUED, tx="")
        self._looked = head.number

    async def _relay(self, row: SignedDelegation) -> DelegationStatus | None:
        """Relay a delegation; None where another has taken its place meanwhile, whose turn is next."""
        from tribune.store.states import BallotState

        if await self._is_used(row):
            return await self._look_up(row)
        signed = signed_of(row)
        head = await self._contracts.chain.head()
        if head.timestamp > signed.expiry:
            why = marked("It had expired before it could be sent. Sign a new one.")
            return await self._record(row, BallotState.REJECTED, error=why)
        if not await self._store.run(_claim, row):
            return None
        try:
            receipt = await self._sender.send(delegate_call(self._contracts, signed))
        except RevertedError:
            return await self._look_up(row)
        except TransactionPendingError as fault:
            await self._record(row, BallotState.RELAYED, tx=str(fault.ids.get("tx_hash", "")))
            raise
        except ChainUnreachableError:
            raise  # it may have been sent: nothing takes its place until the chain can be asked
        except TribuneError:
            await self._record(row, BallotState.QUEUED)
            raise
        return await self._record(row, BallotState.MINED, tx=receipt.tx_hash, block=receipt.block_number)

    async def _is_used(self, row: SignedDelegation) -> bool:
        """Return whether the token has taken a delegation of this number."""
        [nonce] = await self._contracts.read((TOKEN, "nonces", (row.delegator,)))
        return bool(nonce > row.nonce)

    async def _look_up(self, row: SignedDelegation) -> DelegationStatus:
        """Settle what we did not see being taken, by what the token says."""
        from tribune.store.states import BallotState

        if not await self._is_used(row):
            why = marked("The token did not take the signature.")
            return await self._record(row, BallotState.REJECTED, error=why)
        found = await self._find(row)
        if found is None:
            why = marked("Another signature of this wallet was counted instead.")
            return await self._record(row, BallotState.REJECTED, error=why)
        return await self._record(row, BallotState.MINED, tx=found.tx_hash, block=found.block_number)

    async def _find(self, row: SignedDelegation) -> Log | None:
        """Return the event of a delegation that may have got into a block while we did not look."""
        chain, token = self._contracts.chain, await self._contracts.token()
        head = await chain.head()
        since = int((row.expiry - LONGEST).timestamp())  # it was signed later
        first = await first_block_after(self._contracts, since, head.number)
        delegator, delegatee = (
            bytes.fromhex(one[2:]).rjust(32, b"\0") for one in (row.delegator, row.delegatee)
        )
        topics = (load_abi(TOKEN).topic("DelegateChanged"), delegator, None, delegatee)
        return next(reversed(await chain.logs([token], first, head.number, topics)), None)

    async def _record(
        self,
        row: SignedDelegation,
        state: BallotState,
        *,
        tx: str | None = None,
        block: int = 0,
        error: str = "",
    ) -> DelegationStatus:
        tx_hash = row.tx_hash if tx is None else tx
        return await self._store.run(_write, row, state, tx_hash, block, error)


def _claim(session: Session, row: SignedDelegation) -> bool:
    """Mark a delegation as being sent, unless another signature has replaced it meanwhile."""
    from tribune.store.delegations import delegation_of
    from tribune.store.states import BallotState

    fresh = delegation_of(session, row.delegator, row.nonce)
    if fresh is None or fresh.signature != row.signature:
        return False
    _write(session, row, BallotState.RELAYED, row.tx_hash, 0, "")
    return True


def _write(
    session: Session, row: SignedDelegation, state: BallotState, tx_hash: str, block: int, error: str
) -> DelegationStatus:
    """Record where a delegation stands; one that another signature has replaced meanwhile is left alone."""
    from tribune.store.delegations import delegation_of
    from tribune.store.tables import now

    fresh = delegation_of(session, row.delegator, row.nonce)
    if fresh is None:
        raise AssertionError("a queued delegation cannot be absent")
    if fresh.signature == row.signature:
        fresh.state, fresh.tx_hash, fresh.block_number = str(state), tx_hash, block
        fresh.error, fresh.updated_at = error, now()
        session.add(fresh)
    return DelegationStatus.of(fresh)
