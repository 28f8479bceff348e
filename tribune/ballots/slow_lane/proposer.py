"""What a wallet needs to send a draft as a proposal. The wallet sends it; nothing here does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.cases.calls import proposal_id
from tribune.ballots.cases.view import counted_votes
from tribune.ballots.lane import Lane
from tribune.ballots.slow_lane.proposals import list_proposals
from tribune.ballots.told import sentence
from tribune.exceptions import RevertedError
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.slow_lane.drafts import Draft
    from tribune.chain.types import ContractCall
    from tribune.ids import Address, ProposalId
    from tribune.store.session import Store


@dataclass(frozen=True)
class Proposer:
    """What a wallet needs to send a draft."""

    address: Address
    votes: int
    threshold: int
    decimals: int
    call: ContractCall
    refusal: str
    """Why the governor would not take it from this wallet now; empty: it would."""
    proposal_id: ProposalId
    number: int
    """The number of the proposal that it has become; 0 while it has not."""

    def votes_text(self, amount: int) -> str:
        """Token units as people count votes: "12,400"."""
        return counted_votes(amount, self.decimals)


async def read_proposer(store: Store, contracts: VoteContracts, draft: Draft, wallet: Address) -> Proposer:
    """Return whether a wallet can send a draft, and what it would send.

    Raises:
        ChainUnreachableError, StoreError: could not look.
    """
    calls = draft.by(wallet)
    own = proposal_id(calls)
    made = await list_proposals(store, contracts)
    propose = contracts.call(
        Lane.SLOW,
        "propose",
        list(calls.targets),
        list(calls.values),
        list(calls.calldatas),
        calls.description,
        description="propose",
    )
    votes, threshold, decimals = await contracts.read(
        ("TribuneToken", "getVotes", (wallet,)),
        (Lane.SLOW, "proposalThreshold", ()),
        ("TribuneToken", "decimals", ()),
    )
    refusal = ""
    try:
        await contracts.chain.call(propose, sender=wallet)
    except RevertedError as fault:
        refusal = _refusal(fault)
    found = next((one.number for one in made if one.proposal_id == own), 0)
    return Proposer(wallet, votes, threshold, decimals, propose, refusal, own, found)


def _refusal(fault: RevertedError) -> str:
    error = fault.ids.get("error")
    if error == "GovernorInsufficientProposerVotes":
        return _("This wallet has too few votes to propose.")
    if error == "GovernorUnexpectedProposalState":
        return _("This was proposed already.")
    return sentence(fault)
