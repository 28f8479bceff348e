"""Where a call stands, by what the chain says at one block: power that has signed, or how it ended.

Nothing of this is taken from memory: power moves, rounds and epochs pass, and a reorg may undo an opening.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tribune.chain.cases import Case
from tribune.chain.enums import CaseKind
from tribune.chain.pause_governor import HolderCall
from tribune.chain.types import digest_of, utc
from tribune.ids import Address, CaseId, ModelId, VersionNumber
from tribune.language import _, number, plural
from tribune.store.states import CallState

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.store.tables import HolderCall as StoredCall

COLLECTING_TIME = timedelta(days=3)
"""From a call's beginning to its deadline."""
BATCH = 50
"""Signers or cases read in one request."""
_MILLION = 1_000_000


@dataclass(frozen=True)
class CallProgress:
    """A call at one block. Power is in token units, of the second before."""

    state: CallState
    case_id: CaseId
    """The case that it opened; 0 where it opened none."""
    over: str
    """Why it can open no vote any more; empty otherwise."""
    powers: dict[Address, int]
    """Signer → votes; none once it is over or opened."""
    needed: int
    supply: int
    block: int
    read_at: datetime

    @property
    def power(self) -> int:
        """Votes of all who signed."""
        return sum(self.powers.values())

    @property
    def reached(self) -> bool:
        """Whether it is enough to open the vote."""
        return 0 < self.power >= self.needed

    def percent(self, votes: int) -> float:
        """Votes as percent of all."""
        return 100 * votes / self.supply if self.supply else 0.0

    @property
    def words(self) -> str:
        """How far it is, for people."""
        if self.state is CallState.OPENED:
            return _("Enough have signed: the vote is open.")
        if self.state is CallState.OVER:
            return self.over
        signers = plural("{n} holder has signed", "{n} holders have signed", len(self.powers)).format(
            n=number(len(self.powers))
        )
        return _("{signers}: {share} % of all votes. {needed} % are needed for the vote to open.").format(
            signers=signers,
            share=share_words(self.percent(self.power)),
            needed=share_words(self.percent(self.needed)),
        )


def signed_form(row: StoredCall) -> HolderCall:
    """Return what holders sign of a stored call."""
    return HolderCall(
        kind=kind_of(row),
        model_id=ModelId(row.model_id),
        version=VersionNumber(row.version),
        epoch=row.epoch,
        round=row.round,
        evidence=digest_of(row.evidence),
        deadline=row.deadline,
    )


def kind_of(row: StoredCall) -> CaseKind:
    """Return a stored call's kind."""
    return CaseKind.HOLDER_RESUME if row.kind == "holder_resume" else CaseKind.HOLDER_PAUSE


async def read_progress(
    contracts: VoteContracts, call: HolderCall, signers: Sequence[Address]
) -> CallProgress:
    """Read where a call stands now.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    head = await contracts.chain.head()
    at, before = head.number, head.timestamp - 1
    status, round_, threshold, supply = await contracts.read(
        ("KillSwitch", "statusOf", (call.model_id,)),
        ("PauseGovernor", "roundOf", (call.model_id, call.kind.number)),
        ("PauseGovernor", "callThreshold", ()),
        ("TribuneToken", "getPastTotalSupply", (before,)),
        block=at,
    )
    resuming = call.kind is CaseKind.HOLDER_RESUME
    case_id, over, powers = CaseId(0), "", dict[Address, int]()
    if round_ != call.round or resuming:  # a steward's own call for a resume uses up no round
        case_id = await _find_case(contracts, call, at)
    if not case_id:
        over = _why_over(call, status["epoch"], round_, head.time)
    if not case_id and not over:
        powers = await _powers(contracts, signers, before, at)
    return CallProgress(
        state=CallState.OPENED if case_id else CallState.OVER if over else CallState.COLLECTING,
        case_id=case_id,
        over=over,
        powers=powers,
        needed=supply * threshold // _MILLION,
        supply=supply,
        block=at,
        read_at=utc(head.timestamp),
    )


async def power_of(contracts: VoteContracts, signer: Address) -> int:
    """Return the votes that a signature brings now: those of the second before the newest block.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    head = await contracts.chain.head()
    return (await _powers(contracts, [signer], head.timestamp - 1, head.number))[signer]


async def _powers(
    contracts: VoteContracts, signers: Sequence[Address], before: int, at: int
) -> dict[Address, int]:
    powers: dict[Address, int] = {}
    for first in range(0, len(signers), BATCH):
        some = signers[first : first + BATCH]
        votes = await contracts.read(
            *(("TribuneToken", "getPastVotes", (signer, before)) for signer in some), block=at
        )
        powers |= dict(zip(some, votes, strict=True))
    return powers


async def _find_case(contracts: VoteContracts, call: HolderCall, at: int) -> CaseId:
    """Return the case that was opened for a call, by whomever: it cites the call's document. 0: none."""
    [newest] = await contracts.read(("KillSwitch", "caseCount", ()), block=at)
    began = call.deadline - COLLECTING_TIME
    for last in range(newest, 0, -BATCH):
        ids = range(last, max(0, last - BATCH), -1)
        cases = await contracts.read(*(("KillSwitch", "caseOf", (one,)) for one in ids), block=at)
        for one, raw in zip(ids, cases, strict=True):
            case = Case.read(one, raw)
            if case.opened_at < began:
                return CaseId(0)
            if (case.kind, case.model_id, case.evidence) == (call.kind, call.model_id, call.evidence):
                return case.case_id
    return CaseId(0)


def _why_over(call: HolderCall, epoch: int, round_: int, now: datetime) -> str:
    if epoch != call.epoch:
        return _("A vote on this model has been decided since, so this call has no effect any more.")
    if round_ != call.round:
        return _("Another call for the same was quicker, and its vote was opened.")
    if now > call.deadline:
        return _("Too few had signed when its time ran out.")
    return ""


def share_words(percent: float) -> str:
    """Return percent with as many digits as tell something: "31", "4.1", "0.05"."""
    if 0 < percent < 0.01:
        return _("less than 0.01")
    rounded = round(percent) if percent >= 10 else round(percent, 2)
    return number(rounded, next(digits for digits in (0, 1, 2) if round(rounded, digits) == rounded))
