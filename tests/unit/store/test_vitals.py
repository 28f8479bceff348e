"""What a store's health is read from, on rows written as the parts write them."""

from __future__ import annotations

from datetime import timedelta

from tribune.store.queries import enqueue, outbox_row, set_checkpoint, settle
from tribune.store.session import open_store
from tribune.store.states import BallotState, OutboxState
from tribune.store.tables import StoredBallot, now
from tribune.store.vitals import StoreVitals, store_vitals


def test_store_vitals__empty_store__nothing_waits() -> None:
    with open_store("sqlite://") as store, store.session() as session:
        assert store_vitals(session) == StoreVitals({"queued": 0, "failed": 0}, 0.0, 0.0, None)


def test_store_vitals__rows_in_each_state__what_is_done_is_left_out() -> None:
    with open_store("sqlite://") as store, store.session() as session:
        for key, state in (("a", OutboxState.DONE), ("b", OutboxState.FAILED), ("c", None), ("d", None)):
            enqueue(session, key, "kind", {})
            row = outbox_row(session, key)
            assert row is not None
            if state is None:
                row.created_at = now() - timedelta(seconds=90 if key == "c" else 30)
            else:
                settle(session, row.id or 0, state, result={})
        set_checkpoint(session, "indexer", 12, "0x0")
        found = store_vitals(session)
    assert found.rows == {"queued": 2, "failed": 1}
    assert 89 < found.oldest_s < 100
    assert found.indexed == 12


def test_store_vitals__ballots__the_oldest_that_is_in_no_block() -> None:
    with open_store("sqlite://") as store, store.session() as session:
        for voter, state, age_s in (("0x1", BallotState.MINED, 900), ("0x2", BallotState.RELAYED, 60)):
            session.add(
                StoredBallot(
                    proposal_id="1",
                    voter=voter,
                    support=1,
                    signature="0x",
                    state=state,
                    created_at=now() - timedelta(seconds=age_s),
                )
            )
        assert 59 < store_vitals(session).ballot_s < 70
