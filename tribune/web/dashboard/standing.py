"""How a model stands, in words: its state and why, and whether it is watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.chain.enums import Oversight, State
from tribune.language import _
from tribune.reports.oversight import watched

if TYPE_CHECKING:
    from tribune.ballots.directory import ListedModel, Listing


@dataclass(frozen=True)
class Standing:
    """How a model stands.

    Args:
        state: at the time of the newest block.
        version: in force, 0 if none.
        text: the state in a sentence without its end.
        until: when it ends by itself; None: it does not.
        case_id: the case that it is because of, 0 if none.
        oversight: how well it is watched.
        watched: the same as a clause.
        halted: whether all models are halted.
    """

    state: State
    version: int
    text: str
    until: datetime | None
    case_id: int
    oversight: Oversight
    watched: str
    halted: bool

    @property
    def well(self) -> bool:
        """Whether nothing is amiss with the watching."""
        return self.oversight is Oversight.HEALTHY


def standing_of(listing: Listing, model: ListedModel) -> Standing:
    """Return how a model stands, as the index has it."""
    state, oversight = model.state(listing.at), listing.oversight(model)
    stopped = state in (State.SUSPENDED, State.PAUSED)
    begins = model.serves_from if state is State.INACTIVE else None
    text = {
        State.ACTIVE: _("It is in service: requests are answered."),
        State.SUSPENDED: _("It is stopped for a bounded time: requests are refused."),
        State.PAUSED: _("It is stopped by a vote, until another vote lets it answer again."),
        State.RETIRED: _("Governance has retired it for good."),
        State.INACTIVE: _("It is not in service yet: no version has taken force."),
    }[state]
    live = next((one.id for one in listing.cases_of(model.id) if listing.is_live(one)), 0)
    serves = state is State.ACTIVE and not listing.halted
    return Standing(
        state=state,
        version=model.version(listing.at),
        text=text,
        until=model.until if state is State.SUSPENDED else begins,
        case_id=model.case_id if stopped else live,
        oversight=oversight,
        watched=watched(oversight, in_service=serves),
        halted=listing.halted,
    )
