"""Which disputed frames belong together, and when a dispute is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.index import BEGAN, happened, put
from tribune.ballots.histories.disputes import Dispute, find_disputes
from tribune.store.session import Store, open_store
from tribune.store.tables import ChainEvent

ADA, BEN, CLEO = ("0x" + digit * 40 for digit in "abc")


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


def disputed(frame: int, version: int = 1, model: int = 1) -> ChainEvent:
    return happened(
        "FrameDisputed", contract="ReportHub", hours=frame, model_id=model, version=version, frame=frame
    )


def judged(frame: int, version: int = 1) -> ChainEvent:
    return happened(
        "ReportJudged", contract="ReportHub", hours=frame, model_id=1, version=version, frame=frame
    )


def attested(frame: int, monitor: str, report: str) -> ChainEvent:
    return happened(
        "Attested",
        contract="ReportHub",
        model_id=1,
        version=1,
        frame=frame,
        monitor=monitor,
        report=report,
        witness="0x",
    )


async def found(store: Store, *events: ChainEvent) -> list[Dispute]:
    with store.session() as session:
        put(session, *events)
    return await find_disputes(store)


def frames(disputes: list[Dispute]) -> list[tuple[int, int, int | None]]:
    return [(one.first, one.last, one.agreed) for one in disputes]


async def test_find_disputes__frames_in_a_row__are_one(store: Store) -> None:
    assert frames(await found(store, disputed(3), disputed(4), disputed(6))) == [(3, 6, None)]


async def test_find_disputes__judged_in_between__are_two_and_the_first_is_over(store: Store) -> None:
    one, two = await found(store, disputed(3), judged(4), judged(5), disputed(6))
    assert frames([one, two]) == [(3, 3, 4), (6, 6, None)]
    assert (two.since - BEGAN).total_seconds() == 6 * 3600


async def test_find_disputes__other_version_or_model__is_another(store: Store) -> None:
    every = await found(
        store, disputed(3), disputed(4, version=2), disputed(5, model=2), judged(6, version=2)
    )
    assert frames(every) == [(3, 3, None), (4, 4, 6), (5, 5, None)]


async def test_find_disputes__evaluation__stands_alone(store: Store) -> None:
    assert frames(await found(store, disputed(0), disputed(3), judged(1))) == [(0, 0, None), (3, 3, None)]


async def test_find_disputes__signatures__group_who_agrees_with_whom(store: Store) -> None:
    [one] = await found(
        store, attested(3, ADA, "0x01"), attested(3, BEN, "0x02"), attested(3, CLEO, "0x02"), disputed(3)
    )
    assert one.results == ((BEN, CLEO), (ADA,))
