"""`/cases` and `/cases/{case}`: each reason to vote on a model, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tribune.chain.cases import STALE_RULE
from tribune.chain.enums import CaseKind, Outcome, Severity, Support
from tribune.chain.types import utc, utc_or_none
from tribune.store.incidents import ballots_cast, events_of_cases
from tribune.web.public.cursor import Place
from tribune.web.public.operation import Look, Operation, unknown
from tribune.web.public.paging import located, page_of
from tribune.web.public.shapes import (
    Account,
    Amount,
    Asked,
    Fixed,
    Hex32,
    Indexed,
    Located,
    Moment,
    Number,
    Page,
    Paged,
    Shape,
    fixed,
)

if TYPE_CHECKING:
    from tribune.ballots.directory import ListedCase
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent

EVENTS = ("CaseOpened", "CaseJoined", "CaseVoteOpened", "CaseClosed")


class Breach(Shape):
    """A rule that was broken."""

    frame: int
    """The frame that it was measured on; 0 is the evaluation before service."""
    rule: int | None
    """Place of the rule in the policy, from 0; null where nobody measured the frame in time."""
    value: Fixed | None
    """What was measured, in the unit of the rule's metric; null where it was not available."""
    limit: Fixed | None
    """The limit that it broke, in the same unit."""
    evidence: Hex32
    """sha-256 of the evidence document."""


class Vote(Shape):
    """The vote on a case."""

    proposal: Amount
    """Id of the proposal at the governor (uint256)."""
    governor: Account
    """The governor that holds it."""
    opened: Located
    """Where it was opened."""
    ends: Moment
    """When it ends at the latest."""


class Votes(Shape):
    """Ballots that were counted, in the smallest units of the token."""

    for_: Amount = Field(serialization_alias="for")
    """Votes for."""
    against: Amount
    """Votes against."""
    abstain: Amount
    """Votes that count towards the quorum alone."""
    ballots: int
    """How many ballots that are."""


class CaseItem(Shape):
    """One reason to vote on a model."""

    id: int
    """Number of the case."""
    model: int
    """Number of the model."""
    version: int
    """Version of the model."""
    kind: CaseKind
    """What opened it."""
    severity: Severity
    """What the rule that opened it leads to."""
    outcome: Outcome
    """How it stands; `Open` also where its time has run out, or another vote on the model came first, and
    nobody recorded that."""
    opened: Located
    """Where it was opened."""
    open_until: Moment | None
    """Last time at which its vote can be opened."""
    suspended_until: Moment | None
    """End of the suspension that it caused; null where it suspended nothing."""
    breach: Breach | None
    """The rule that was broken; null where people called for the vote."""
    document: Hex32 | None
    """sha-256 of the evidence, or of the reason that holders or steward give; null where there is none."""
    vote: Vote | None
    """Its newest vote; null before one was opened."""
    closed: Located | None
    """Where its outcome was recorded; null while it is open."""


class Case(CaseItem):
    """One reason to vote on a model, with what joined it and its ballots."""

    joined: tuple[Breach, ...]
    """Further broken rules that joined it."""
    votes: Votes | None
    """How the vote stands, as far as the chain was read; null before one was opened."""
    index: Indexed
    """Up to where the chain was read."""


class AskedCases(Paged):
    """Filters; all that are given hold at once."""

    model: Number | None = None
    """Only cases of the model of this number."""
    outcome: Outcome | None = None
    """Only cases that stand so."""


class AskedCase(Asked):
    """Which case."""

    case: Number
    """Number of the case."""


async def _list(look: Look, asked: AskedCases) -> Page[CaseItem]:
    found = (
        one
        for one in reversed(look.listing.cases.values())
        if asked.model in (None, one.model_id) and asked.outcome in (None, one.outcome)
    )

    async def shown(cases: list[ListedCase]) -> Sequence[CaseItem]:
        events = await look.store.read(events_of_cases, [one.id for one in cases], EVENTS)
        return [CaseItem(**_facts(events[one.id])) for one in cases]

    return await page_of(look, asked, found, lambda one: Place(one.id), shown)


async def _one(look: Look, asked: AskedCase) -> Case:
    if asked.case not in look.listing.cases:
        raise unknown(f"/cases/{asked.case}")
    events, cast = await look.store.read(_read_case, asked.case)
    facts = _facts(events)
    joined = tuple(_breach(e.args["breach"]) for e in events if e.name == "CaseJoined")
    votes = None if facts["vote"] is None else counted(cast)
    return Case(**facts, joined=joined, votes=votes, index=look.index)


def _read_case(session: Session, case_id: int) -> tuple[Sequence[ChainEvent], Sequence[ChainEvent]]:
    events = events_of_cases(session, [case_id], EVENTS)[case_id]
    votes = [event for event in events if event.name == "CaseVoteOpened"]
    if not votes:
        return events, ()
    newest = votes[-1].args
    return events, ballots_cast(session, newest["governor"], int(newest["proposal_id"]))


def _facts(events: Sequence[ChainEvent]) -> dict[str, Any]:
    opened = next(event for event in events if event.name == "CaseOpened")
    vote = next((event for event in reversed(events) if event.name == "CaseVoteOpened"), None)
    closed = next((event for event in reversed(events) if event.name == "CaseClosed"), None)
    details = opened.args["details"]
    kind = CaseKind.of(opened.args["kind"])
    return {
        "id": opened.args["case_id"],
        "model": opened.args["model_id"],
        "version": details["version"],
        "kind": kind,
        "severity": Severity.of(opened.args["severity"]),
        "outcome": Outcome.OPEN if closed is None else Outcome.of(closed.args["outcome"]),
        "opened": located(opened),
        "open_until": utc_or_none(details["open_until"]),
        "suspended_until": utc_or_none(details["bound"]),
        "breach": _breach(details) if kind in (CaseKind.BREACH, CaseKind.STALE) else None,
        "document": details["evidence"] if int(details["evidence"], 16) else None,
        "vote": None if vote is None else _vote(vote),
        "closed": None if closed is None else located(closed),
    }


def _breach(raw: dict[str, Any]) -> Breach:
    stale = raw["rule"] == STALE_RULE
    return Breach(
        frame=raw["frame"],
        rule=None if stale else raw["rule"],
        value=None if stale else fixed(raw["value"]),
        limit=None if stale else fixed(raw["limit"]),
        evidence=raw["evidence"],
    )


def _vote(event: ChainEvent) -> Vote:
    args = event.args
    return Vote(
        proposal=str(args["proposal_id"]),
        governor=args["governor"],
        opened=located(event),
        ends=utc(args["vote_ends"]),
    )


def counted(ballots: Sequence[ChainEvent]) -> Votes:
    """Return what ballots add up to."""
    sums = dict.fromkeys(Support, 0)
    for event in ballots:
        sums[Support.of(event.args["support"])] += int(event.args["weight"])
    return Votes(
        for_=str(sums[Support.FOR]),
        against=str(sums[Support.AGAINST]),
        abstain=str(sums[Support.ABSTAIN]),
        ballots=len(ballots),
    )


OPERATIONS = (
    Operation("/cases", "listCases", "Cases, newest first", AskedCases, Page[CaseItem], _list),
    Operation("/cases/{case}", "getCase", "A case with its breaches and votes", AskedCase, Case, _one),
)
