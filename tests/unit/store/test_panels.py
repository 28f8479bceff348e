"""What is read of monitors' events, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from support.index import BEGAN, happened, put
from tribune.store.panels import Outcome, panel_events
from tribune.store.session import open_store

ADA, BOB = "0xA", "0xB"


def test_panel_events__more_than_are_wanted__the_newest_and_what_was_judged_since(store_url: str) -> None:
    of: dict[str, Any] = {"model_id": 7, "version": 2}
    report = {"policy": "0xp", "values": [1, 2]}
    with open_store(store_url) as store, store.session() as session:
        put(
            session,
            happened("MonitorAdmitted", account=ADA, name="a", uri=""),
            happened("Attested", frame=1, monitor=ADA, report="0x1", **of),
            happened("ReportJudged", frame=1, digest="0x1", report=report, **of),
            happened("Attested", hours=2, frame=2, monitor=BOB, report="0x2", **of),
            happened("Attested", hours=3, frame=2, monitor=ADA, report="0x3", **of),
            happened("ReportJudged", hours=3, frame=2, digest="0x2", report=report, **of),
            happened("FrameStale", hours=4, frame=3, case_id=0, **of),
        )
        found = panel_events(session, 2)
        assert [one.args["account"] for one in found.registry] == [ADA]
        assert [(one.monitor, one.frame, one.report) for one in found.signed] == [
            (BOB, 2, "0x2"),
            (ADA, 2, "0x3"),
        ]
        later = BEGAN + timedelta(hours=3)
        assert found.judged == [
            Outcome(later, 7, 2, 2, "0x2", "0xp"),
            Outcome(later + timedelta(hours=1), 7, 2, 3, None, None),
        ]
        assert not found.whole
        assert panel_events(session, 4).whole
