"""Put a case into words: rule, evidence and profile read from where they are, and what each choice means.

What could not be read is left out and said to be missing; a vote never waits for a document.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.callers import holders_share
from tribune.chain.codec import snake
from tribune.chain.types import utc_or_none
from tribune.exceptions import PolicyError, RevertedError
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.cases import Case
    from tribune.ids import Digest
    from tribune.metrics.policies.policy import Rule
    from tribune.reports.words import CaseWords


async def words_of(
    contracts: VoteContracts,
    documents: Documents,
    case: Case,
    name: str,
    profile: Digest,
    at: int,
) -> tuple[CaseWords, Rule | None]:
    """Return a case in plain words, and the rule that was hit (None: it has none, or it cannot be told).

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    from tribune.reports.words import Kind, Subject, case_words

    kind = Kind(snake(case.kind))
    breach = kind is Kind.BREACH
    called = kind in (Kind.HOLDER_PAUSE, Kind.HOLDER_RESUME)
    rule, (start, end), evidence, reference, share = await asyncio.gather(
        _rule(contracts, case, at) if breach else _nothing(),
        _times(contracts, case, at),
        documents.find(case.evidence),
        documents.profile(profile) if breach else _nothing(),
        holders_share(contracts, case, at) if called else _nothing(),
    )
    subject = Subject(
        model=name,
        version=case.version,
        kind=kind,
        value=case.value,
        limit=case.limit,
        stopped=case.bound is not None,
        frame=case.frame,
        start=utc_or_none(start),
        end=utc_or_none(end),
        share=share,
    )
    return await asyncio.to_thread(case_words, subject, rule, evidence, reference), rule


async def _nothing() -> None:
    return None


async def _times(contracts: VoteContracts, case: Case, at: int) -> tuple[int, int]:
    """Return start and end of the case's frame, 0 where it has none or they cannot be told."""
    if not case.frame:
        return 0, 0
    try:
        [times] = await contracts.read(("PolicyBook", "frameTimes", (case.model_id, case.frame)), block=at)
    except RevertedError:  # no grid time for this frame: the words go without it
        return 0, 0
    return times["start"], times["end"]


async def _rule(contracts: VoteContracts, case: Case, at: int) -> Rule | None:
    """Return the rule that was hit, None where it cannot be told."""
    from tribune.metrics.policies.policy import Rule

    model_id = case.model_id
    [count] = await contracts.read(("PolicyBook", "policyCount", (model_id,)), block=at)
    found: Mapping[str, Any] | None = None
    for index in reversed(range(count)):
        [(policy, digest, _, _)] = await contracts.read(
            ("PolicyBook", "policyAt", (model_id, index)), block=at
        )
        if digest == case.policy:
            found = policy
            break
    if found is None or case.rule >= len(found["rules"]):
        return None
    try:
        return Rule.from_chain(tuple(found["rules"][case.rule].values()))
    except PolicyError:
        return None


def choices(needed: str, *, resuming: bool, stopped: bool) -> dict[str, str]:
    """Return what each choice means.

    Args:
        needed: the quorum in words, "20 %".
        resuming: the vote is on answering again.
        stopped: the case suspended the model.
    """
    abstain = _("counts towards the {share} of all votes that must take part.").format(share=needed)
    if resuming:
        return {
            "if_for": _("it answers again as soon as the vote has ended and was carried out."),
            "if_against": _("it stays stopped; its steward may ask again."),
            "if_abstain": abstain,
        }
    if stopped:
        return {
            "if_for": _("it stays stopped until another vote."),
            "if_against": _("if most agree and enough take part, it answers again as soon as the vote ends."),
            "if_abstain": abstain,
        }
    return {
        "if_for": _("it is stopped until another vote."),
        "if_against": _("it goes on answering."),
        "if_abstain": abstain,
    }
