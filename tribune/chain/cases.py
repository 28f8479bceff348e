"""Cases of `KillSwitch`: one reason to vote on a model each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tribune.chain.enums import CaseKind, Outcome, Severity
from tribune.chain.types import utc, utc_or_none
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber

STALE_RULE = 2**16 - 1
"""In place of a rule: nobody reported the frame in time. It cools down as a rule does."""


@dataclass(frozen=True, slots=True)
class Case:
    """One reason to vote on a model."""

    case_id: CaseId
    model_id: ModelId
    version: VersionNumber
    epoch: int
    kind: CaseKind
    severity: Severity
    outcome: Outcome
    opened_at: datetime
    open_until: datetime
    """Last second in which its vote can be opened."""
    bound: datetime | None
    """End of the suspension that it caused."""
    vote_ends: datetime | None
    """Latest possible end of its vote, None before the vote opens."""
    frame: FrameIndex
    rule: int
    """Place of the rule in the policy; of no meaning but for a breach."""
    value: int
    """Millionths; -2**63 is "not available"."""
    limit: int
    policy: Digest
    evidence: Digest
    """sha-256 of the evidence document, or of the conclusion of an incident."""
    governor: Address
    vote: ProposalId
    """Its proposal, 0 before the vote opens."""

    def vote_at(self, governor: Address) -> ProposalId:
        """Return its proposal at a governor, 0 where another one runs its vote or none is open.

        What is voted on at a governor that was replaced is never carried out; its successor may open it anew.
        """
        return self.vote if self.governor == governor else ProposalId(0)

    @classmethod
    def read(cls, case_id: int, raw: Mapping[str, Any]) -> Case:
        """Make a case of the contract's struct."""
        return cls(
            case_id=CaseId(case_id),
            model_id=ModelId(raw["model_id"]),
            version=VersionNumber(raw["version"]),
            epoch=raw["epoch"],
            kind=CaseKind.of(raw["kind"]),
            severity=Severity.of(raw["severity"]),
            outcome=Outcome.of(raw["outcome"]),
            opened_at=utc(raw["opened_at"]),
            open_until=utc(raw["open_until"]),
            bound=utc_or_none(raw["bound"]),
            vote_ends=utc_or_none(raw["vote_ends"]),
            frame=FrameIndex(raw["frame"]),
            rule=raw["rule"],
            value=raw["value"],
            limit=raw["limit"],
            policy=Digest(raw["policy"]),
            evidence=Digest(raw["evidence"]),
            governor=raw["governor"],
            vote=ProposalId(raw["vote"]),
        )


@dataclass(frozen=True, slots=True)
class CaseCall:
    """What a vote on a case would carry out."""

    model_id: ModelId
    version: VersionNumber
    epoch: int
    kind: CaseKind
