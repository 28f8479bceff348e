"""A case's vote as people need to see it: question, reason, choices, call, tally, times, at one block.

The page and the bot show this and add nothing. It reads and never writes, and says what it could not read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tribune.ballots.cases.calls import DecodedCall, decode_proposal
from tribune.ballots.cases.explain import choices, words_of
from tribune.ballots.cases.panel import panel_size
from tribune.ballots.lane import Lane
from tribune.ballots.spans import share
from tribune.chain.cases import Case
from tribune.chain.codec import snake
from tribune.chain.enums import CaseKind, Outcome, ProposalState, State
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import utc_or_none
from tribune.exceptions import RevertedError, TribuneError
from tribune.ids import Address, CaseId, Cid, Digest, ModelId, ProposalId, VersionNumber
from tribune.language import _, number

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.ballots.vote import Vote
    from tribune.metrics.policies.policy import Rule
    from tribune.reports.words import CaseWords


class VoteState(StrEnum):
    """Where a case's vote stands; the governor's states, and "not opened" before it knows the case."""

    NOT_OPENED = "not_opened"
    PENDING = "pending"
    ACTIVE = "active"
    CANCELED = "canceled"
    DEFEATED = "defeated"
    SUCCEEDED = "succeeded"
    QUEUED = "queued"
    EXPIRED = "expired"
    EXECUTED = "executed"

    @classmethod
    def of(cls, number: int) -> VoteState:
        """Return the state that the governor means by a number."""
        return cls(ProposalState.of(number).lower())


class UnknownCaseError(TribuneError):
    """There is no such case."""


@dataclass(frozen=True)
class VotedModel:
    """The model that a case is about."""

    id: ModelId
    name: str
    version: VersionNumber
    state: State
    """Where it stands now."""


@dataclass(frozen=True)
class VoteTally:
    """Votes in token units (with the token's decimals)."""

    for_: int
    against: int
    abstain: int
    quorum: int
    """For and abstain that are needed."""
    super_quorum: int | None
    """For votes that end the vote early; None for a resume, which always takes its full time."""
    supply: int
    """All votes there are, at the snapshot."""

    @property
    def taking_part(self) -> int:
        """Votes cast either way."""
        return self.for_ + self.against + self.abstain

    def percent(self, votes: int) -> float:
        """Votes as percent of the supply, for display."""
        return 100 * votes / self.supply if self.supply else 0.0


@dataclass(frozen=True)
class CaseVote:
    """What is to be said about the vote of a case, read at one block."""

    case_id: CaseId
    proposal_id: ProposalId
    """0 while the vote is not opened."""
    chain_id: int
    governor: Address
    model: VotedModel
    kind: str
    """breach, guardian, stale, holder_pause or holder_resume."""
    outcome: str
    """open, upheld, rejected or lapsed."""
    state: VoteState
    question: str
    words: CaseWords
    if_for: str
    if_against: str
    if_abstain: str
    call: DecodedCall
    tally: VoteTally
    decimals: int
    opened_at: datetime
    open_until: datetime
    """Until when the vote can be opened."""
    snapshot: datetime | None
    """Votes held at this time count; None while the vote is not opened."""
    deadline: datetime | None
    suspended_until: datetime | None
    """End of the suspension that this case caused; None if it caused none."""
    rule: Rule | None
    value: int
    limit: int
    evidence: Cid | None
    panel: int | None
    """How many monitors were to measure the frame that it rests on; None where it rests on none."""
    block: int
    """The block at which all this was read."""
    read_at: datetime
    """That block's time."""
    overtaken: bool = False
    """Whether another vote on the model came first, so that nothing can come of this one."""

    @property
    def is_open(self) -> bool:
        """Whether something can still come of it."""
        return self.outcome == "open" and not self.overtaken

    @property
    def lane(self) -> Lane:
        """Where it is voted on."""
        return Lane.FAST

    @property
    def misleads(self) -> bool:
        """Whether what would run is not what the words say."""
        return not self.call.matches

    @property
    def resuming(self) -> bool:
        """Whether the vote is on letting the model answer again."""
        return self.kind == "holder_resume"

    @property
    def why(self) -> str:
        """Why people are asked."""
        return self.words.why

    def votes(self, amount: int) -> str:
        """Token units as people count votes: "12,400"."""
        return counted_votes(amount, self.decimals)


def counted_votes(amount: int, decimals: int) -> str:
    """Return token units as people count votes: "12,400"."""
    whole, rest = divmod(amount, 10**decimals)
    hundredths = rest * 100 // 10**decimals
    if not hundredths:
        tiny = rest and not whole
        return _("fewer than {n}").format(n=number(0.01, 2)) if tiny else number(whole)
    return number(whole) + number(hundredths / 100, 2).removeprefix("0").rstrip("0")


async def read_case_vote(contracts: VoteContracts, documents: Documents, case_id: CaseId) -> CaseVote:
    """Read everything about a case's vote at the newest block.

    Raises:
        UnknownCaseError: there is no such case.
        ChainUnreachableError: the chain cannot be read.
    """
    if not 0 < case_id < 2**64:
        raise _unknown(case_id)
    head = await contracts.chain.head()
    at = head.number
    try:
        raw, found, decimals = await contracts.read(
            ("KillSwitch", "caseOf", (case_id,)),
            ("PauseGovernor", "proposalOf", (case_id,)),
            ("TribuneToken", "decimals", ()),
            block=at,
        )
    except RevertedError as fault:
        if fault.ids.get("error") == "CaseUnknown":
            raise _unknown(case_id) from None
        raise
    case = Case.read(case_id, raw)
    case = replace(case, vote=case.vote_at(contracts.governor))
    resuming = case.kind is CaseKind.HOLDER_RESUME
    model_id, version = case.model_id, case.version
    name, version_record, status = await contracts.read(
        ("ModelRegistry", "nameOf", (model_id,)),
        ("ModelRegistry", "versionOf", (model_id, version)),
        ("KillSwitch", "statusOf", (model_id,)),
        block=at,
    )
    state, snapshot, deadline, votes = await _vote(contracts, case.vote, at)
    tally = await _tally(contracts, votes, snapshot if state is not VoteState.PENDING else 0, resuming, at)
    measured = case.kind in (CaseKind.BREACH, CaseKind.STALE)
    panel = await panel_size(contracts, model_id, case.frame, block=at) if measured else None
    words, rule = await words_of(contracts, documents, case, name, Digest(version_record["profile"]), at)
    return CaseVote(
        case_id=case_id,
        proposal_id=case.vote,
        chain_id=contracts.chain.chain_id,
        governor=contracts.governor,
        model=VotedModel(model_id, name, version, State.of(status["state"])),
        kind=snake(case.kind),
        outcome=case.outcome.lower(),
        state=state,
        question=words.question,
        words=words,
        **choices(share(tally.quorum, tally.supply or 1), resuming=resuming, stopped=case.bound is not None),
        call=decode_proposal(
            ProposedCalls(*found), case, switch=contracts.switch, governor=contracts.governor
        ),
        tally=tally,
        decimals=decimals,
        opened_at=case.opened_at,
        open_until=case.open_until,
        snapshot=utc_or_none(snapshot),
        deadline=utc_or_none(deadline),
        suspended_until=case.bound,
        rule=rule,
        value=case.value,
        limit=case.limit,
        evidence=_cid(case.evidence),
        panel=panel,
        block=at,
        read_at=head.time,
        overtaken=case.outcome is Outcome.OPEN and case.epoch != status["epoch"],
    )


async def read_power(contracts: VoteContracts, voter: Address, vote: Vote) -> tuple[int, bool]:
    """Return a voter's votes at the snapshot (before it: now) and whether it has voted."""
    if not vote.proposal_id:
        [power] = await contracts.read(("TribuneToken", "getVotes", (voter,)))
        return power, False
    past = vote.snapshot is not None and vote.state is not VoteState.PENDING
    power, voted = await contracts.read(
        ("TribuneToken", "getPastVotes", (voter, int(vote.snapshot.timestamp())))  # type: ignore[union-attr]
        if past
        else ("TribuneToken", "getVotes", (voter,)),
        (vote.lane, "hasVoted", (vote.proposal_id, voter)),
    )
    return power, voted


async def _vote(
    contracts: VoteContracts, proposal_id: ProposalId, at: int
) -> tuple[VoteState, int, int, tuple[int, int, int]]:
    """Return state, snapshot, deadline and votes (against, for, abstain)."""
    if not proposal_id:
        return VoteState.NOT_OPENED, 0, 0, (0, 0, 0)
    state, snapshot, deadline, votes = await contracts.read(
        *(
            ("PauseGovernor", function, (proposal_id,))
            for function in ("state", "proposalSnapshot", "proposalDeadline", "proposalVotes")
        ),
        block=at,
    )
    return VoteState.of(state), snapshot, deadline, votes


async def _tally(
    contracts: VoteContracts, votes: tuple[int, int, int], snapshot: int, resuming: bool, at: int
) -> VoteTally:
    """Return the tally; before the snapshot is past, quorum and supply are those of now."""
    if snapshot:
        supply, quorum, super_quorum = await contracts.read(
            ("TribuneToken", "getPastTotalSupply", (snapshot,)),
            ("PauseGovernor", "quorum", (snapshot,)),
            ("PauseGovernor", "superQuorum", (snapshot,)),
            block=at,
        )
    else:
        supply, quorum_share, super_share, whole = await contracts.read(
            ("TribuneToken", "totalSupply", ()),
            ("PauseGovernor", "quorumNumerator()", ()),
            ("PauseGovernor", "superQuorumNumerator()", ()),
            ("PauseGovernor", "quorumDenominator", ()),
            block=at,
        )
        quorum, super_quorum = supply * quorum_share // whole, supply * super_share // whole
    against, for_, abstain = votes
    return VoteTally(for_, against, abstain, quorum, None if resuming else super_quorum, supply)


def _cid(digest: Digest) -> Cid | None:
    from tribune.reports.canonical import cid

    return cid(digest) if any(digest) else None


def _unknown(case_id: int) -> UnknownCaseError:
    return UnknownCaseError(
        _("There is no case {case}.").format(case=case_id), mend=_("Check the link."), case_id=case_id
    )
