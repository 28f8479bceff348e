"""How monitors do: agreement, what they missed, and what is not held against them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.index import BEGAN, happened, put
from tribune.ballots import watching
from tribune.ballots.histories.monitors import Monitors, monitors_of
from tribune.store.happenings import all_since
from tribune.store.panels import panel_events
from tribune.store.session import Store, open_store
from tribune.store.tables import ChainEvent

ADA, BOB, EVE = "0xA", "0xB", "0xE"
HOUR = 3_600


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def admitted(account: str) -> ChainEvent:
    return happened("MonitorAdmitted", account=account, name=account[-1].lower(), uri="")


def policy(
    model: int, *panel: str, index: int = 0, first: int = 1, digest: str = "0xp", hours: float = 0
) -> ChainEvent:
    """Frames of an hour; frame 1 ends an hour after the first block, and may be reported for two hours."""
    base = int((BEGAN + timedelta(hours=first - 1)).timestamp())
    terms = {"panel": list(panel), "step": HOUR, "length": HOUR, "deadline": 2 * HOUR, "rules": []}
    return happened(
        "PolicySet",
        hours=hours,
        model_id=model,
        index=index,
        digest=digest,
        first_frame=first,
        base=base,
        policy=terms,
    )


def signed(monitor: str, frame: int, digest: str = "0x1", model: int = 1) -> ChainEvent:
    of: dict[str, Any] = {"model_id": model, "version": 1, "frame": frame, "report": digest}
    return happened("Attested", hours=frame + 0.5, monitor=monitor, **of)


def judged(frame: int, digest: str = "0x1", by: str = "0xp", model: int = 1) -> ChainEvent:
    of: dict[str, Any] = {"model_id": model, "version": 1, "frame": frame, "digest": digest}
    return happened("ReportJudged", hours=frame + 0.6, report={"policy": by}, **of)


def told(store: Store, *events: ChainEvent, hours: float = 99, newest: int = 100) -> Monitors:
    with store.session() as session:
        put(session, *events)
        session.flush()
        watched = watching.Watching()
        for event in all_since(session, 0, watching.EVENTS):
            watched.take_in(event)
        return monitors_of(panel_events(session, newest), watched, BEGAN + timedelta(hours=hours))


def frames(found: list[Any]) -> list[int]:
    return [one.frame for one in found]


def test_monitors_of__one_differs__agreement_is_counted_for_each(store: Store) -> None:
    found = told(
        store,
        *(admitted(one) for one in (ADA, BOB)),
        policy(1, ADA, BOB, EVE),
        *(signed(one, 1) for one in (ADA, BOB)),
        signed(EVE, 1, "0x2"),
        judged(1),
        *(signed(one, 2) for one in (ADA, BOB, EVE)),
        judged(2),
    )
    ada, eve = found.found[ADA], found.found[EVE]  # type: ignore[index]
    assert (ada.signed, ada.agreed, ada.differed, ada.missed) == (2, 2, [], [])
    assert (eve.signed, eve.agreed, frames(eve.differed), eve.judged) == (2, 1, [1], 2)
    assert eve.last is not None
    assert (eve.last.frame, eve.last.model_id) == (2, 1)
    assert [one.known for one in (ada, eve)] == [True, False]
    assert list(found.found) == [ADA, BOB, EVE]


def test_monitors_of__did_not_sign__missed_only_once_it_was_due(store: Store) -> None:
    events = [
        policy(1, ADA, BOB),
        *(event for frame in (1, 2) for event in (signed(ADA, frame), judged(frame))),
        happened("FrameStale", hours=6, model_id=1, version=1, frame=3, case_id=0),
    ]
    found = told(store, *events, hours=3.5)  # frame 1 could be signed until hour 3, frame 2 until 4
    assert frames(found.found[BOB].missed) == [1]  # type: ignore[index]
    later = told(store, hours=20)
    assert frames(later.found[BOB].missed) == [3, 2, 1]  # type: ignore[index]
    assert frames(later.found[ADA].missed) == [3]  # type: ignore[index]


def test_monitors_of__evaluation__is_missed_by_nobody(store: Store) -> None:
    found = told(store, policy(1, ADA, BOB), signed(ADA, 0), judged(0))
    assert found.found[BOB].missed == []  # type: ignore[index]
    assert found.found[ADA].agreed == 1  # type: ignore[index]


def test_monitors_of__not_yet_judged__counts_neither_way(store: Store) -> None:
    found = told(store, policy(1, ADA), signed(ADA, 1)).found[ADA]  # type: ignore[index]
    assert (found.signed, found.judged, found.due) == (1, 0, 0)


def test_monitors_of__rules_replaced__frames_are_due_by_those_they_were_judged_by(store: Store) -> None:
    found = told(
        store,
        policy(1, ADA, BOB),
        signed(ADA, 1),
        judged(1),
        policy(1, ADA, EVE, index=1, first=2, digest="0xq", hours=1.7),
        signed(ADA, 2),
        judged(2, by="0xq"),
    )
    assert frames(found.found[BOB].missed) == [1]  # type: ignore[index]
    assert frames(found.found[EVE].missed) == [2]  # type: ignore[index]
    assert found.found[BOB].watches == []  # type: ignore[index]
    assert [one.model_id for one in found.found[EVE].watches] == [1]  # type: ignore[index]


def test_monitors_of__older_than_what_is_looked_at__is_held_against_nobody(store: Store) -> None:
    events = [policy(1, ADA, BOB)]
    for frame in (1, 2, 3, 4):
        events += [signed(ADA, frame), signed(BOB, frame), judged(frame)]
    found = told(store, *events, newest=3)
    assert not found.whole
    assert found.since == BEGAN + timedelta(hours=3.5)
    assert found.found[ADA].missed == []  # type: ignore[index]
    assert found.found[BOB].signed == 2  # type: ignore[index]


def test_monitors_of__alone_on_a_panel__is_not_independent(store: Store) -> None:
    found = told(store, policy(1, ADA), policy(2, ADA, BOB, digest="0xq"))
    assert found.found[ADA].alone  # type: ignore[index]
    assert not found.found[BOB].alone  # type: ignore[index]


def test_monitors_of__dismissed__stands_last_and_says_when(store: Store) -> None:
    events = [admitted(ADA), admitted(BOB), happened("MonitorDismissed", hours=5, account=ADA)]
    found = told(store, *events)
    assert list(found.found) == [BOB, ADA]
    assert found.found[ADA].dismissed_at == BEGAN + timedelta(hours=5)  # type: ignore[index]
    assert not found.found[ADA].active  # type: ignore[index]
