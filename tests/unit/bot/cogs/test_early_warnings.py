"""Early warnings: which frames ask for one, and where a run of hits began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tribune.store import queries
from tribune.store.session import Store, open_store
from tribune.store.tables import ChainEvent
from tribune_bot.cogs.early_warnings import KIND, Judged, _began, _take_in, run_of
from unit.bot.samples import NOW

WARN = 0b10


def judged(frame: int, hits: int = WARN, *, version: int = 1) -> Judged:
    return Judged(1, version, frame, "0xaa", hits)


def event(frame: int, hits: int, case_id: int = 0, *, model_id: int = 1) -> ChainEvent:
    report: dict[str, Any] = {
        "model_id": model_id, "version": 1, "frame": frame, "policy": "0xaa", "evidence": "0x" + "11" * 32,
        "values": [1, 2],
    }  # fmt: skip
    return ChainEvent(
        block_number=frame,
        block_hash=f"0x{frame}/{model_id}",
        block_time=NOW,
        tx_hash="0x",
        log_index=0,
        address="0x",
        contract="ReportHub",
        name="ReportJudged",
        model_id=model_id,
        frame=frame,
        args={"hits": hits, "case_id": case_id, "report": report},
        data="0x",
    )


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


def asked_for(store: Store, *events: ChainEvent) -> list[str]:
    with store.session() as session:
        for one in events:
            session.add(one)
    with store.session() as session:
        _take_in(session, None)
    with store.session() as session:
        return [row.key for row in queries.queued(session, [KIND])]


def test_run_of__hits_in_a_row__begins_with_the_first() -> None:
    assert run_of([judged(3), judged(2), judged(1, 0)], judged(4), 1) == 2


def test_run_of__other_version_or_rule__is_no_part_of_it() -> None:
    assert run_of([judged(3, 0b01), judged(2)], judged(4), 1) == 4
    assert run_of([judged(3, version=2), judged(2)], judged(4), 1) == 4


def test_run_of__frame_in_which_another_version_was_judged_too__goes_on() -> None:
    assert run_of([judged(3, 0, version=1), judged(3, version=2)], judged(4, version=2), 1) == 3


def test_run_of__run_that_has_ended__reads_no_further() -> None:
    earlier = iter([judged(3), judged(2, 0), judged(1), judged(0)])
    assert run_of(earlier, judged(4), 1) == 3
    assert [one.frame for one in earlier] == [0]


def test_began__run_of_weeks_among_other_models__begins_with_its_first_frame(store: Store) -> None:
    with store.session() as session:
        for frame in range(1, 601):
            session.add(event(frame, WARN if frame > 20 else 0))
            session.add(event(frame, 0, model_id=2))
    with store.session() as session:
        assert _began(session, judged(600), 1) == 21


def test_take_in__hit_without_a_case__asks_for_a_warning(store: Store) -> None:
    assert asked_for(store, event(3, WARN)) == ["warning/1/1/3"]


def test_take_in__no_hit_a_case_or_an_evaluation__asks_for_nothing(store: Store) -> None:
    assert asked_for(store, event(1, 0), event(2, WARN, case_id=7), event(0, WARN)) == []


def test_take_in__in_quiet_hours__waits_for_their_end(store: Store) -> None:
    ends = NOW + timedelta(hours=5)
    with store.session() as session:
        session.add(event(3, WARN))
    with store.session() as session:
        _take_in(session, ends)
        [row] = queries.queued(session, [KIND])
    assert row.not_before == ends


def test_take_in__twice__asks_once(store: Store) -> None:
    asked_for(store, event(3, WARN))
    assert asked_for(store) == ["warning/1/1/3"]
