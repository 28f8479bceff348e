"""What the index says of a model, of monitors and of wallets, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from support.index import happened, put
from tribune.store.delegates import delegated_at, largest_delegates
from tribune.store.happenings import admitted_monitors, judged_report, last_signatures, signatures
from tribune.store.session import open_store
from tribune.store.tables import ChainEvent, WalletLink
from tribune.store.wallets import links_of, public_owners, set_public


@pytest.fixture
def session(store_url: str) -> Iterator[Session]:
    with open_store(store_url) as store, store.session() as opened:
        yield opened


def test_wallet_links__until_the_owner_says_so__are_private(session: Session) -> None:
    session.add_all(
        [WalletLink(discord_user_id=2**60, wallet="0xA"), WalletLink(discord_user_id=2, wallet="0xB")]
    )
    session.flush()
    assert public_owners(session, ["0xA", "0xB"]) == {}
    assert set_public(session, 2**60, "0xA", True)
    assert not set_public(session, 2, "0xA", True)
    session.expire_all()
    assert public_owners(session, ["0xA", "0xB", "0xC"]) == {"0xA": 2**60}
    assert [(one.wallet, one.public) for one in links_of(session, 2**60)] == [("0xA", True)]
    assert set_public(session, 2**60, "0xA", False)
    assert public_owners(session, ["0xA"]) == {}


def test_public_owners__wallet_of_two_users__is_nobodys(session: Session) -> None:
    for user in (1, 2):
        session.add(WalletLink(discord_user_id=user, wallet="0xA", public=True))
    session.flush()
    assert public_owners(session, ["0xA"]) == {}


def judged(frame: int, model: int = 1) -> ChainEvent:
    return happened("ReportJudged", model_id=model, frame=frame)


def test_judged_report__newest_in_service__before_an_evaluation(session: Session) -> None:
    put(session, judged(0), judged(7), judged(8), judged(0), judged(9, model=2))
    session.flush()

    def frame_of(frame: int | None, model: int = 1) -> int | None:
        found = judged_report(session, model, frame)
        return None if found is None else int(found.args["frame"])

    assert [frame_of(None), frame_of(7), frame_of(0), frame_of(6)] == [8, 7, 0, None]
    assert frame_of(None, model=3) is None


def test_signatures__of_a_frame__in_order(session: Session) -> None:
    put(
        session,
        happened("Attested", model_id=1, version=1, frame=3, monitor="0xB", report="0x1"),
        happened("Attested", model_id=1, version=2, frame=3, monitor="0xA", report="0x1"),
        happened("Attested", model_id=1, version=1, frame=3, monitor="0xA", report="0x2"),
        happened("Attested", model_id=2, version=1, frame=3, monitor="0xC", report="0x1"),
    )
    session.flush()
    assert signatures(session, 1, 1, 3) == [("0xB", "0x1"), ("0xA", "0x2")]
    newest = {monitor: event.model_id for monitor, event in last_signatures(session, 3).items()}
    assert newest == {"0xC": 2, "0xA": 1}


def test_admitted_monitors__dismissed__are_left_out(session: Session) -> None:
    put(
        session,
        happened("MonitorAdmitted", account="0xA", name="a", uri=""),
        happened("MonitorAdmitted", account="0xB", name="b", uri=""),
        happened("MonitorDismissed", account="0xA"),
    )
    session.flush()
    assert admitted_monitors(session) == {"0xB": "b"}


def test_largest_delegates__last_change_counts__the_most_first(session: Session) -> None:
    def votes(delegate: str, amount: int, contract: str = "TribuneToken") -> ChainEvent:
        return happened("DelegateVotesChanged", contract=contract, delegate=delegate, new_votes=amount)

    put(session, votes("0xA", 5), votes("0xB", 10**30), votes("0xA", 7), votes("0xC", 3), votes("0xC", 0))
    session.flush()
    assert largest_delegates(session, 5) == [("0xB", 10**30), ("0xA", 7)]
    assert largest_delegates(session, 1) == [("0xB", 10**30)]


def test_delegated_at__several_times__is_the_last(session: Session) -> None:
    changed = [
        happened("DelegateChanged", contract="TribuneToken", hours=hours, delegator="0xA") for hours in (1, 2)
    ]
    put(session, *changed)
    session.flush()
    assert delegated_at(session, ["0xA", "0xB"]) == {"0xA": changed[1].block_time}
