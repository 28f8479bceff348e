"""A model's record, from its events."""

from __future__ import annotations

from datetime import timedelta

from support.index import BEGAN, activated, happened, state_changed
from tribune.ballots.histories.track_record import track_record


def at(hours: float) -> object:
    return BEGAN + timedelta(hours=hours)


def test_track_record__no_events__was_never_in_service() -> None:
    found = track_record([], BEGAN)
    assert (found.since, found.active, found.breaches, found.halts) == (None, timedelta(0), 0, 0)


def test_track_record__still_in_service__counts_until_now() -> None:
    found = track_record([activated(1, hours=2)], BEGAN + timedelta(hours=26))
    assert found.since == at(2)
    assert found.active == timedelta(hours=24)


def test_track_record__suspended_then_paused__was_stopped_once() -> None:
    events = [
        activated(1),
        state_changed(1, 1, 2, hours=10, until_hours=20),
        state_changed(1, 2, 3, hours=15),
        state_changed(1, 3, 1, hours=30),
    ]
    found = track_record(events, BEGAN + timedelta(hours=40))
    assert found.active == timedelta(hours=20)
    assert found.halts == 1


def test_track_record__suspension_that_ran_out__was_in_service_from_then_on() -> None:
    events = [
        activated(1),
        state_changed(1, 1, 2, hours=10, until_hours=12),
        state_changed(1, 2, 2, hours=20, until_hours=22),
    ]
    found = track_record(events, BEGAN + timedelta(hours=30))
    assert found.active == timedelta(hours=10 + 8 + 8)
    assert found.halts == 2


def test_track_record__version_that_takes_force_later__was_not_in_service() -> None:
    found = track_record([activated(1, hours=5)], BEGAN)
    assert (found.since, found.active) == (None, timedelta(0))


def test_track_record__second_version__goes_on_counting() -> None:
    events = [activated(1), activated(1, hours=5, version=2)]
    assert track_record(events, BEGAN + timedelta(hours=9)).active == timedelta(hours=9)


def test_track_record__breaches__are_those_that_opened_or_joined_a_case() -> None:
    events = [
        happened("CaseOpened", model_id=1, case_id=1, kind=0),
        happened("CaseJoined", model_id=1, case_id=1, breach={"kind": 0}),
        happened("CaseOpened", model_id=1, case_id=2, kind=3),
    ]
    assert track_record(events, BEGAN).breaches == 2
