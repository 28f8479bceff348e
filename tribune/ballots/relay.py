"""Bring queued ballots to the chain, many in one transaction, and record what became of each.

Sending twice is harmless, since the contract counts a voter once: after a crash the chain is asked first,
and what is not there is sent again. It pays for gas with the relayer's key and signs nothing for a voter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from tribune.ballots.cast import CastVote, find_votes, votes_in
from tribune.ballots.queue import BallotStatus, mark_mined
from tribune.chain.enums import ProposalState
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError, TransactionPendingError
from tribune.ids import Address, CaseId, ProposalId
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.types import ContractCall, Receipt
    from tribune.store.session import Session, Store
    from tribune.store.tables import StoredBallot

BATCH = 150
"""Ballots in one transaction: at 75,000 gas each, a third of a block of 36 million."""


class Sends(Protocol):
    """What relaying needs of a `tribune.sync.sender.Sender`."""

    address: Address

    async def send(self, call: ContractCall) -> Receipt:
        """Simulate, send, wait for the receipt."""


class BallotRelay:
    """Relays ballots. One in a process for each store, and best one process for each relayer key.

    Args:
        store: the queue.
        contracts: the governor.
        sender: who pays.
        batch: most ballots in one transaction.
    """

    def __init__(self, store: Store, contracts: VoteContracts, sender: Sends, *, batch: int = BATCH) -> None:
        self._store = store
        self._contracts = contracts
        self._sender = sender
        self._batch = batch
        self._turn = asyncio.Lock()

    async def relay_all(self) -> list[BallotStatus]:
        """Relay the queued ballots of every proposal; return those that were settled.

        Raises:
            As `relay_queued`.
        """
        settled: list[BallotStatus] = []
        for proposal_id in await self._store.read(_waiting):
            settled += await self.relay_queued(proposal_id)
        return settled

    async def relay_queued(self, proposal_id: ProposalId) -> list[BallotStatus]:
        """Relay the queued ballots of one proposal; return those that were settled, mined or refused.

        Raises:
            ChainUnreachableError: the chain does not answer; what was not settled is tried again next time.
            TransactionPendingError: sent, but in no block yet; looked up again next time.
            UnfundedError: the relayer's key cannot pay; the ballots stay queued.
        """
        async with self._turn:
            settled = await self._look_again(proposal_id)
            while rows := await self._store.run(_claim, proposal_id, self._batch):
                settled += await self._relay(proposal_id, rows)
            for ballot in settled:
                get_logger(__name__).info(
                    "ballot settled",
                    case=ballot.case_id,
                    voter=ballot.voter,
                    state=ballot.status,
                    block=ballot.block,
                )
            return settled

    async def _relay(self, proposal_id: ProposalId, rows: Sequence[StoredBallot]) -> list[BallotStatus]:
        call = self._contracts.call(
            "PauseGovernor",
            "castVotesBySig",
            proposal_id,
            [(row.voter, row.support, row.reason, bytes.fromhex(row.signature[2:])) for row in rows],
            description=f"cast {len(rows)} ballots",
        )
        try:
            counted = int.from_bytes(await self._contracts.chain.call(call, sender=self._sender.address))
            if not counted:  # nothing would count: not worth a transaction
                return await self._settle(proposal_id, rows, {})
            receipt = await self._sender.send(call)
        except RevertedError:
            return await self._settle(proposal_id, rows, {})
        except TransactionPendingError as fault:
            await self._store.run(_note, rows, str(fault.ids.get("tx_hash", "")))
            raise
        except ChainUnreachableError:
            raise  # it may have been sent: they stay claimed until the chain can be asked
        except ChainError:
            await self._store.run(_release, rows)
            raise
        return await self._settle(
            proposal_id, rows, votes_in(receipt.logs, self._contracts.governor, proposal_id)
        )

    async def _look_again(self, proposal_id: ProposalId) -> list[BallotStatus]:
        """Settle ballots that an earlier call left claimed, by what the chain says."""
        rows = await self._store.read(_claimed, proposal_id)
        if not rows:
            return []
        settled = await self._settle(proposal_id, rows, {}, refuse=False)
        done = {ballot.voter for ballot in settled}
        lost = [row for row in rows if row.voter not in done and not await self._under_way(row.tx_hash)]
        await self._store.run(_release, lost)
        return settled

    async def _under_way(self, tx_hash: str) -> bool:
        if not tx_hash:
            return False
        chain = self._contracts.chain
        known = await chain.request("eth_getTransactionByHash", tx_hash)
        return known is not None and known.get("blockNumber") is None

    async def _settle(
        self,
        proposal_id: ProposalId,
        rows: Sequence[StoredBallot],
        cast: dict[Address, CastVote],
        *,
        refuse: bool = True,
    ) -> list[BallotStatus]:
        """Record votes of this transaction; the rest are looked up on the chain, and refused if not there."""
        others = [Address(row.voter) for row in rows if row.voter not in cast]
        cast = {**await find_votes(self._contracts, proposal_id, others), **cast}
        why = ""
        if refuse and any(row.voter not in cast for row in rows):
            [state] = await self._contracts.read(("PauseGovernor", "state", (proposal_id,)))
            why = (
                "The contract did not take the signature."
                if ProposalState.of(state) is ProposalState.ACTIVE
                else "The vote had ended before this ballot could be counted."
            )
        return await self._store.run(_record, rows, cast, why)


def _waiting(session: Session) -> list[ProposalId]:
    from tribune.store.queries import ballots_in
    from tribune.store.tables import BallotState

    rows = [*ballots_in(session, BallotState.RELAYED), *ballots_in(session, BallotState.QUEUED)]
    return list(dict.fromkeys(ProposalId(int(row.proposal_id)) for row in rows))


def _claim(session: Session, proposal_id: ProposalId, limit: int) -> list[StoredBallot]:
    from tribune.store.queries import ballots_of
    from tribune.store.tables import BallotState, now

    rows = list(ballots_of(session, proposal_id, state=BallotState.QUEUED))[:limit]
    for row in rows:
        row.state, row.tx_hash, row.updated_at = BallotState.RELAYED, "", now()
        session.add(row)
    return rows


def _claimed(session: Session, proposal_id: ProposalId) -> list[StoredBallot]:
    from tribune.store.queries import ballots_of
    from tribune.store.tables import BallotState

    return list(ballots_of(session, proposal_id, state=BallotState.RELAYED))


def _note(session: Session, rows: Sequence[StoredBallot], tx_hash: str) -> None:
    for row in _fresh(session, rows):
        row.tx_hash = tx_hash
        session.add(row)


def _release(session: Session, rows: Sequence[StoredBallot]) -> None:
    from tribune.store.tables import BallotState, now

    for row in _fresh(session, rows):
        if row.state == BallotState.RELAYED:
            row.state, row.tx_hash, row.updated_at = BallotState.QUEUED, "", now()
            session.add(row)


def _record(
    session: Session, rows: Sequence[StoredBallot], cast: dict[Address, CastVote], why: str
) -> list[BallotStatus]:
    """Mark rows mined, or refused where `why` says so; return those that changed."""
    from tribune.store.tables import BallotState, now

    settled: list[BallotStatus] = []
    for row in _fresh(session, rows):
        vote = cast.get(Address(row.voter))
        if vote is not None:
            settled.append(mark_mined(session, CaseId(row.case_id), ProposalId(int(row.proposal_id)), vote))
        elif why and row.state != BallotState.MINED:
            row.state, row.error, row.updated_at = BallotState.REJECTED, why, now()
            session.add(row)
            settled.append(BallotStatus.of(row))
    return settled


def _fresh(session: Session, rows: Sequence[StoredBallot]) -> list[StoredBallot]:
    from tribune.store.queries import ballot_of

    found = [ballot_of(session, int(row.proposal_id), row.voter) for row in rows]
    return [row for row in found if row is not None]
