"""Try on the chain, without sending anything, what a call would do: open a case, and its vote's one call.

The opening is tried in the governor's name, as it will be once enough have signed. The call that a passed
vote carries out is tried behind it, in the same imagined block, where the node knows how (`eth_simulateV1`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.holders.refusals import CallNotPossibleError
from tribune.chain.enums import CaseKind
from tribune.exceptions import ChainError, ChainUnreachableError, RevertedError
from tribune.ids import CaseId, Digest
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.holders.documents import About
    from tribune.chain.types import ContractCall


@dataclass(frozen=True)
class Simulation:
    """What came of trying.

    Args:
        case_id: the case that would be opened now.
        call: what the vote on it would carry out.
        carried_out: whether that call went through; None where this node cannot try it.
        block: the block on which it was tried.
    """

    case_id: CaseId
    call: ContractCall
    carried_out: bool | None
    block: int


async def simulate(contracts: VoteContracts, about: About, evidence: Digest, block: int) -> Simulation:
    """Try to open a call's case and to carry out its vote.

    Raises:
        CallNotPossibleError: the contracts would refuse it now, with the reason.
        ChainUnreachableError: the chain cannot be asked.
    """
    opening = contracts.call(
        "KillSwitch",
        "openHolderCase",
        about.model_id,
        about.kind.number,
        about.version,
        evidence,
        description=f"try to open a case of model {about.model_id}",
    )
    try:
        answer = await contracts.chain.call(opening, sender=contracts.governor, block=block)
    except RevertedError as fault:
        raise _refused(about, fault) from None
    case_id = CaseId(int.from_bytes(answer[:32]))
    if about.kind is CaseKind.HOLDER_PAUSE:
        arguments: tuple[Any, ...] = ("pause", about.model_id, case_id, about.epoch)
    else:
        arguments = ("resume", about.model_id, about.version, about.epoch)
    decided = contracts.call("KillSwitch", *arguments)
    return Simulation(case_id, decided, await _try_both(contracts, opening, decided, block), block)


async def _try_both(
    contracts: VoteContracts, opening: ContractCall, decided: ContractCall, block: int
) -> bool | None:
    calls = [
        {"from": contracts.governor, "to": call.to, "input": "0x" + call.data.hex()}
        for call in (opening, decided)
    ]
    try:
        answer = await contracts.chain.request(
            "eth_simulateV1", {"blockStateCalls": [{"calls": calls}]}, hex(block), doing="try a vote's call"
        )
        return all(int(one["status"], 16) == 1 for one in answer[0]["calls"])
    except ChainUnreachableError:
        raise
    except (ChainError, LookupError, TypeError, ValueError):  # a node that does not know how
        return None


def _refused(about: About, fault: RevertedError) -> CallNotPossibleError:
    """Return why the contracts would not open such a case."""
    error, name = fault.ids.get("error"), about.name
    pausing = about.kind is CaseKind.HOLDER_PAUSE
    if error == "StateInvalid" and pausing:
        message = _("{model} is not in service, so there is nothing to stop.").format(model=name)
        mend = _("Look at it with /model.")
    elif error == "StateInvalid":
        message = _("{model} was not stopped by a vote, so no vote is needed for it to answer.").format(
            model=name
        )
        mend = _("Look at it with /model.")
    elif error == "CaseAlreadyOpen":
        message = _("Holders have already called for this, and their vote is open.")
        mend = _("Vote there: /proposals shows it.")
    elif error == "ResumeCooling":
        message = _("Holders have just voted against letting {model} answer again.").format(model=name)
        mend = _("Ask again when some days have passed.")
    elif error == "VersionNotActive":
        message = _("Another version of {model} is in force by now.").format(model=name)
        mend = _("Begin again: the call then names that one.")
    else:
        message = _("The contracts would not open this vote now ({reason}).").format(reason=error or fault)
        mend = _("Try again later.")
    return CallNotPossibleError(message, mend=mend, error=error)
