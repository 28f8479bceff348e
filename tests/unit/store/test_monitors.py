"""What a store says of the monitors that used it, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from tribune.store import monitors, queries
from tribune.store.session import open_store
from tribune.store.states import PeerVerdict, ReportState
from tribune.store.tables import PeerCheck
from unit.store.test_queries import report


@pytest.fixture
def session(store_url: str) -> Iterator[Session]:
    """A store in which monitor 0xM evaluated version 1, and reported frames 1 to 3."""
    with open_store(store_url) as store, store.session() as opened:
        ids = [queries.store_signature(opened, report(frame=frame)).id or 0 for frame in range(4)]
        queries.set_report_state(opened, ids[0], ReportState.COUNTED)
        queries.set_report_state(opened, ids[1], ReportState.FINAL)
        queries.set_report_state(opened, ids[2], ReportState.COUNTED)
        for frame, peer, verdict in (
            (1, "0xA", PeerVerdict.DIFFERS),
            (2, "0xA", PeerVerdict.OK),
            (2, "0xB", PeerVerdict.DIFFERS),
        ):
            opened.add(
                PeerCheck(monitor="0xM", model_id=1, version=1, frame=frame, peer=peer, verdict=verdict)
            )
        opened.flush()
        yield opened


def test_report_counts__several_states__by_model(session: Session) -> None:
    assert monitors.report_counts(session, "0xM") == {1: {"counted": 2, "final": 1, "signed": 1}}
    assert monitors.report_counts(session, "0xN") == {}


@pytest.mark.parametrize(
    ("states", "frame"),
    [
        ((), 3),
        ((ReportState.FINAL,), 1),
        ((ReportState.COUNTED, ReportState.FINAL), 2),
    ],
)
def test_newest_report__some_states__the_newest_frame_of_those(
    session: Session, states: tuple[ReportState, ...], frame: int
) -> None:
    found = monitors.newest_report(session, "0xM", 1, *states)
    assert found is not None
    assert found.frame == frame


def test_newest_report__none_in_this_state__none(session: Session) -> None:
    assert monitors.newest_report(session, "0xM", 1, ReportState.REFUSED) is None


def test_peer_counts__two_peers__by_verdict(session: Session) -> None:
    assert monitors.peer_counts(session, "0xM") == {"0xA": {"differs": 1, "ok": 1}, "0xB": {"differs": 1}}


def test_differing_witnesses__of_two_peers__one_number_for_the_model(session: Session) -> None:
    assert monitors.differing_witnesses(session, "0xM") == {1: 2}
