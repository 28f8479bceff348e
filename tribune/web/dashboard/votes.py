"""`/proposals`: what is voted on now and what was decided, in both lanes, newest first. From the index alone.

Whether a vote that ended without being carried on had passed depends on its quorum, which the index does not
hold: its own page, which reads the chain, says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.ballots.cases.result import overtaken_words
from tribune.ballots.directory import ListedCase, ListedProposal
from tribune.ballots.holders.view import listed_call
from tribune.ballots.slow_lane.titles import Names, indexed_title
from tribune.chain.enums import Outcome
from tribune.language import _
from tribune.store.calls import newest_collecting
from tribune.store.reports import monitor_names
from tribune.web.dashboard.asking import Part, asked_page, listing_of, part_of
from tribune.web.words import case_kind, moment

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import Listing
    from tribune.web.site import Site

Vote = ListedCase | ListedProposal
EACH = 50
"""Decided votes on a page."""
MOST = 100
"""Votes of a kind that are listed as open."""


@dataclass(frozen=True)
class Line:
    """A vote in the list.

    Args:
        title: what it is about.
        how: how it stands, in a sentence; times in it are marked for `timed`.
    """

    page: str
    title: str
    how: str


async def get_page(request: Request) -> Response:
    """`GET /proposals[?page=2]`: votes of both lanes."""
    site: Site = request.app.state.site
    listing = await listing_of(site)
    called = await site.store.read(newest_collecting, MOST)
    votes: list[Vote] = [*listing.cases.values(), *listing.proposals.values()]
    votes.sort(key=came_up, reverse=True)
    live = [one for one in votes if goes_on(one, listing)]
    decided = part_of([one for one in votes if not goes_on(one, listing)], EACH, asked_page(request))
    return await site.page(
        "dashboard/proposals.html",
        live=await _lines(site, listing, live[:MOST]),
        more=max(0, len(live) - MOST),
        calls=[listed_call(row, listing.name_of(row.model_id)) for row in called],
        decided=Part(await _lines(site, listing, decided.items), decided.page, decided.pages, decided.total),
        kept={},
    )


def came_up(vote: Vote) -> datetime:
    """Return when a vote came up."""
    return vote.opened_at if isinstance(vote, ListedCase) else vote.starts


def goes_on(vote: Vote, listing: Listing) -> bool:
    """Return whether something can still come of a vote, as far as the index tells."""
    if isinstance(vote, ListedCase):
        return listing.is_live(vote)
    return vote.is_open(listing.at) or vote.settled == "ProposalQueued"


async def titles_of(site: Site, listing: Listing, proposals: Sequence[ListedProposal]) -> dict[int, str]:
    """Return number → title of proposals: from their calls, never what their proposers wrote."""
    if not proposals:
        return {}
    names = Names(
        {one.id: one.name for one in listing.models.values()},
        await site.store.read(monitor_names),
        listing.at,
    )
    deployment = site.contracts.deployment
    return {one.number: indexed_title(deployment, one.calls, names) for one in proposals}


async def _lines(site: Site, listing: Listing, votes: Sequence[Vote]) -> list[Line]:
    titles = await titles_of(site, listing, [one for one in votes if isinstance(one, ListedProposal)])
    return [
        _case(one, listing) if isinstance(one, ListedCase) else _proposal(one, listing.at, titles[one.number])
        for one in votes
    ]


def _case(case: ListedCase, listing: Listing) -> Line:
    title = _("{model} v{version}, case {case}: {what}").format(
        model=listing.name_of(case.model_id), version=case.version, case=case.id, what=case_kind(case.kind)
    )
    return Line(f"/b/{case.id}", title, _how_case(case, listing))


def _how_case(case: ListedCase, listing: Listing) -> str:
    at = listing.at
    if case.outcome is Outcome.UPHELD:
        return _("The vote passed and was carried out.")
    if case.outcome is Outcome.REJECTED:
        return _("The vote was rejected.")
    if case.outcome is Outcome.LAPSED:
        return _("It ended without a decision.")
    if listing.is_overtaken(case):
        return overtaken_words()
    if case.vote and case.vote_ends is not None:
        if at <= case.vote_ends:
            return _("Voting ends {when} at the latest.").format(when=moment(case.vote_ends))
        return _("Voting is over since {when}; nobody has carried out yet what it decided.").format(
            when=moment(case.vote_ends)
        )
    if case.open_until is not None and at > case.open_until:
        return _("Its vote was never opened.")
    return _("Its vote is not open yet; anyone can open it.")


def _proposal(proposal: ListedProposal, at: datetime, title: str) -> Line:
    title = _("Proposal {number}: {title}").format(number=proposal.number, title=title)
    return Line(f"/p/{proposal.number}", title, _how_proposal(proposal, at))


def _how_proposal(proposal: ListedProposal, at: datetime) -> str:
    settled = {
        "ProposalCanceled": _("Its proposer has withdrawn it."),
        "ProposalQueued": _("The vote has passed, and it waits in the timelock."),
        "ProposalExecuted": _("The vote has passed, and it was carried out."),
    }.get(proposal.settled)
    if settled is not None:
        return settled
    if at < proposal.starts:
        return _("Voting begins {when}.").format(when=moment(proposal.starts))
    if at <= proposal.ends:
        return _("Voting ends {when}.").format(when=moment(proposal.ends))
    return _("Voting is over since {when}; its page says whether it passed.").format(
        when=moment(proposal.ends)
    )
