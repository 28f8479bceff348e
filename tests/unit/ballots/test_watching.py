"""How well models are watched by the index: what the contract says of the same blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.index import read_chain
from tribune.ballots.directory import Directory, Listing
from tribune.chain.enums import Outcome, Oversight, State
from tribune.chain.types import utc
from tribune.store.session import Store

if TYPE_CHECKING:
    from support.voting import Voting


async def looked(breach: Voting, store: Store) -> Listing:
    """Return the listing as of the chain's newest block."""
    await read_chain(breach.chain, store)
    return await Directory(store, lambda: utc(breach.chain.now)).look()


def told(breach: Voting) -> tuple[State, Oversight, int]:
    """Return what the contracts say of the model now."""
    functions = breach.chain.contracts["KillSwitch"].functions
    status = functions.statusOf(1).call()
    due = breach.chain.contracts["PolicyBook"].functions.lastFrameDue(1).call()
    return State.of(status[0]), Oversight.of(status[1]), due


async def test_oversight__breach_vote_passed_over_and_frames_missed__as_the_contract_says(
    breach: Voting, store: Store
) -> None:
    seen = []
    for seconds in (0, 150, 1_000, 1_000, 7, 19):
        breach.chain.warp(seconds or 1)
        listing = await looked(breach, store)
        model = listing.models[1]
        ours = model.state(listing.at), listing.oversight(model), listing.watching.last_due(1, listing.at)
        assert ours == told(breach)
        seen.append(ours[1])
    assert {Oversight.BREACHED, Oversight.STALE} <= set(seen)


async def test_oversight__another_vote_decided_first__as_the_contract_says(
    breach: Voting, store: Store
) -> None:
    from support.voting import decided_otherwise

    decided_otherwise(breach.chain)
    listing = await looked(breach, store)
    case, model = listing.cases[breach.case_id], listing.models[1]
    assert (case.outcome, case.open_until is None or listing.at <= case.open_until) == (Outcome.OPEN, True)
    assert not listing.is_live(case)
    assert (model.state(listing.at), listing.oversight(model)) == told(breach)[:2]


async def test_oversight__all_halted__as_the_contract_says(breach: Voting, store: Store) -> None:
    switch = breach.chain.contracts["KillSwitch"].functions
    breach.chain.warp(2_000)
    breach.chain.as_timelock(switch.halt(breach.chain.now + 100))
    for seconds in (1, 90, 60):
        breach.chain.warp(seconds)
        listing = await looked(breach, store)
        assert listing.halted == switch.statusOf(1).call()[6]
        assert listing.oversight(listing.models[1]) is told(breach)[1]
