"""Reads what the message of a case needs. "Could not look" leaves a line out, never invents one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.histories.incident import read_ending
from tribune.exceptions import RevertedError
from tribune.ids import CaseId, FrameIndex, ModelId, VersionNumber
from tribune_bot.case_message import Agreement, CaseFacts

if TYPE_CHECKING:
    from tribune_bot.services import Services


async def read_facts(services: Services, case_id: CaseId) -> CaseFacts:
    """Read a case, its vote, how many monitors agree, and how it ended.

    Raises:
        UnknownCaseError: there is no such case.
        ChainUnreachableError, StoreError: chain or index cannot be read.
    """
    vote = await read_case_vote(services.contracts, services.documents, case_id)
    measured = vote.kind in ("breach", "stale")
    agreement = await _agreement(services, case_id, vote.block) if measured else None
    return CaseFacts(vote, agreement, await read_ending(services.store, vote))


async def _agreement(services: Services, case_id: CaseId, block: int) -> Agreement | None:
    tribune = services.tribune
    case = await tribune.kill_switch.case(case_id, block=block)
    try:
        frame = await tribune.report_hub.frame(
            ModelId(case.model_id),
            VersionNumber(case.version),
            FrameIndex(case.frame),
            case.policy,
            block=block,
        )
        terms = await tribune.policy_book.terms(case.model_id, case.frame, block=block)
    except RevertedError:
        return None
    return Agreement(terms.panel_size, len(frame.reported), frame.agreement)
