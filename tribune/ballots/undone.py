"""Ballots that a reorg took off the chain again: back into the queue, so that each is counted in the end.

The index tells which may be concerned, the chain alone whether they are. Those that got into another block
are recorded there. Nothing here sends a transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.ballots.cast import EVENTS, CastVote, find_votes
from tribune.ballots.lane import Lane
from tribune.ballots.queue import mark_mined
from tribune.ids import Address, CaseId, ProposalId

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.store.session import Session, Store

_Key = tuple[Lane, ProposalId, CaseId]


class UndoneBallots:
    """Looks after ballots that count as mined. One in a process.

    Its first look is at all of them, since a reorg may have come while nobody looked: the process was away,
    or its node.

    Args:
        store: the queue, and the index.
        contracts: the chain.
        depth: how many blocks below the newest may still be replaced.
    """

    def __init__(self, store: Store, contracts: VoteContracts, depth: int) -> None:
        self._store = store
        self._contracts = contracts
        self._depth = depth
        self._looked: int | None = None
        """Newest block that the index had at our last look."""

    async def queue(self, indexed: int) -> int:
        """Queue again what a reorg undid; return how many ballots that were.

        Args:
            indexed: newest block that the index has taken in.

        Raises:
            ChainUnreachableError, StoreError: could not look; call again.
        """
        undone = 0
        above = -1 if self._looked is None else min(self._looked, indexed) - self._depth
        for (lane, proposal_id, case_id), voters in (
            await self._store.read(_doubtful, above, indexed)
        ).items():
            cast = await find_votes(self._contracts, proposal_id, voters, lane)
            undone += await self._store.run(_record, lane, proposal_id, case_id, voters, cast)
        self._looked = indexed
        return undone


def _doubtful(session: Session, above: int, indexed: int) -> dict[_Key, list[Address]]:
    """Return the voters whose ballots count as mined in a block that the index knows otherwise."""
    from tribune.store.proposals import mined_unseen

    found: dict[_Key, list[Address]] = {}
    for row in mined_unseen(session, above, indexed, EVENTS):
        key = (Lane(row.governor), ProposalId(int(row.proposal_id)), CaseId(row.case_id))
        found.setdefault(key, []).append(Address(row.voter))
    return found


def _record(
    session: Session,
    lane: Lane,
    proposal_id: ProposalId,
    case_id: CaseId,
    voters: list[Address],
    cast: dict[Address, CastVote],
) -> int:
    from tribune.store.queries import ballot_of
    from tribune.store.states import BallotState
    from tribune.store.tables import now

    undone = 0
    for voter in voters:
        row = ballot_of(session, proposal_id, voter)
        if voter in cast:
            mark_mined(session, case_id, proposal_id, cast[voter], lane)
        elif row is not None and row.state == BallotState.MINED:
            undone += 1
            if not row.signature:  # cast with another tool: its voter has it, not we
                session.delete(row)
                continue
            row.state, row.weight, row.tx_hash = BallotState.QUEUED, "0", ""
            row.block_number, row.updated_at = 0, now()
            session.add(row)
    return undone
