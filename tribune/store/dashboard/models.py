"""What a model's pages read of the index. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from tribune.store.happenings import admitted_monitors, count_of_model, events_of_model
from tribune.store.tables import ChainEvent

STANDING = (
    *("ModelRegistered", "Transfer", "LoggerChanged", "VersionRegistered", "VersionActivated"),
    *("StatementAttested", "StatementWithdrawn", "PolicySet"),
    *("StateChanged", "CaseOpened", "CaseJoined", "CaseClosed"),
)
"""Events of which a model has few, so that all are read."""


@dataclass(frozen=True)
class ModelEvents:
    """What the index has about a model.

    Args:
        standing: its events of the names in `STANDING`, oldest first.
        reports: its newest `ReportJudged`, newest first.
        anchors: its newest `FrameAnchored`, newest first.
        anchored: how many of them there are.
        monitors: address → name of the monitors that are admitted.
    """

    standing: Sequence[ChainEvent]
    reports: Sequence[ChainEvent]
    anchors: Sequence[ChainEvent]
    anchored: int
    monitors: dict[str, str]

    def named(self, *names: str) -> list[ChainEvent]:
        """Return the standing events of these names, oldest first."""
        return [event for event in self.standing if event.name in names]


def model_events(session: Session, model_id: int, *, reports: int, anchors: int) -> ModelEvents:
    """Read them; at most so many reports and anchors."""
    anchored = ["FrameAnchored"]
    return ModelEvents(
        standing=events_of_model(session, model_id, STANDING)[::-1],
        reports=events_of_model(session, model_id, ["ReportJudged"], limit=reports),
        anchors=events_of_model(session, model_id, anchored, limit=anchors),
        anchored=count_of_model(session, model_id, anchored),
        monitors=admitted_monitors(session),
    )


def proposal_of(session: Session, tx_hash: str, contract: str) -> tuple[int, ChainEvent] | None:
    """Return the governor's proposal that was carried out in a transaction: its number from 1, its creation.

    None where the transaction carried out none, or not exactly one.
    """
    event = ChainEvent
    executed = session.exec(
        select(event.proposal).where(
            event.tx_hash == tx_hash, event.contract == contract, event.name == "ProposalExecuted"
        )
    ).all()
    if len(executed) != 1:
        return None
    created = session.exec(
        select(event).where(
            event.proposal == executed[0], event.contract == contract, event.name == "ProposalCreated"
        )
    ).first()
    if created is None or created.id is None:
        return None
    number = session.exec(
        select(func.count()).where(
            event.name == "ProposalCreated", event.contract == contract, col(event.id) <= created.id
        )
    ).one()
    return int(number), created
