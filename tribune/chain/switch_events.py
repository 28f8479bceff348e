"""Events of `KillSwitch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tribune.chain.cases import Case
from tribune.chain.contract import Decoder, Located
from tribune.chain.enums import CaseKind, Outcome, Severity, State
from tribune.chain.types import Log, end_or_none, utc, utc_or_none
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber


@dataclass(frozen=True, slots=True)
class StateChanged(Located):
    """A model's state changed."""

    model_id: ModelId
    previous: State
    current: State
    epoch: int
    case_id: CaseId
    until: datetime | None


@dataclass(frozen=True, slots=True)
class CaseOpened(Located):
    """A case was opened."""

    case: Case


@dataclass(frozen=True, slots=True)
class CaseJoined(Located):
    """A further breach, or a further frame that nobody reported, joined a live case."""

    case_id: CaseId
    model_id: ModelId
    kind: CaseKind
    severity: Severity
    frame: FrameIndex
    rule: int
    value: int
    limit: int
    evidence: Digest


@dataclass(frozen=True, slots=True)
class CaseVoteOpened(Located):
    """A case's vote was opened."""

    case_id: CaseId
    governor: Address
    proposal_id: ProposalId
    vote_ends: datetime


@dataclass(frozen=True, slots=True)
class CaseClosed(Located):
    """A case ended."""

    case_id: CaseId
    model_id: ModelId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class BreachCooling(Located):
    """A breach had no effect, because its rule cools down after a rejected vote."""

    model_id: ModelId
    version: VersionNumber
    policy: Digest
    rule: int
    until: datetime


@dataclass(frozen=True, slots=True)
class BudgetExhausted(Located):
    """A trip did not suspend, because the budget does not cover a whole suspension."""

    model_id: ModelId
    case_id: CaseId
    needed_s: int
    used_s: int


@dataclass(frozen=True, slots=True)
class GuardianSuspended(Located):
    """The guardian suspended a model, if its budget covered it, by a case."""

    model_id: ModelId
    case_id: CaseId
    evidence: Digest


@dataclass(frozen=True, slots=True)
class GuardianRearmed(Located):
    """The guardian may act again: globally, this period, and on these models."""

    model_ids: tuple[ModelId, ...]


@dataclass(frozen=True, slots=True)
class HaltChanged(Located):
    """All models are halted until `current`, or not any more if that is not in the future."""

    previous: datetime | None
    current: datetime | None
    """None: for good, as far as anybody can tell, or there was never a halt."""


@dataclass(frozen=True, slots=True)
class HubChanged(Located):
    """The oversight state is asked of another hub."""

    previous: Address
    current: Address


def _state_changed(log: Log, **raw: Any) -> StateChanged:
    return StateChanged(
        log=log,
        model_id=ModelId(raw["model_id"]),
        previous=State.of(raw["previous"]),
        current=State.of(raw["current"]),
        epoch=raw["epoch"],
        case_id=CaseId(raw["case_id"]),
        until=utc_or_none(raw["until"]),
    )


def _case_opened(log: Log, **raw: Any) -> CaseOpened:
    return CaseOpened(log=log, case=Case.read(raw["case_id"], raw["details"]))


def _case_joined(log: Log, **raw: Any) -> CaseJoined:
    breach = raw["breach"]
    return CaseJoined(
        log=log,
        case_id=CaseId(raw["case_id"]),
        model_id=ModelId(raw["model_id"]),
        kind=CaseKind.of(breach["kind"]),
        severity=Severity.of(raw["severity"]),
        frame=FrameIndex(breach["frame"]),
        rule=breach["rule"],
        value=breach["value"],
        limit=breach["limit"],
        evidence=Digest(breach["evidence"]),
    )


def _case_vote_opened(log: Log, **raw: Any) -> CaseVoteOpened:
    return CaseVoteOpened(
        log=log,
        case_id=CaseId(raw["case_id"]),
        governor=raw["governor"],
        proposal_id=ProposalId(raw["proposal_id"]),
        vote_ends=utc(raw["vote_ends"]),
    )


def _case_closed(log: Log, **raw: Any) -> CaseClosed:
    return CaseClosed(
        log=log,
        case_id=CaseId(raw["case_id"]),
        model_id=ModelId(raw["model_id"]),
        outcome=Outcome.of(raw["outcome"]),
    )


def _breach_cooling(log: Log, **raw: Any) -> BreachCooling:
    return BreachCooling(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        policy=Digest(raw["policy"]),
        rule=raw["rule"],
        until=utc(raw["until"]),
    )


def _budget_exhausted(log: Log, **raw: Any) -> BudgetExhausted:
    return BudgetExhausted(
        log=log,
        model_id=ModelId(raw["model_id"]),
        case_id=CaseId(raw["case_id"]),
        needed_s=raw["needed"],
        used_s=raw["used"],
    )


def _guardian_suspended(log: Log, **raw: Any) -> GuardianSuspended:
    return GuardianSuspended(
        log=log,
        model_id=ModelId(raw["model_id"]),
        case_id=CaseId(raw["case_id"]),
        evidence=Digest(raw["evidence"]),
    )


def _guardian_rearmed(log: Log, **raw: Any) -> GuardianRearmed:
    return GuardianRearmed(log=log, model_ids=tuple(map(ModelId, raw["model_ids"])))


def _halt_changed(log: Log, **raw: Any) -> HaltChanged:
    return HaltChanged(log=log, previous=end_or_none(raw["previous"]), current=end_or_none(raw["current"]))


def _hub_changed(log: Log, **raw: Any) -> HubChanged:
    return HubChanged(log=log, previous=raw["previous"], current=raw["current"])


EVENTS: Mapping[str, Decoder] = {
    "StateChanged": _state_changed,
    "CaseOpened": _case_opened,
    "CaseJoined": _case_joined,
    "CaseVoteOpened": _case_vote_opened,
    "CaseClosed": _case_closed,
    "BreachCooling": _breach_cooling,
    "BudgetExhausted": _budget_exhausted,
    "GuardianSuspended": _guardian_suspended,
    "GuardianRearmed": _guardian_rearmed,
    "HaltChanged": _halt_changed,
    "HubChanged": _hub_changed,
}
"""Event name → what makes its dataclass."""
