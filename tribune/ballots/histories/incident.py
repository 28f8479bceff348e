"""A case from its first sign to its end, each step with its time, block and transaction.

From indexed events, so it never shows what is not on the chain; what the index has not read yet is missing,
and up to which block it has read stands beside. What comes by time alone (a vote's or a suspension's end) has
no block. A pause by vote goes on until a resume: the votes on that belong to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import counted_votes, read_case_vote
from tribune.ballots.histories.deeds import Telling, tell
from tribune.ballots.spans import share
from tribune.chain.enums import CaseKind, State, Support
from tribune.ids import Address, CaseId
from tribune.language import _, number, plural
from tribune.store import incidents, queries

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.store.session import Session, Store
    from tribune.store.tables import ChainEvent

OF_CASE = (
    *("CaseOpened", "CaseJoined", "StateChanged", "BudgetExhausted", "GuardianSuspended", "FrameStale"),
    *("HoldersCalled", "CaseVoteOpened", "CaseClosed", "ReportJudged"),
)
LARGEST = 3
"""Voters that a summary names."""


@dataclass(frozen=True)
class Step:
    """Something that happened, or (without a block) that came by time alone."""

    time: datetime
    text: str
    block: int | None = None
    tx: str | None = None
    place: int = field(default=0, repr=False)
    """Place of its event within the block."""


@dataclass(frozen=True)
class Incident:
    """A case and what happened."""

    vote: CaseVote
    steps: tuple[Step, ...]
    """In their order."""
    related: tuple[CaseId, ...]
    """Cases of the votes on letting the model answer again; for such a case, the one that paused it."""
    read_to: int | None
    """The block up to which the index has read; None where it has read nothing."""


@dataclass(frozen=True)
class Ballot:
    """One counted ballot."""

    voter: Address
    support: Support
    weight: int


@dataclass(frozen=True)
class Ending:
    """How a case ended: where that was recorded, and who decided it."""

    block: int
    time: datetime
    tx: str
    voters: int
    largest: tuple[Ballot, ...]
    """The ballots with the most votes, in that order."""


@dataclass(frozen=True)
class _Told:
    """What the index has about a case."""

    events: Sequence[ChainEvent]
    cast: Sequence[ChainEvent]
    signed: Sequence[ChainEvent]
    states: Sequence[ChainEvent] = field(repr=False)


async def read_incident(
    store: Store, contracts: VoteContracts, documents: Documents, vote: CaseVote
) -> Incident:
    """Return what happened in a case.

    Args:
        store: with the index.
        contracts: the chain.
        documents: evidence and profiles.
        vote: the case, as read now.

    Raises:
        StoreError: the index cannot be read.
        ChainUnreachableError: the chain cannot be read.
    """
    told = await store.read(_told, vote)
    steps = _steps(vote, told)
    related = _related(vote, told.states)
    if not vote.resuming:
        for case_id in related:
            resume = await read_case_vote(contracts, documents, case_id)
            steps += _steps(resume, await store.read(_told, resume))
    known = await store.read(queries.checkpoint, "indexer")
    return Incident(vote, _in_order(steps), related, None if known is None else known.block_number)


async def read_ending(store: Store, vote: CaseVote) -> Ending | None:
    """Return how a case ended; None while it has not, or the index has not read it yet.

    Raises:
        StoreError: the index cannot be read.
    """
    if vote.outcome == "open":
        return None
    return await store.read(_ending, vote)


def _ending(session: Session, vote: CaseVote) -> Ending | None:
    closed = incidents.events_of_case(session, vote.case_id, ["CaseClosed"])
    if not closed:
        return None
    last = closed[-1]
    cast = incidents.ballots_cast(session, vote.governor, vote.proposal_id) if vote.proposal_id else []
    ballots = [_ballot(one) for one in cast]
    largest = sorted(ballots, key=lambda one: -one.weight)[:LARGEST]
    return Ending(last.block_number, last.block_time, last.tx_hash, len(ballots), tuple(largest))


def _told(session: Session, vote: CaseVote) -> _Told:
    events = incidents.events_of_case(session, vote.case_id, OF_CASE)
    cast = incidents.ballots_cast(session, vote.governor, vote.proposal_id) if vote.proposal_id else []
    frame = next((e.args["frame"] for e in events if e.name in ("ReportJudged", "FrameStale")), 0)
    opened = next((e for e in events if e.name == "CaseOpened"), None)
    if not frame and opened is not None:
        frame = opened.args["details"]["frame"]
    model_id, version = vote.model.id, vote.model.version
    signed = incidents.attestations(session, model_id, version, frame) if frame else []
    return _Told(events, cast, signed, incidents.states_of(session, model_id))


def _related(vote: CaseVote, states: Sequence[ChainEvent]) -> tuple[CaseId, ...]:
    """Return the cases on resuming what this one paused; for a resume, the case that paused it."""
    paused_by, found = CaseId(0), []
    for event in states:
        if event.name == "StateChanged":
            if State.of(event.args["current"]) is State.PAUSED:
                paused_by = CaseId(event.args["case_id"])
        elif CaseKind.of(event.args["kind"]) is CaseKind.HOLDER_RESUME:
            case_id = CaseId(event.args["case_id"])
            if vote.resuming and case_id == vote.case_id:
                return (paused_by,) if paused_by else ()
            if paused_by == vote.case_id:
                found.append(case_id)
    return tuple(found)


def _steps(vote: CaseVote, told: _Told) -> list[Step]:
    how = Telling(_who, _when, {vote.proposal_id: vote.case_id}, vote.decimals)
    found = [_step(event, tell(event, how)) for event in told.signed]
    for event in told.events:
        found.append(_step(event, tell(event, how)))
        if event.name == "CaseOpened" and vote.words.sentence:
            found.append(_step(event, vote.words.sentence))
    found += _milestones(vote, told.cast)
    return found + _by_time(vote, told)


def _step(event: ChainEvent, text: str) -> Step:
    return Step(event.block_time, text, event.block_number, event.tx_hash, event.log_index)


def _milestones(vote: CaseVote, cast: Sequence[ChainEvent]) -> list[Step]:
    """Return the first ballot, those that reached a threshold, and the last with how it stands then."""
    found: list[Step] = []
    votes = dict.fromkeys(Support, 0)
    tally = vote.tally
    quorum = early = False
    for at, event in enumerate(cast):
        ballot = _ballot(event)
        votes[ballot.support] += ballot.weight
        if at == 0:
            found.append(_step(event, _("The first ballot was counted.")))
        if not quorum and tally.quorum <= votes[Support.FOR] + votes[Support.ABSTAIN]:
            quorum = True
            needed = share(tally.quorum, tally.supply or 1)
            found.append(_step(event, _("Enough took part: the {share} needed.").format(share=needed)))
        if not early and tally.super_quorum is not None and tally.super_quorum <= votes[Support.FOR]:
            early = True
            needed = share(tally.super_quorum, tally.supply or 1)
            text = _("{share} of all votes were for it, which ended the vote at once.").format(share=needed)
            found.append(_step(event, text))
    if cast:
        text = plural(
            "{n} ballot so far: {for_} for, {against} against, {abstain} abstain.",
            "{n} ballots so far: {for_} for, {against} against, {abstain} abstain.",
            len(cast),
        )
        counts = {
            name: counted_votes(votes[support], vote.decimals)
            for name, support in (
                ("for_", Support.FOR),
                ("against", Support.AGAINST),
                ("abstain", Support.ABSTAIN),
            )
        }
        found.append(_step(cast[-1], text.format(n=number(len(cast)), **counts)))
    return found


def _by_time(vote: CaseVote, told: _Told) -> list[Step]:
    """Return what came without a transaction: the end of the voting time, and that of a suspension."""
    found = []
    closed = next((e.block_time for e in told.events if e.name == "CaseClosed"), None)
    ended = vote.deadline
    early = vote.tally.super_quorum is not None and vote.tally.for_ >= vote.tally.super_quorum
    if ended is not None and not early and ended < vote.read_at and (closed is None or ended <= closed):
        found.append(Step(ended, _("The time for voting was over.")))
    until = vote.suspended_until
    if until is not None and until <= vote.read_at:
        changes = [e for e in told.states if e.name == "StateChanged"]
        own = [
            e
            for e in changes
            if e.args["case_id"] == vote.case_id and State.of(e.args["current"]) is State.SUSPENDED
        ]
        later = [e for e in changes if own and _place(e) > _place(own[-1]) and e.block_time <= until]
        if own and not later:
            found.append(Step(until, _("The suspension ran out, so the model could answer again.")))
    return found


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    # What time alone brought comes before what a block of that second brought.
    return tuple(sorted(steps, key=lambda step: (step.time, step.block or 0, step.place)))


def _place(event: ChainEvent) -> tuple[int, int]:
    return event.block_number, event.log_index


def _ballot(event: ChainEvent) -> Ballot:
    args = event.args
    return Ballot(Address(args["voter"]), Support.of(args["support"]), int(args["weight"]))


def _who(wallet: str) -> str:
    return f"{wallet[:6]}…{wallet[-4:]}"


def _when(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
