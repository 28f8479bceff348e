"""A proposal of the slow lane as people need to see it: what it decides, how its vote stands, when it runs.

What it decides is told from its calls. What its proposer wrote is shown beside them as a claim and decides
nothing. That a proposal is there comes from the index; what it holds is checked against its id, and how it
stands is read from the chain at one block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.view import VoteState, VoteTally, counted_votes
from tribune.ballots.lane import Lane
from tribune.ballots.slow_lane.decided import CallWords, words_of_calls
from tribune.ballots.slow_lane.titles import title_of
from tribune.ballots.spans import span
from tribune.chain.codec import load_abi
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import utc, utc_or_none
from tribune.exceptions import EvidenceError, RevertedError, TribuneError
from tribune.ids import Address, CaseId, Cid, Digest, ProposalId
from tribune.language import _
from tribune.store.proposals import proposal_created, proposals_created
from tribune.sync.indexer import stored_log

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.types import ContractCall, Log
    from tribune.store.session import Session, Store

_IDS_FROM = 10**9
"""No governor has so many proposals; an id, being a hash, is never so small."""
_BOUND = re.compile(r"\s*#proposer=0x[0-9a-fA-F]{40}$")
"""What binds a proposal to the wallet that sends it, for the governor to read."""
BACKTEST = re.compile(r"^Backtest: (b[a-z2-7]{58})$", re.MULTILINE)
"""The line of a description that names a policy's backtest by its content id."""


class UnknownProposalError(TribuneError):
    """There is no such proposal."""


class NoSlowLaneError(TribuneError):
    """The DAO decides with a timelock, Safe or governor of its own."""


@dataclass(frozen=True)
class Proposed:
    """A proposal as it was made."""

    number: int
    """Its place among the governor's proposals, from 1."""
    proposal_id: ProposalId
    proposer: Address
    calls: ProposedCalls
    description_hash: Digest
    """keccak-256 of the description's bytes, which need not be text."""
    created_at: datetime

    @property
    def hashed(self) -> tuple[Any, ...]:
        """Arguments of queue, execute and getProposalId."""
        calls = self.calls
        return (list(calls.targets), list(calls.values), list(calls.calldatas), self.description_hash)

    @property
    def genuine(self) -> bool:
        """Whether calls and description are those that the id stands for."""
        from eth_abi.abi import encode
        from eth_utils.crypto import keccak

        packed = encode(["address[]", "uint256[]", "bytes[]", "bytes32"], list(self.hashed))
        return int.from_bytes(keccak(packed)) == self.proposal_id

    @property
    def backtest(self) -> Cid | None:
        """The backtest that its description names."""
        found = BACKTEST.search(self.calls.description)
        return Cid(found[1]) if found else None


@dataclass(frozen=True)
class ProposalVote:
    """What is to be said about a proposal, read at one block."""

    proposed: Proposed
    chain_id: int
    governor: Address
    title: str
    """From its calls."""
    calls: tuple[CallWords, ...]
    if_for: str
    if_against: str
    if_abstain: str
    state: VoteState
    tally: VoteTally
    decimals: int
    snapshot: datetime | None
    deadline: datetime | None
    eta: datetime | None
    """From when it can be carried out; None before it waits in the timelock."""
    delay_s: int
    """How long it has to wait there."""
    backtest_fits: bool | None
    """Whether the named backtest is of these rules; None: none is named, or it could not be read."""
    block: int
    read_at: datetime

    @property
    def number(self) -> int:
        """Its place among the governor's proposals, from 1."""
        return self.proposed.number

    @property
    def proposal_id(self) -> ProposalId:
        """Its id at the governor."""
        return self.proposed.proposal_id

    @property
    def lane(self) -> Lane:
        """Where it is voted on."""
        return Lane.SLOW

    @property
    def case_id(self) -> CaseId:
        """It is about no case."""
        return CaseId(0)

    @property
    def open_until(self) -> None:
        """Nothing has to be opened."""
        return

    @property
    def misleads(self) -> bool:
        """Whether what is shown is not what the id stands for."""
        return not self.proposed.genuine

    @property
    def overtaken(self) -> bool:
        """Each proposal stands by itself."""
        return False

    @property
    def known(self) -> bool:
        """Whether the words say all that would run."""
        return bool(self.calls) and all(call.known for call in self.calls)

    @property
    def claim(self) -> str:
        """What its proposer wrote; it decides nothing."""
        return _BOUND.sub("", self.proposed.calls.description)

    @property
    def over(self) -> bool:
        """Whether nothing can come of it any more, or all has."""
        return self.state in (VoteState.CANCELED, VoteState.DEFEATED, VoteState.EXPIRED, VoteState.EXECUTED)

    def votes(self, amount: int) -> str:
        """Token units as people count votes: "12,400"."""
        return counted_votes(amount, self.decimals)


async def list_proposals(store: Store, contracts: VoteContracts) -> list[Proposed]:
    """Return all proposals of the slow lane, oldest first, as far as the index has read.

    Raises:
        NoSlowLaneError: the DAO decides elsewhere.
        StoreError: the index cannot be read.
    """
    if not contracts.has_slow_lane:
        raise no_slow_lane()
    return await store.read(_proposed)


async def find_proposal(store: Store, contracts: VoteContracts, name: str) -> Proposed:
    """Return the proposal that a number or an id means.

    Raises:
        UnknownProposalError: there is none, or the index has not read it yet.
        NoSlowLaneError: the DAO decides elsewhere.
    """
    if not contracts.has_slow_lane:
        raise no_slow_lane()
    if name.isascii() and name.isdigit() and len(name) < 79:
        found = await store.read(_one, int(name))
        if found is not None:
            return found
    raise UnknownProposalError(
        _("There is no proposal {name}.").format(name=name[:80]),
        mend=_("Check the link; one that was made just now is here in a few seconds."),
    )


async def read_proposal(contracts: VoteContracts, documents: Documents, proposed: Proposed) -> ProposalVote:
    """Read how a proposal stands at the newest block, and what its calls would do.

    Raises:
        UnknownProposalError: the chain does not have it (any more).
        ChainUnreachableError: the chain cannot be read.
    """
    head = await contracts.chain.head()
    at, proposal_id = head.number, proposed.proposal_id
    try:
        state, snapshot, deadline, votes, eta, decimals, delay = await contracts.read(
            *(
                (Lane.SLOW, function, (proposal_id,))
                for function in (
                    "state",
                    "proposalSnapshot",
                    "proposalDeadline",
                    "proposalVotes",
                    "proposalEta",
                )
            ),
            ("TribuneToken", "decimals", ()),
            ("TribuneTimelock", "getMinDelay", ()),
            block=at,
        )
    except RevertedError as fault:
        if fault.ids.get("error") == "GovernorNonexistentProposal":
            raise UnknownProposalError(
                _("Proposal {number} is not on the chain.").format(number=proposed.number),
                mend=_("A block that held it was replaced; it may come back in another."),
            ) from None
        raise
    now = VoteState.of(state)
    tally = await _tally(contracts, votes, snapshot if now is not VoteState.PENDING else 0, at)
    done = now is VoteState.EXECUTED
    calls = await words_of_calls(contracts, documents, proposed.calls, at, carried_out=done)
    return ProposalVote(
        proposed=proposed,
        chain_id=contracts.chain.chain_id,
        governor=contracts.governor_of(Lane.SLOW),
        title=title_of([one.title for one in calls]),
        calls=calls,
        if_for=_(
            "once the vote has passed it waits {time} in the timelock, then anyone can carry it out."
        ).format(time=span(delay)),
        if_against=_("nothing changes."),
        if_abstain=_("counts towards the {share:.3g} % of all votes that must take part.").format(
            share=tally.percent(tally.quorum)
        ),
        state=now,
        tally=tally,
        decimals=decimals,
        snapshot=utc(snapshot),
        deadline=utc(deadline),
        eta=utc_or_none(eta),
        delay_s=delay,
        backtest_fits=await _backtest_fits(documents, proposed, calls),
        block=at,
        read_at=head.time,
    )


def due(vote: ProposalVote, contracts: VoteContracts) -> ContractCall | None:
    """Return the call that anyone may make now to carry a passed proposal on, None where none is due."""
    hashed = vote.proposed.hashed
    if vote.state is VoteState.SUCCEEDED:
        what = f"queue proposal {vote.number}"
        return contracts.call(Lane.SLOW, "queue", *hashed, description=what)
    if vote.state is VoteState.QUEUED and vote.eta is not None and vote.eta <= vote.read_at:
        what = f"carry out proposal {vote.number}"
        return contracts.call(Lane.SLOW, "execute", *hashed, description=what)
    return None


def no_slow_lane() -> NoSlowLaneError:
    """Return what to say where the DAO decides with something of its own."""
    return NoSlowLaneError(
        _("This DAO decides such things with its own Safe, timelock or governor: we cannot propose there."),
        mend=_(
            "Its operators write the calls for it with `ape run set_policy … --plan FOLDER` or `ape run "
            "admit_monitor … --plan FOLDER`: see docs/deployment.md, section 4."
        ),
    )


def _proposed(session: Session) -> list[Proposed]:
    found = []
    for number, row in enumerate(proposals_created(session, Lane.SLOW), start=1):
        found.append(_read(number, stored_log(row), row.block_time))
    return found


def _one(session: Session, name: int) -> Proposed | None:
    if 0 < name < _IDS_FROM:
        row = proposal_created(session, Lane.SLOW, name)
        return None if row is None else _read(name, stored_log(row), row.block_time)
    return next((one for one in _proposed(session) if one.proposal_id == name), None)


def _read(number: int, log: Log, time: datetime) -> Proposed:
    from eth_abi.abi import decode
    from eth_utils.crypto import keccak

    event = load_abi(Lane.SLOW).decode_event(log)
    if event is None:  # the index gave it this name by the same ABI
        raise AssertionError("a stored proposal cannot be of another form")
    args = event.args
    # The description's own bytes: what is not UTF-8 was replaced in the text, and counts in the id.
    kinds = ["uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]", "uint256", "uint256"]
    *_others, description = decode([*kinds, "bytes"], log.data)
    return Proposed(
        number=number,
        proposal_id=ProposalId(args["proposal_id"]),
        proposer=args["proposer"],
        calls=ProposedCalls(args["targets"], args["values"], args["calldatas"], args["description"]),
        description_hash=Digest(keccak(description)),
        created_at=time,
    )


async def _tally(contracts: VoteContracts, votes: tuple[int, int, int], snapshot: int, at: int) -> VoteTally:
    """Return the tally; before the snapshot is past, quorum and supply are those of now."""
    if snapshot:
        supply, quorum = await contracts.read(
            ("TribuneToken", "getPastTotalSupply", (snapshot,)), (Lane.SLOW, "quorum", (snapshot,)), block=at
        )
    else:
        supply, part, whole = await contracts.read(
            ("TribuneToken", "totalSupply", ()),
            (Lane.SLOW, "quorumNumerator()", ()),
            (Lane.SLOW, "quorumDenominator", ()),
            block=at,
        )
        quorum = supply * part // whole
    against, for_, abstain = votes
    return VoteTally(for_, against, abstain, quorum, None, supply)


async def _backtest_fits(documents: Documents, proposed: Proposed, calls: Sequence[CallWords]) -> bool | None:
    name = proposed.backtest
    policies = [call.arguments["policy"] for call in calls if (call.contract, call.function) == _SET_POLICY]
    if name is None or not policies:
        return None
    try:
        document = await documents.read(name)
    except EvidenceError:
        return None
    return any(
        backtest_is_of(document, [tuple(rule.values()) for rule in policy["rules"]]) for policy in policies
    )


_READ = ("state", "proposalSnapshot", "proposalDeadline", "proposalVotes", "proposalEta")
_SET_POLICY = ("PolicyBook", "setPolicy")


def backtest_is_of(document: object, rules: Sequence[tuple[Any, ...]]) -> bool:
    """Return whether one of a backtest's policies has exactly these rules, as the chain writes them."""
    from tribune.metrics.policies.policy import Severity, Stage

    try:
        policies = document["policies"]  # type: ignore[index]
        replayed = [
            [
                (
                    rule["metric"],
                    0 if rule["op"] == ">" else 1,
                    int(Severity[rule["severity"]]),
                    int(Stage[rule["stage"].upper()]),
                    rule["m"],
                    rule["w"],
                    rule["na_budget"],
                    rule["z"],
                    rule["limit"],
                )
                for rule in policy["rules"]
            ]
            for policy in policies
        ]
    except (KeyError, TypeError, AttributeError):  # a document of another kind
        return False
    return [rule[:9] for rule in rules] in replayed
