"""Who voted on something: each ballot that the index has, newest first, in pages. No names, only accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.typed_data import Support
from tribune.exceptions import StoreError
from tribune.store.incidents import ballot_count, newest_ballots
from tribune.web.ballots import power_text
from tribune.web.dashboard.asking import Part, asked_page, place

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from tribune.ballots.vote import Vote
    from tribune.web.site import Site

EACH = 50
"""Ballots on a page."""


@dataclass(frozen=True)
class Voter:
    """A ballot that was counted."""

    address: str
    choice: str
    votes: str
    """In words: "12,400 votes (4.1 %)"."""
    at: datetime
    tx: str


async def voters_of(site: Site, vote: Vote, request: Request) -> Part[Voter] | None:
    """Return the page of a vote's ballots that `?page=` asks for; None where the index cannot be read.

    A ballot page has to work without it.
    """
    try:
        total = await site.store.read(ballot_count, vote.governor, vote.proposal_id)
        page, pages, start = place(total, EACH, asked_page(request))
        found = await site.store.read(
            newest_ballots, vote.governor, vote.proposal_id, limit=EACH, offset=start
        )
    except StoreError:
        return None
    voters = [
        Voter(
            address=one.args["voter"],
            choice=Support(one.args["support"]).word,
            votes=power_text(vote, int(one.args["weight"])),
            at=one.block_time,
            tx=one.tx_hash,
        )
        for one in found
    ]
    return Part(voters, page, pages, total)
