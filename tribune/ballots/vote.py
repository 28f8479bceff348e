"""What ballots need of a vote, in either lane: of a case (`view`) or of a proposal (`proposals`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.cases.view import VoteState, VoteTally
    from tribune.ballots.lane import Lane
    from tribune.ids import Address, CaseId, ProposalId


class Vote(Protocol):
    """A vote as people are shown it, and as a ballot is checked against."""

    @property
    def lane(self) -> Lane:
        """Where it is voted on."""

    @property
    def case_id(self) -> CaseId:
        """The case that it is about; 0 in the slow lane."""

    @property
    def proposal_id(self) -> ProposalId:
        """0 while the vote is not opened."""

    @property
    def chain_id(self) -> int:
        """The chain that ballots are signed for."""

    @property
    def governor(self) -> Address:
        """The contract that ballots are signed for."""

    @property
    def state(self) -> VoteState:
        """Where it stands."""

    @property
    def misleads(self) -> bool:
        """Whether what would run is not what the words say, so that no ballot for it is relayed."""

    @property
    def overtaken(self) -> bool:
        """Whether another vote came first, so that nothing can come of this one."""

    @property
    def tally(self) -> VoteTally:
        """Votes so far."""

    @property
    def decimals(self) -> int:
        """Of the token."""

    @property
    def open_until(self) -> datetime | None:
        """Until when it can be opened; None where nothing has to be opened."""

    @property
    def snapshot(self) -> datetime | None:
        """Votes held at this time count."""

    @property
    def deadline(self) -> datetime | None:
        """When it ends."""

    def votes(self, amount: int) -> str:
        """Token units as people count votes."""
