"""`/proposals` and `/proposals/{number}`: what governance was asked to change, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tribune.ballots.directory import SLOW_LANE
from tribune.store.incidents import ballots_cast
from tribune.store.proposals import proposal_created
from tribune.web.public.cases import Votes, counted
from tribune.web.public.cursor import Place
from tribune.web.public.operation import Look, Operation, unknown
from tribune.web.public.paging import located, page_of
from tribune.web.public.shapes import (
    Account,
    Amount,
    Asked,
    Indexed,
    Located,
    Moment,
    Number,
    Page,
    Paged,
    Shape,
)

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.directory import ListedProposal
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent


class Stand(StrEnum):
    """Where a proposal stands, as far as events say; whether an ended vote passed, the governor says."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELED = "canceled"
    QUEUED = "queued"
    EXECUTED = "executed"


_SETTLED = {
    "ProposalCanceled": Stand.CANCELED,
    "ProposalQueued": Stand.QUEUED,
    "ProposalExecuted": Stand.EXECUTED,
}


class ProposalItem(Shape):
    """A proposal of the slow lane."""

    number: int
    """Its place among all of them, from 1."""
    id: Amount
    """Its id at the governor (uint256)."""
    title: str
    """First line of its description."""
    state: Stand
    """Where it stands at the time of the chain's newest block."""
    starts: Moment
    """When voting begins."""
    ends: Moment
    """When voting ends, as far as it was put off."""


class Call(Shape):
    """What would run."""

    target: Account
    """The contract that is called."""
    value: Amount
    """Coin that goes with the call, in wei."""
    data: str = Field(pattern="^0x([0-9a-f]{2})*$")
    """Selector and arguments, ABI-encoded."""


class Proposal(ProposalItem):
    """A proposal with what it would run and how its vote stands."""

    proposer: Account
    """Who proposed it."""
    description: str
    """As its proposer wrote it."""
    created: Located
    """Where it was proposed."""
    calls: tuple[Call, ...]
    """What would run if it passes, in order."""
    votes: Votes
    """How the vote stands, as far as the chain was read."""
    index: Indexed
    """Up to where the chain was read."""


class AskedProposals(Paged):
    """Filters."""

    state: Stand | None = None
    """Only proposals that stand so."""


class AskedProposal(Asked):
    """Which proposal."""

    number: Number
    """Its place among all of them, from 1."""


async def _list(look: Look, asked: AskedProposals) -> Page[ProposalItem]:
    at = look.listing.at
    found = (
        one for one in reversed(look.listing.proposals.values()) if asked.state in (None, _stand(one, at))
    )

    async def shown(proposals: list[ListedProposal]) -> Sequence[ProposalItem]:
        return [ProposalItem(**_facts(one, at)) for one in proposals]

    return await page_of(look, asked, found, lambda one: Place(one.number), shown)


async def _one(look: Look, asked: AskedProposal) -> Proposal:
    listed = look.listing.proposals.get(asked.number)
    found = None if listed is None else await look.store.read(_read, listed)
    if listed is None or found is None:
        raise unknown(f"/proposals/{asked.number}")
    created, cast = found
    args = created.args
    calls = zip(args["targets"], args["values"], args["calldatas"], strict=True)
    return Proposal(
        **_facts(listed, look.listing.at),
        proposer=args["proposer"],
        description=args["description"],
        created=located(created),
        calls=tuple(Call(target=to, value=str(value), data=data) for to, value, data in calls),
        votes=counted(cast),
        index=look.index,
    )


def _read(session: Session, listed: ListedProposal) -> tuple[ChainEvent, Sequence[ChainEvent]] | None:
    created = proposal_created(session, SLOW_LANE, listed.number)
    return None if created is None else (created, ballots_cast(session, created.address, listed.id))


def _facts(proposal: ListedProposal, at: datetime) -> dict[str, Any]:
    return {
        "number": proposal.number,
        "id": str(proposal.id),
        "title": proposal.title,
        "state": _stand(proposal, at),
        "starts": proposal.starts,
        "ends": proposal.ends,
    }


def _stand(proposal: ListedProposal, at: datetime) -> Stand:
    if proposal.settled:
        return _SETTLED[proposal.settled]
    if at <= proposal.starts:
        return Stand.PENDING
    return Stand.ACTIVE if at <= proposal.ends else Stand.ENDED


OPERATIONS = (
    Operation(
        "/proposals", "listProposals", "Proposals, newest first", AskedProposals, Page[ProposalItem], _list
    ),
    Operation(
        "/proposals/{number}", "getProposal", "A proposal with calls and votes", AskedProposal, Proposal, _one
    ),
)
