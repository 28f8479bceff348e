"""What is promised of an index: once, in order, when it is final, and taken back where it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from support.index import BEGAN, happened, put, registered, state_changed
from tribune.store.final import newest_rows
from tribune.store.leases import take_lease
from tribune.store.session import Session, open_store
from tribune.store.states import OutboxState
from tribune.store.tables import ChainEvent, OutboxRow, now
from tribune.web.webhooks.promises import (
    FORGOTTEN_AFTER,
    Target,
    begin,
    forget,
    look,
    look_at_ends,
    message_id,
    write,
)
from unit.web.public.world import GOVERNOR, LARGE, at, case_opened

AROUND = {"chain_id": 31337, "url": "https://dao.example"}
OPS = Target("ops")
INCIDENT = (
    "case.opened",
    "model.suspended",
    "vote.opened",
    "case.decided",
    "model.paused",
    "model.resumed",
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store, store.session() as opened:
        begin(opened, OPS, 0)
        yield opened


def vote_opened() -> ChainEvent:
    vote: dict[str, Any] = {"governor": GOVERNOR, "proposal_id": LARGE, "vote_ends": at(20)}
    return happened("CaseVoteOpened", case_id=1, hours=4, **vote)


def incident(session: Session) -> None:
    put(
        session,
        registered(1, "acs-employment"),
        state_changed(1, 0, 1),  # it begins to serve: no incident
        case_opened(1, 1, hours=3),
        state_changed(1, 1, 2, hours=3, until_hours=27),
        happened(
            "CaseVoteOpened", case_id=1, governor=GOVERNOR, proposal_id=LARGE, vote_ends=at(20), hours=4
        ),
        happened("CaseClosed", case_id=1, model_id=1, outcome=1, hours=10),
        state_changed(1, 2, 3, hours=10),
        state_changed(1, 3, 1, hours=40),
    )


def promise(session: Session, up_to: int, target: Target = OPS, hours: float | None = None) -> int:
    found = look(session, target, -1, up_to, AROUND)
    time = BEGAN + timedelta(hours=up_to - 1 if hours is None else hours)
    ends = look_at_ends(session, target, found.running, time, AROUND)
    return write(session, (*found.rows, *ends), found.undone)


def told(session: Session, target: Target = OPS) -> list[dict[str, Any]]:
    return [row.payload["document"] for row in reversed(newest_rows(session, target.kind))]


def types(session: Session, target: Target = OPS) -> list[str]:
    return [one["type"] for one in told(session, target)]


def test_look__whole_incident__each_step_once_in_order(session: Session) -> None:
    incident(session)
    assert promise(session, 100) == len(INCIDENT)
    assert promise(session, 100) == 0
    assert tuple(types(session)) == INCIDENT


def test_look__message__says_what_where_and_for_people(session: Session) -> None:
    incident(session)
    promise(session, 100)
    opened, suspended, vote, decided, paused, resumed = told(session)
    assert opened["timestamp"] == "2026-11-01T15:00:00Z"
    assert opened["data"]["model_name"] == "acs-employment"
    assert (opened["data"]["case"], opened["data"]["case_kind"]) == (1, "Breach")
    assert opened["data"]["chain_id"] == 31337
    assert suspended["data"]["until"] == "2026-11-02T15:00:00Z"
    assert vote["data"]["model"] == 1
    assert vote["data"]["proposal"] == str(LARGE)
    assert vote["data"]["url"] == "https://dao.example/i/1"
    assert decided["data"]["outcome"] == "Upheld"
    assert (paused["data"]["block"], resumed["data"]["by"]) == (11, "decision")


def test_look__not_final_yet__nothing(session: Session) -> None:
    incident(session)
    assert promise(session, 3) == 0
    promise(session, 4)
    assert types(session) == ["case.opened", "model.suspended"]


def test_look__kinds__only_these(session: Session) -> None:
    target = Target("pager", frozenset({"model.paused", "model.resumed"}))
    begin(session, target, 0)
    incident(session)
    promise(session, 100)
    promise(session, 100, target)
    assert types(session, target) == ["model.paused", "model.resumed"]
    assert tuple(types(session)) == INCIDENT


def test_begin__later__what_was_before_is_not_told(session: Session) -> None:
    incident(session)
    late = Target("late")
    begin(session, late, 11)
    promise(session, 100, late)
    assert types(session, late) == ["model.resumed"]


def test_forget__target_gone__what_it_is_owed_is_kept_for_a_week(session: Session) -> None:
    incident(session)
    promise(session, 100)
    begin(session, Target("other"), 100)
    forget(session, [Target("other")])
    assert tuple(types(session)) == INCIDENT
    written = now() - FORGOTTEN_AFTER - timedelta(seconds=1)
    session.execute(update(OutboxRow).values(created_at=written))
    assert forget(session, [OPS]) == 0
    assert forget(session, [Target("other")]) == len(INCIDENT)


def test_forget__another_process_tells_it__what_it_is_owed_is_left_alone(session: Session) -> None:
    incident(session)
    promise(session, 100)
    session.execute(update(OutboxRow).values(created_at=now() - 2 * FORGOTTEN_AFTER))
    take_lease(session, OPS.kind, "another", now(), timedelta(minutes=1))
    assert forget(session, [Target("other")]) == 0


def test_look__suspension_runs_out__its_end_is_told_by_time(session: Session) -> None:
    put(session, registered(1, "a"), state_changed(1, 1, 2, hours=3, until_hours=27))
    promise(session, 10, hours=26)
    assert types(session) == ["model.suspended"]
    assert promise(session, 40, hours=27) == 1
    assert promise(session, 41, hours=28) == 0
    end = told(session)[-1]
    assert (end["type"], end["data"]["by"]) == ("model.resumed", "time")
    assert end["timestamp"] == "2026-11-02T15:00:00Z"


def test_look__stopped_again_after_the_end__the_end_comes_first(session: Session) -> None:
    put(
        session,
        registered(1, "a"),
        state_changed(1, 1, 2, hours=3, until_hours=27),
        state_changed(1, 2, 3, hours=30),
    )
    promise(session, 100)
    assert types(session) == ["model.suspended", "model.resumed", "model.paused"]


def test_look__halt_of_all__its_begin_and_its_end(session: Session) -> None:
    put(session, happened("HaltChanged", previous=0, current=at(6), hours=2))
    promise(session, 3, hours=2)
    promise(session, 9, hours=6)
    put(session, happened("HaltChanged", previous=0, current=at(30), hours=20))
    put(session, happened("HaltChanged", previous=at(30), current=at(22), hours=22))
    promise(session, 100, hours=40)
    assert [(one["type"], one["data"].get("by")) for one in told(session)] == [
        ("halt.started", None),
        ("halt.ended", "time"),
        ("halt.started", None),
        ("halt.ended", "decision"),
    ]


def settle_all(session: Session, state: OutboxState) -> None:
    session.execute(update(OutboxRow).values(state=str(state)))


def test_look__reorg_deeper_than_final__what_was_told_is_taken_back_once(session: Session) -> None:
    incident(session)
    promise(session, 100)
    settle_all(session, OutboxState.DONE)
    [first, *_] = reversed(newest_rows(session, OPS.kind))
    session.execute(delete(ChainEvent).where(col(ChainEvent.name) == "CaseOpened"))
    again = case_opened(1, 1, hours=3)
    again.block_hash = "0x" + "fe" * 32
    put(session, again)
    assert promise(session, 100) == 2
    assert promise(session, 100) == 0
    back, anew = told(session)[-2:]
    assert (back["type"], back["data"]["retracted_type"]) == ("event.retracted", "case.opened")
    assert back["data"]["retracted_id"] == message_id(first.key)
    assert (anew["type"], anew["data"]["block_hash"]) == ("case.opened", "0x" + "fe" * 32)


def test_look__reorg_before_it_was_delivered__is_not_delivered(session: Session) -> None:
    incident(session)
    promise(session, 100)
    session.execute(delete(ChainEvent).where(col(ChainEvent.name) == "CaseClosed"))
    promise(session, 100)
    states = {row.payload["document"]["type"]: row.state for row in newest_rows(session, OPS.kind)}
    assert states["case.decided"] == OutboxState.DONE
    assert states["model.paused"] == OutboxState.QUEUED
    assert "event.retracted" not in states


def test_look__index_read_anew_and_not_there_yet__takes_nothing_back(session: Session) -> None:
    incident(session)
    promise(session, 100)
    settle_all(session, OutboxState.DONE)
    session.execute(delete(ChainEvent))
    assert promise(session, 2) == 0
    assert len(told(session)) == len(INCIDENT)


def test_write__two_processes_that_looked_at_once__promise_once(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        with store.session() as session:
            begin(session, OPS, 0)
            incident(session)
        with store.session(readonly=True) as session:
            found = [look(session, OPS, -1, 100, AROUND) for _ in range(2)]
        with store.session() as session:
            assert [write(session, one.rows, one.undone) for one in found] == [len(INCIDENT), 0]
