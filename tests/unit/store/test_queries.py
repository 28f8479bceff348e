"""Each shared query, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session

from tribune.store import queries
from tribune.store.session import open_store
from tribune.store.states import BallotState, OutboxState, PeerVerdict, ReportState
from tribune.store.tables import ChainEvent, LinkToken, PeerCheck, SignedReport, StoredBallot, now


@pytest.fixture
def session(store_url: str) -> Iterator[Session]:
    with open_store(store_url) as store, store.session() as opened:
        yield opened


def report(frame: int = 3, version: int = 1, digest: str = "0x01", policy: str = "0x11") -> SignedReport:
    return SignedReport(
        monitor="0xM",
        model_id=1,
        frame=frame,
        version=version,
        digest=digest,
        policy=policy,
        manifest="0x",
        evidence="0x",
        report_values=[1, -(2**63)],
        witness="0x",
        signature="0x",
    )


def event(block: int, index: int = 0, name: str = "Tripped") -> ChainEvent:
    return ChainEvent(
        block_number=block,
        block_hash=f"0x{block}",
        block_time=now(),
        tx_hash="0x",
        log_index=index,
        address="0x",
        contract="KillSwitch",
        name=name,
        args={"model_id": block},
        topics=[],
        data="0x",
    )


def test_enqueue__same_key_twice__one_row_with_the_first_payload(session: Session) -> None:
    assert queries.enqueue(session, "k", "send", {"a": 1})
    assert not queries.enqueue(session, "k", "send", {"a": 2})
    row = queries.outbox_row(session, "k")
    assert row is not None
    assert row.payload == {"a": 1}


def test_queued__several__in_order_of_their_kinds(session: Session) -> None:
    for key, kind in (("1", "a"), ("2", "b"), ("3", "a")):
        queries.enqueue(session, key, kind, {})
    assert [row.key for row in queries.queued(session, ["a"])] == ["1", "3"]


def test_settle__done__leaves_the_queue_with_its_result(session: Session) -> None:
    queries.enqueue(session, "k", "a", {})
    (row,) = queries.queued(session, ["a"])
    assert row.id is not None
    queries.settle(session, row.id, OutboxState.DONE, result={"tx": "0x1"})
    assert queries.outbox_depth(session) == 0
    session.expire_all()
    settled = queries.outbox_row(session, "k")
    assert settled is not None
    assert (settled.state, settled.result, settled.attempts) == (OutboxState.DONE, {"tx": "0x1"}, 1)


@pytest.mark.parametrize("said", ["nul \x00 in it", "half a pair \ud800"])
def test_settle__error_of_any_text__stored(session: Session, said: str) -> None:
    queries.enqueue(session, "k", "a", {})
    (row,) = queries.queued(session, ["a"])
    queries.settle(session, row.id or 0, OutboxState.FAILED, result={"said": said}, error=said)
    session.expire_all()
    assert row.error.startswith(said[:3])
    assert row.result == {"said": said}


def test_postpone__row__stays_queued_with_its_error(session: Session) -> None:
    queries.enqueue(session, "k", "a", {})
    (row,) = queries.queued(session, ["a"])
    assert row.id is not None
    queries.postpone(session, row.id, now() + timedelta(seconds=9), "no answer")
    session.expire_all()
    (row,) = queries.queued(session, ["a"])
    assert (row.attempts, row.error) == (1, "no answer")
    assert row.not_before > now()


def test_events_since__names_given__only_those_in_order(session: Session) -> None:
    for block in (1, 2, 3):
        session.add(event(block, name="Tripped" if block != 2 else "Paused"))
    session.flush()
    found = queries.events_since(session, 0, names=["Tripped"])
    assert [e.block_number for e in found] == [1, 3]
    assert found[0].id is not None
    assert [e.block_number for e in queries.events_since(session, found[0].id)] == [2, 3]


def test_add_once__event_seen_before__not_inserted_again(session: Session) -> None:
    assert queries.add_once(session, event(1))
    assert not queries.add_once(session, event(1))


def test_roll_back__events_above__dropped_and_ids_never_reused(session: Session) -> None:
    for block in (1, 2, 3):
        queries.add_once(session, event(block))
    queries.remember_blocks(session, "n", {1: "0x1", 2: "0x2", 3: "0x3"}, keep=10)
    assert queries.roll_back(session, "n", 1) == 2
    assert [b.number for b in queries.remembered_blocks(session, "n")] == [1]
    queries.add_once(session, event(2))
    assert [e.id for e in queries.events_since(session, 0)] == [1, 4]


def test_roll_back__some_or_all__checkpoint_is_what_is_left(session: Session) -> None:
    queries.remember_blocks(session, "n", {1: "0x1", 4: "0x4"}, keep=10)
    queries.set_checkpoint(session, "n", 4, "0x4")
    queries.roll_back(session, "n", 3)
    session.flush()
    session.expire_all()
    at = queries.checkpoint(session, "n")
    assert at is not None
    assert (at.block_number, at.block_hash) == (1, "0x1")
    queries.roll_back(session, "n", 0)
    session.expire_all()
    assert queries.checkpoint(session, "n") is None


def test_remember_blocks__more_than_kept__oldest_forgotten(session: Session) -> None:
    queries.remember_blocks(session, "n", {0: "0x0", 1: "0x1"}, keep=2)
    queries.remember_blocks(session, "n", {2: "0x2", 3: "0x3", 4: "0x4"}, keep=2)
    assert [b.number for b in queries.remembered_blocks(session, "n")] == [4, 3]
    assert [b.number for b in queries.remembered_blocks(session, "n", limit=1)] == [4]


def test_block_of_event__up_to_a_number__newest_there(session: Session) -> None:
    for block in (3, 5):
        queries.add_once(session, event(block))
    assert queries.block_of_event(session, 4) == (3, "0x3")
    assert queries.block_of_event(session, 2) is None


def test_add_events__many__in_order_with_every_value(session: Session) -> None:
    rows = [event(block, name="Voted").model_dump(exclude={"id"}) for block in (2, 1)]
    rows[0]["args"] = {"n": 2**256 - 1, "text": "nul \x00, ⚖"}
    queries.add_events(session, rows)
    queries.add_events(session, [])
    found = queries.events_since(session, 0)
    assert [e.model_dump(exclude={"id"}) for e in found] == rows


def test_ballots__one_voter_twice__first_is_kept(session: Session) -> None:
    big = 2**255 + 1
    for support in (1, 0):
        queries.add_once(
            session, StoredBallot(proposal_id=str(big), voter="0xV", support=support, signature="0x")
        )
    (ballot,) = queries.ballots_of(session, big, state=BallotState.QUEUED)
    assert ballot.support == 1
    assert queries.ballot_of(session, big, "0xV") == ballot
    assert list(queries.ballots_in(session, BallotState.MINED)) == []


def test_spend_link_token__second_time_or_late_or_unknown__none(session: Session) -> None:
    session.add(
        LinkToken(token_sha256="a", discord_user_id=5, nonce="n", expires_at=now() + timedelta(hours=1))
    )
    session.add(LinkToken(token_sha256="b", discord_user_id=5, nonce="n", expires_at=now()))
    session.flush()
    spent = queries.spend_link_token(session, "a", now())
    assert spent is not None
    assert spent.discord_user_id == 5
    assert queries.spend_link_token(session, "a", now()) is None
    assert queries.spend_link_token(session, "b", now()) is None
    assert queries.spend_link_token(session, "c", now()) is None


def test_link_wallet__twice__listed_once(session: Session) -> None:
    queries.link_wallet(session, 5, "0xW")
    queries.link_wallet(session, 5, "0xW")
    assert queries.wallets_of(session, 5) == ["0xW"]


def test_store_signature__second_for_a_frame__first_is_in_force(session: Session) -> None:
    assert queries.store_signature(session, report()).digest == "0x01"
    kept = queries.store_signature(session, report(digest="0x02", version=2))
    assert kept.digest == "0x01"
    assert kept.report_values == [1, -(2**63)]


def test_store_signature__evaluations_of_two_versions_or_policies__all_kept(session: Session) -> None:
    queries.store_signature(session, report(frame=0, version=1, digest="0x01"))
    assert queries.store_signature(session, report(frame=0, version=2, digest="0x02")).digest == "0x02"
    stricter = report(frame=0, version=1, digest="0x03", policy="0x22")
    assert queries.store_signature(session, stricter).digest == "0x03"
    assert queries.store_signature(session, report(frame=0, version=1, digest="0x04")).digest == "0x01"


def test_store_signature__frame_under_another_policy__first_is_in_force(session: Session) -> None:
    queries.store_signature(session, report())
    assert queries.store_signature(session, report(digest="0x02", policy="0x22")).digest == "0x01"


def test_signed_report__frame_or_evaluation__found_by_what_makes_it_one(session: Session) -> None:
    queries.store_signature(session, report(frame=3, version=1, digest="0x01"))
    queries.store_signature(session, report(frame=0, version=1, digest="0x02"))
    frame = queries.signed_report(session, "0xM", 1, 3, 9, "0x99")
    evaluation = queries.signed_report(session, "0xM", 1, 0, 1, "0x11")
    assert frame is not None
    assert evaluation is not None
    assert (frame.digest, evaluation.digest) == ("0x01", "0x02")
    assert queries.signed_report(session, "0xM", 1, 0, 1, "0x99") is None
    assert queries.signed_report(session, "0xM", 1, 0, 9, "0x11") is None


def test_reports_in__several_states__those_in_order(session: Session) -> None:
    ids = [queries.store_signature(session, report(frame=frame)).id or 0 for frame in (1, 2, 3)]
    queries.set_report_state(session, ids[1], ReportState.FINAL)
    queries.set_report_state(session, ids[2], ReportState.COUNTED)
    found = queries.reports_in(session, "0xM", ReportState.COUNTED, ReportState.SIGNED)
    assert [row.frame for row in found] == [1, 3]
    assert list(queries.reports_in(session, "0xN", ReportState.SIGNED)) == []


def test_reports_in__two_models__those_of_the_one_asked_for(session: Session) -> None:
    for model_id in (1, 2):
        row = report()
        row.model_id = model_id
        queries.store_signature(session, row)
    found = queries.reports_in(session, "0xM", ReportState.SIGNED, model_id=2)
    assert [row.model_id for row in found] == [2]


def test_set_report_state__moved_on__keeps_what_is_not_given(session: Session) -> None:
    kept = queries.store_signature(session, report())
    assert kept.id is not None
    queries.set_report_state(session, kept.id, ReportState.COUNTED, tx_hash="0xT", block_number=7)
    queries.set_report_state(session, kept.id, ReportState.FINAL)
    session.expire_all()
    assert (kept.state, kept.tx_hash, kept.block_number) == (ReportState.FINAL, "0xT", 7)


def test_set_report_state__refused_then_back__reason_kept_then_gone(session: Session) -> None:
    kept = queries.store_signature(session, report())
    assert kept.id is not None
    queries.set_report_state(session, kept.id, ReportState.REFUSED, error="too late")
    session.expire_all()
    assert kept.error == "too late"
    queries.set_report_state(session, kept.id, ReportState.PUBLISHED, tx_hash="", block_number=0)
    session.expire_all()
    assert (kept.error, kept.tx_hash, kept.block_number) == ("", "", 0)


def peer(verdict: PeerVerdict, peer: str = "0xP") -> PeerCheck:
    return PeerCheck(monitor="0xM", model_id=1, version=1, frame=3, peer=peer, verdict=verdict)


def test_record_peer_check__absent_first__gives_way_to_what_is_found(session: Session) -> None:
    assert queries.record_peer_check(session, peer(PeerVerdict.ABSENT)) == PeerVerdict.ABSENT
    assert queries.record_peer_check(session, peer(PeerVerdict.DIFFERS)) == PeerVerdict.DIFFERS
    queries.record_peer_check(session, peer(PeerVerdict.OK, "0xQ"))
    assert queries.peer_verdicts(session, "0xM", 1, 1, 3) == {
        "0xP": PeerVerdict.DIFFERS,
        "0xQ": PeerVerdict.OK,
    }
    assert queries.peer_verdicts(session, "0xM", 1, 1, 4) == {}


def test_record_peer_check__right_first_then_wrong__differs(session: Session) -> None:
    queries.record_peer_check(session, peer(PeerVerdict.OK))
    assert queries.record_peer_check(session, peer(PeerVerdict.ABSENT)) == PeerVerdict.OK
    assert queries.record_peer_check(session, peer(PeerVerdict.DIFFERS)) == PeerVerdict.DIFFERS


@pytest.mark.parametrize("later", [PeerVerdict.OK, PeerVerdict.ABSENT])
def test_record_peer_check__found_to_differ__stays_so(session: Session, later: PeerVerdict) -> None:
    queries.record_peer_check(session, peer(PeerVerdict.DIFFERS))
    assert queries.record_peer_check(session, peer(later)) == PeerVerdict.DIFFERS
    assert queries.peer_verdicts(session, "0xM", 1, 1, 3) == {"0xP": PeerVerdict.DIFFERS}
