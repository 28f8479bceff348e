"""The list of models and of the votes that can be voted on now. Reads the chain, newest cases first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.ballots.cases.view import VoteState
from tribune.chain.enums import Oversight, State
from tribune.chain.types import end_or_none, utc
from tribune.reports.oversight import independence, watched

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts

MOST = 50
"""Models and cases listed; older ones have their own pages."""


@dataclass(frozen=True)
class ListedModel:
    """A model in the list."""

    id: int
    name: str
    version: int
    state: State
    until: datetime | None
    watched: str
    """How badly it is watched, in words; empty where nothing is amiss."""
    measured_by: str
    """What to say of its panel; empty for a panel of several."""


@dataclass(frozen=True)
class ListedCase:
    """A case in the list."""

    id: int
    model: str
    version: int
    opened_at: datetime
    state: VoteState


@dataclass(frozen=True)
class Overview:
    """What the first page shows."""

    models: tuple[ListedModel, ...]
    open_cases: tuple[ListedCase, ...]
    past_cases: tuple[ListedCase, ...]
    block: int
    halted: bool
    """Whether all models are halted."""
    halted_until: datetime | None
    """The end of that, None where none is known."""


async def read_overview(contracts: VoteContracts) -> Overview:
    """Read the newest models and cases.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    head = await contracts.chain.head()
    at = head.number
    model_count, case_count, halted_until = await contracts.read(
        ("ModelRegistry", "modelCount", ()),
        ("KillSwitch", "caseCount", ()),
        ("KillSwitch", "haltedUntil", ()),
        block=at,
    )
    model_ids = range(model_count, max(0, model_count - MOST), -1)
    case_ids = range(case_count, max(0, case_count - MOST), -1)
    statuses = await contracts.read(*(("KillSwitch", "statusOf", (i,)) for i in model_ids), block=at)
    ruled = await contracts.read(*(("PolicyBook", "hasPolicy", (i,)) for i in model_ids), block=at)
    judged = [model_id for model_id, has in zip(model_ids, ruled, strict=True) if has]
    terms = await contracts.read(*(("PolicyBook", "currentTerms", (i,)) for i in judged), block=at)
    panels = {model_id: one["panel_size"] for model_id, one in zip(judged, terms, strict=True)}
    cases = await contracts.read(*(("KillSwitch", "caseOf", (i,)) for i in case_ids), block=at)
    named = sorted({*model_ids, *(case["model_id"] for case in cases)})
    names = dict(
        zip(
            named,
            await contracts.read(*(("ModelRegistry", "nameOf", (i,)) for i in named), block=at),
            strict=True,
        )
    )
    voted = [case["vote"] for case in cases if case["vote"]]
    states = dict(
        zip(
            voted,
            await contracts.read(*(("PauseGovernor", "state", (vote,)) for vote in voted), block=at),
            strict=True,
        )
    )
    listed = [
        ListedCase(
            case_id,
            names[case["model_id"]],
            case["version"],
            utc(case["opened_at"]),
            VoteState.of(states[case["vote"]]) if case["vote"] else VoteState.NOT_OPENED,
        )
        for case_id, case in zip(case_ids, cases, strict=True)
    ]
    running = (VoteState.NOT_OPENED, VoteState.PENDING, VoteState.ACTIVE)
    is_open = [
        entry.state in running and case["outcome"] == 0 for entry, case in zip(listed, cases, strict=True)
    ]
    return Overview(
        models=tuple(
            ListedModel(
                model_id,
                names[model_id],
                status["version"],
                State.of(status["state"]),
                utc(status["until"]) if status["until"] else None,
                _watched(status),
                independence(panels.get(model_id, 0)),
            )
            for model_id, status in zip(model_ids, statuses, strict=True)
        ),
        open_cases=tuple(entry for entry, yes in zip(listed, is_open, strict=True) if yes),
        past_cases=tuple(entry for entry, yes in zip(listed, is_open, strict=True) if not yes),
        block=at,
        halted=head.timestamp < halted_until,
        halted_until=end_or_none(halted_until),
    )


def _watched(status: Mapping[str, Any]) -> str:
    oversight = Oversight.of(status["oversight"])
    return "" if oversight is Oversight.HEALTHY else watched(oversight, in_service=True)
