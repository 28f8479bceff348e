"""How the vote of a case stands for people: still to come, open, or over and with what result.

Only says what the chain's record of the case says; whether a thing was carried out is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from tribune.ballots.cases.view import VoteState
from tribune.ballots.cast import first_block_after
from tribune.chain.codec import load_abi
from tribune.chain.enums import State
from tribune.chain.types import utc
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.ballots.contracts import VoteContracts


class Phase(StrEnum):
    """What a voter can do with a vote."""

    NOT_OPENED = "not_opened"
    """Open it."""
    PENDING = "pending"
    """Wait: voting begins within seconds."""
    OPEN = "open"
    """Vote."""
    OVER = "over"
    """Read how it went."""


@dataclass(frozen=True)
class Closing:
    """Where the chain recorded how a case ended, and carried out what it decided."""

    block: int
    time: datetime
    tx_hash: str


def phase_of(vote: CaseVote) -> Phase:
    """Return what a voter can do."""
    if vote.is_open:
        if vote.state is VoteState.ACTIVE:
            return Phase.OPEN
        if vote.state is VoteState.PENDING:
            return Phase.PENDING
        if vote.state is VoteState.NOT_OPENED and vote.read_at < vote.open_until:
            return Phase.NOT_OPENED
    return Phase.OVER


def result_words(vote: CaseVote) -> str:
    """Return how a vote that is over went, in a sentence or two."""
    tally = vote.tally
    if vote.overtaken:
        return overtaken_words()
    if vote.state is VoteState.EXECUTED:
        if vote.resuming:
            return _("The vote has passed and was carried out: the model may answer again.")
        if vote.model.state is State.PAUSED:
            return _("The vote has passed and was carried out: the model is stopped until another vote.")
        return _("The vote has passed and was carried out: the model was stopped until another vote.")
    if vote.state is VoteState.SUCCEEDED:
        return _("The vote has passed, and has not been carried out yet.")
    if vote.state is VoteState.EXPIRED:
        return _("The vote has passed, but nobody carried it out in time, so it has no effect.")
    if vote.state is VoteState.CANCELED:
        return _("The vote was cancelled.")
    if vote.state is VoteState.NOT_OPENED:
        return _("Nobody opened the vote in time, so nothing was decided.")
    if vote.outcome == "rejected":
        return _("The vote has failed: most were against, and enough took part, so it ended the suspension.")
    if vote.state is not VoteState.DEFEATED:
        return _("The case was settled otherwise, so this vote decides nothing any more.")
    if tally.for_ > tally.against:
        return _("The vote has failed: most were for, but too few took part.")
    return _("The vote has failed: it takes more votes for than against.")


def overtaken_words() -> str:
    """Return what to say of a vote that lost its effect to another."""
    return _("Another vote has decided on the model since, so nothing can come of this one any more.")


async def find_closing(contracts: VoteContracts, vote: CaseVote) -> Closing | None:
    """Return where a case was closed, None while it is not.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    if vote.outcome == "open":
        return None
    abi = load_abi("KillSwitch")
    opened = int(vote.opened_at.timestamp())
    logs = await contracts.chain.logs(
        [contracts.switch],
        await first_block_after(contracts, opened - 1, vote.block),
        vote.block,
        [[abi.topic("CaseClosed")], [vote.case_id.to_bytes(32)]],
    )
    if not logs:
        return None
    block = await contracts.chain.block(logs[-1].block_number)
    return Closing(block.number, utc(block.timestamp), logs[-1].tx_hash)
