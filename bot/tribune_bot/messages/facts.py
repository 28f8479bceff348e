"""Reads what the message of a case needs. "Could not look" leaves a line out, never invents one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.explain import words_of
from tribune.ballots.cases.view import read_case_vote
from tribune.ballots.histories.incident import read_ending
from tribune.chain.enums import CaseKind
from tribune.chain.types import digest_of
from tribune.exceptions import RevertedError
from tribune.ids import CaseId, FrameIndex, ModelId, VersionNumber
from tribune_bot.messages.case_message import Agreement, CaseFacts

if TYPE_CHECKING:
    from tribune.reports.words import CaseWords
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


async def read_joined(services: Services, case_id: CaseId, breach: Mapping[str, Any]) -> CaseWords:
    """Return in words what joined a case.

    Args:
        services: chain and documents.
        case_id: the case.
        breach: of its `CaseJoined`.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    tribune = services.tribune
    case = replace(
        await tribune.kill_switch.case(case_id),
        kind=CaseKind.of(breach["kind"]),
        frame=FrameIndex(breach["frame"]),
        rule=breach["rule"],
        value=breach["value"],
        limit=breach["limit"],
        policy=digest_of(breach["policy"]),
        evidence=digest_of(breach["evidence"]),
    )
    head = await tribune.chain.head()
    name = await tribune.model_registry.name(case.model_id)
    version = await tribune.model_registry.version(case.model_id, case.version)
    words, _rule = await words_of(
        services.contracts, services.documents, case, name, version.details.profile, head.number
    )
    return words


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
