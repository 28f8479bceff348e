"""Bring queued ballots to the chain and record what became of each: one queue, two ways to send.

In the fast lane many ballots go in one transaction; in the slow lane each is one, since each uses up a nonce
of its voter. Sending twice is harmless, since the contract counts a voter once: after a crash the chain is
asked first, and what is not there is sent again. It pays for gas with the relayer's key and signs nothing for
a voter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from tribune.ballots.cast import CastVote, find_votes, votes_in
from tribune.ballots.gas import CONTRACT, most_gas, signed_by_key
from tribune.ballots.lane import Lane
from tribune.ballots.queue import BallotStatus, mark_mined
from tribune.chain.enums import ProposalState
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError, TransactionPendingError
from tribune.ids import Address, CaseId, ProposalId
from tribune.language import _
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.types import ContractCall, Log, Receipt
    from tribune.store.session import Session, Store
    from tribune.store.tables import StoredBallot

BATCH = 150
"""Ballots in one transaction."""
BATCH_GAS = 16_000_000
"""Most that they may use together: a transaction's limit is 16.7 million (EIP-7825)."""
AT_ONCE = 20
"""Transactions of the slow lane that are under way together."""


class Sends(Protocol):
    """What relaying needs of a `tribune.sync.sender.Sender`."""

    address: Address

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        """Simulate, send, wait for the receipt; gas beside what is estimated, and at most in all."""


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
        self._lost: dict[ProposalId, int] = {}
        """Proposals that the chain does not know, with the block at which that was first seen."""

    async def relay_all(self) -> list[BallotStatus]:
        """Relay the queued ballots of every proposal; return those that were settled.

        Raises:
            As `relay_queued`.
        """
        settled: list[BallotStatus] = []
        for proposal_id in await self._store.read(_waiting, Lane.FAST):
            settled += await self.relay_queued(proposal_id)
        if await self._store.read(_waiting, Lane.SLOW):
            settled += await self.relay_slow()
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
            while rows := await self._store.run(_claim, proposal_id, self._batch, self._by_key):
                settled += await self._relay(proposal_id, rows)
            return _logged(settled)

    async def relay_slow(self) -> list[BallotStatus]:
        """Relay the queued ballots of the slow lane; return those that were settled, mined or refused.

        Raises:
            As `relay_queued`.
        """
        async with self._turn:
            settled: list[BallotStatus] = []
            for proposal_id in await self._store.read(_waiting, Lane.SLOW):
                settled += await self._look_again(proposal_id)
            while rows := await self._store.run(_claim_slow, AT_ONCE):
                # One fault leaves the others settled; the first is told when all have ended.
                ended = await asyncio.gather(*(self._relay_one(row) for row in rows), return_exceptions=True)
                settled += [status for one in ended if isinstance(one, list) for status in one]
                for fault in ended:
                    if isinstance(fault, BaseException):
                        raise fault
            return _logged(settled)

    async def _relay_one(self, row: StoredBallot) -> list[BallotStatus]:
        proposal_id, signature = ProposalId(int(row.proposal_id)), bytes.fromhex(row.signature[2:])
        function, reason = "castVoteBySig", []
        if row.reason:
            function, reason = "castVoteWithReasonAndParamsBySig", [row.reason, b""]
        arguments = (proposal_id, row.support, row.voter, *reason, signature)
        call = self._contracts.call(Lane.SLOW, function, *arguments, description="cast a ballot")
        logs, tx_hash = await self._sent(call, [row], most=most_gas(row, by_key=False))
        cast = votes_in(logs, self._contracts.governor_of(Lane.SLOW), proposal_id)
        return await self._settle(proposal_id, [row], cast, tx_hash)

    async def _relay(self, proposal_id: ProposalId, rows: Sequence[StoredBallot]) -> list[BallotStatus]:
        call = self._contracts.call(
            "PauseGovernor",
            "castVotesBySig",
            proposal_id,
            [(row.voter, row.support, row.reason, bytes.fromhex(row.signature[2:])) for row in rows],
            description=f"cast {len(rows)} ballots",
        )
        try:
            counted = await self._contracts.chain.call(call, sender=self._sender.address)
        except RevertedError:
            counted = b""
        except ChainUnreachableError:
            raise
        except ChainError:
            await self._store.run(_release, rows)
            raise
        if not int.from_bytes(counted):  # nothing would count: not worth a transaction
            return await self._settle(proposal_id, rows, {})
        # Signatures and events of many ballots take long enough for others' presses to wait: in a thread.
        asked = await asyncio.to_thread(lambda: sum(not self._by_key(row) for row in rows))
        logs, tx_hash = await self._sent(call, rows, headroom=asked * CONTRACT)
        cast = await asyncio.to_thread(votes_in, logs, self._contracts.governor, proposal_id)
        return await self._settle(proposal_id, rows, cast, tx_hash)

    def _by_key(self, row: StoredBallot) -> bool:
        return signed_by_key(row, self._contracts.chain.chain_id, self._contracts.governor)

    async def _sent(
        self, call: ContractCall, rows: Sequence[StoredBallot], **gas: int
    ) -> tuple[Sequence[Log], str]:
        """Send what casts these ballots; return its logs and hash, empty where nothing was sent."""
        try:
            receipt = await self._sender.send(call, **gas)
        except RevertedError as fault:
            return (), str(fault.ids.get("tx_hash", ""))
        except TransactionPendingError as fault:
            await self._store.run(_note, rows, str(fault.ids.get("tx_hash", "")))
            raise
        except ChainUnreachableError:
            raise  # it may have been sent: they stay claimed until the chain can be asked
        except ChainError:
            await self._store.run(_release, rows)
            raise
        return receipt.logs, receipt.tx_hash

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
        tx_hash: str = "",
        *,
        refuse: bool = True,
    ) -> list[BallotStatus]:
        """Record votes of this transaction; the rest are looked up on the chain, and refused if not there."""
        lane = Lane(rows[0].governor)
        others = [Address(row.voter) for row in rows if row.voter not in cast]
        cast = {**await find_votes(self._contracts, proposal_id, others, lane), **cast}
        if cast:
            self._lost.pop(proposal_id, None)  # it is there: should it go again, it is waited for anew
        refused = refuse and any(row.voter not in cast for row in rows)
        why = await self._why_never(proposal_id, lane) if refused else ""
        return await self._store.run(_record, rows, cast, why, tx_hash)

    async def _why_never(self, proposal_id: ProposalId, lane: Lane) -> str:
        """Return why what the chain did not count now never will be; empty where it still may.

        A reorg can take a proposal away, or put it back to before its voting begins: it may come again for as
        long as the chain may replace blocks, and ballots stay claimed until the next look.
        """
        try:
            [found] = await self._contracts.read((lane, "state", (proposal_id,)))
        except RevertedError:
            chain = self._contracts.chain
            head = (await chain.head()).number
            lost = self._lost.setdefault(proposal_id, head)
            final = head >= lost + chain.finality_blocks
            return _("The chain does not have this vote any more.") if final else ""
        self._lost.pop(proposal_id, None)
        state = ProposalState.of(found)
        if state is ProposalState.PENDING:
            return ""
        if state is not ProposalState.ACTIVE:
            return _("The vote had ended before this ballot could be counted.")
        if lane is Lane.FAST:
            return _("The contract did not take the signature.")
        return _("The contract takes this signature no more. Open the page and sign again.")


def _logged(settled: list[BallotStatus]) -> list[BallotStatus]:
    for ballot in settled:
        get_logger(__name__).info(
            "ballot settled",
            case=ballot.case_id,
            voter=ballot.voter,
            state=ballot.status,
            block=ballot.block,
        )
    return settled


def _waiting(session: Session, lane: Lane) -> list[ProposalId]:
    from tribune.store.proposals import ballots_at
    from tribune.store.states import BallotState

    states = (BallotState.RELAYED, BallotState.QUEUED)
    rows = [row for state in states for row in ballots_at(session, lane, state)]
    return list(dict.fromkeys(ProposalId(int(row.proposal_id)) for row in rows))


def _claim_slow(session: Session, limit: int) -> list[StoredBallot]:
    """Claim the oldest ballots, each of another voter: the next of a voter builds on its nonce."""
    from tribune.store.proposals import ballots_at
    from tribune.store.states import BallotState
    from tribune.store.tables import now

    waits = {row.voter for row in ballots_at(session, Lane.SLOW, BallotState.RELAYED)}
    rows: list[StoredBallot] = []
    for row in ballots_at(session, Lane.SLOW, BallotState.QUEUED):
        if row.voter not in waits and len(rows) < limit:
            waits.add(row.voter)
            row.state, row.tx_hash, row.updated_at = BallotState.RELAYED, "", now()
            session.add(row)
            rows.append(row)
    return rows


def _claim(
    session: Session, proposal_id: ProposalId, limit: int, by_key: Callable[[StoredBallot], bool]
) -> list[StoredBallot]:
    """Claim the oldest ballots, at least one, and no more than fit into a transaction."""
    from tribune.store.queries import ballots_of
    from tribune.store.states import BallotState
    from tribune.store.tables import now

    rows: list[StoredBallot] = []
    gas = 0
    for row in list(ballots_of(session, proposal_id, state=BallotState.QUEUED))[:limit]:
        gas += most_gas(row, by_key=by_key(row))
        if rows and gas > BATCH_GAS:
            break
        row.state, row.tx_hash, row.updated_at = BallotState.RELAYED, "", now()
        session.add(row)
        rows.append(row)
    return rows


def _claimed(session: Session, proposal_id: ProposalId) -> list[StoredBallot]:
    from tribune.store.queries import ballots_of
    from tribune.store.states import BallotState

    return list(ballots_of(session, proposal_id, state=BallotState.RELAYED))


def _note(session: Session, rows: Sequence[StoredBallot], tx_hash: str) -> None:
    for row in _fresh(session, rows):
        row.tx_hash = tx_hash
        session.add(row)


def _release(session: Session, rows: Sequence[StoredBallot]) -> None:
    from tribune.store.states import BallotState
    from tribune.store.tables import now

    for row in _fresh(session, rows):
        if row.state == BallotState.RELAYED:
            row.state, row.tx_hash, row.updated_at = BallotState.QUEUED, "", now()
            session.add(row)


def _record(
    session: Session,
    rows: Sequence[StoredBallot],
    cast: dict[Address, CastVote],
    why: str,
    tx_hash: str,
) -> list[BallotStatus]:
    """Mark rows mined, or refused where `why` says so, with what was paid; return those that changed."""
    from tribune.store.states import BallotState
    from tribune.store.tables import now

    settled: list[BallotStatus] = []
    for row in _fresh(session, rows):
        vote = cast.get(Address(row.voter))
        if vote is not None:
            proposal_id, lane = ProposalId(int(row.proposal_id)), Lane(row.governor)
            settled.append(mark_mined(session, CaseId(row.case_id), proposal_id, vote, lane))
        elif why and row.state != BallotState.MINED:
            row.state, row.error, row.updated_at = BallotState.REJECTED, why, now()
            row.tx_hash = tx_hash
            session.add(row)
            settled.append(BallotStatus.of(row))
    return settled


def _fresh(session: Session, rows: Sequence[StoredBallot]) -> list[StoredBallot]:
    from tribune.store.queries import ballot_of

    found = [ballot_of(session, int(row.proposal_id), row.voter) for row in rows]
    return [row for row in found if row is not None]
