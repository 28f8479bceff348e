"""A trail finds exactly what is wanted, newest first, on both databases; tokens' events are never in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from support.index import BEGAN, happened, put, registered, state_changed
from tribune.ballots.histories.kinds import EVERYTHING, names_of
from tribune.store.audit import Wanted, cases_of, trail, trail_size
from tribune.store.session import open_store
from tribune.store.tables import ChainEvent

ADA, BOB, NOBODY = "0x" + "ad" * 20, "0x" + "bb" * 20, "0x" + "00" * 20
FAST, SLOW = 2**255 + 1, 2**255 + 2
ALL = names_of(EVERYTHING)


def moved(contract: str, **args: Any) -> ChainEvent:
    return happened("Transfer", contract=contract, hours=2, **{"from": ADA, "to": BOB}, **args)


def proposed(contract: str, proposal: int, by: str, hours: float) -> ChainEvent:
    return happened("ProposalCreated", contract=contract, hours=hours, proposal_id=proposal, proposer=by)


def cast(proposal: int, voter: str = ADA) -> ChainEvent:
    return happened("VoteCast", contract="PauseGovernor", hours=6, proposal_id=proposal, voter=voter)


@pytest.fixture
def session(store_url: str) -> Iterator[Session]:
    with open_store(store_url) as store, store.session() as opened:
        put(
            opened,
            registered(1, "one"),
            registered(2, "two", hours=1),
            moved("ModelRegistry", token_id=1),
            moved("TribuneToken", value=5),
            state_changed(1, 1, 2, hours=3),
            happened("CaseOpened", hours=3, model_id=1, case_id=7),
            happened("CaseVoteOpened", hours=4, case_id=7, proposal_id=FAST),
            happened("ProposalCreated", contract="PauseGovernor", hours=4, proposal_id=FAST, proposer=BOB),
            happened(
                "ProposalCreated", contract="OversightGovernor", hours=5, proposal_id=SLOW, proposer=ADA
            ),
            cast(FAST),
            cast(SLOW, BOB),
            happened("Attested", contract="ReportHub", hours=7, model_id=2, monitor=BOB),
        )
        opened.flush()
        yield opened


def found(session: Session, wanted: Wanted) -> list[str]:
    events = trail(session, wanted, limit=100)
    assert trail_size(session, wanted) == len(events)
    return [f"{one.name} {one.contract}" if one.name == "ProposalCreated" else one.name for one in events]


def test_trail__everything__newest_first_without_tokens_and_doubles(session: Session) -> None:
    assert found(session, Wanted(ALL)) == [
        "Attested",
        "VoteCast",
        "VoteCast",
        "ProposalCreated OversightGovernor",
        "CaseVoteOpened",
        "CaseOpened",
        "StateChanged",
        "Transfer",
        "ModelRegistered",
        "ModelRegistered",
    ]


def test_trail__of_a_model__has_the_votes_on_its_cases(session: Session) -> None:
    assert found(session, Wanted(ALL, model_id=1)) == [
        "VoteCast",
        "CaseVoteOpened",
        "CaseOpened",
        "StateChanged",
        "Transfer",
        "ModelRegistered",
    ]
    assert found(session, Wanted(ALL, model_id=2)) == ["Attested", "ModelRegistered"]
    assert found(session, Wanted(ALL, model_id=3)) == []


def test_trail__of_an_account__is_what_it_did(session: Session) -> None:
    assert found(session, Wanted(ALL, account=ADA)) == [
        "VoteCast",
        "ProposalCreated OversightGovernor",
        "Transfer",
    ]
    assert found(session, Wanted(ALL, account=BOB)) == ["Attested", "VoteCast"]
    assert found(session, Wanted(ALL, model_id=1, account=ADA)) == ["VoteCast", "Transfer"]


def test_trail__between_times__from_the_first_up_to_before_the_last(session: Session) -> None:
    at = [BEGAN + timedelta(hours=hours) for hours in (3, 5)]
    assert found(session, Wanted(ALL, since=at[0], until=at[1])) == [
        "CaseVoteOpened",
        "CaseOpened",
        "StateChanged",
    ]
    assert found(session, Wanted(ALL, since=BEGAN + timedelta(days=9))) == []
    assert found(session, Wanted(ALL, until=BEGAN)) == []


def test_trail__of_one_kind__nothing_else(session: Session) -> None:
    assert found(session, Wanted(names_of("proposals"))) == ["ProposalCreated OversightGovernor"]
    assert "Attested" not in found(session, Wanted(names_of("")))


def test_trail__page_by_page__each_event_once(session: Session) -> None:
    wanted = Wanted(ALL)
    whole = [one.id for one in trail(session, wanted, limit=100)]
    pages = [one.id for start in (0, 4, 8) for one in trail(session, wanted, limit=4, offset=start)]
    assert pages == whole
    below: list[int | None] = [one.id for one in trail(session, wanted, limit=100, below=whole[3])]
    assert below == whole[4:]


def test_cases_of__votes_on_cases__and_no_others(session: Session) -> None:
    keys = {one.proposal for one in trail(session, Wanted(names_of("ballots")), limit=9) if one.proposal}
    assert cases_of(session, keys) == {FAST: 7}
