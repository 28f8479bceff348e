"""Who signed is told what became of it, once, however long nobody was there to tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.store import queries
from tribune.store.session import Store, open_store
from tribune.store.states import BallotState
from tribune.store.tables import SignedDelegation, StoredBallot, now
from tribune_bot.cogs.voter_notices import READER, VoterNotices
from tribune_bot.posting.notices import KIND

ADA = 11
WALLET = "0x" + "aa" * 20


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        with opened.session() as session:
            queries.set_checkpoint(session, READER, 0, "")
        yield opened


def put(store: Store, *rows: Any) -> None:
    with store.session() as session:
        for row in rows:
            session.merge(row)


def restarted(store: Store) -> VoterNotices:
    """Return the notices of a new life of the bot."""

    @asynccontextmanager
    async def speaking() -> Any:
        yield

    async def read(*_asked: Any) -> list[int]:
        return [18]

    bot: Any = SimpleNamespace(
        services=SimpleNamespace(
            store=store,
            contracts=SimpleNamespace(read=read),
            ballot_url=lambda case: f"https://dao.example/b/{case}",
        ),
        servers=SimpleNamespace(speaking=speaking),
        notices=SimpleNamespace(outbox=SimpleNamespace(wake=lambda: None)),
    )
    return VoterNotices(bot)


async def promised(store: Store) -> list[str]:
    rows = await store.read(queries.queued, [KIND])
    return [row.payload["text"] for row in rows if row.payload["user"] == ADA]


async def test_take_in__refused_and_then_away_for_a_day__is_told_once(store: Store) -> None:
    refused = StoredBallot(
        proposal_id="9",
        case_id=7,
        discord_user_id=ADA,
        voter=WALLET,
        support=1,
        signature="0x01",
        state=BallotState.REJECTED,
        error="The vote had ended before this ballot could be counted.",
        updated_at=now() - timedelta(days=1),
    )
    put(store, refused)
    for _ in range(2):
        await restarted(store).take_in()
    [text] = await promised(store)
    assert text.endswith("was not counted. The vote had ended before this ballot could be counted.")


async def test_take_in__delegation_refused_signed_again_and_refused_again__is_told_each_time(
    store: Store,
) -> None:
    await store.run(queries.link_wallet, ADA, WALLET)
    cog = restarted(store)
    for hours in (2, 1):
        refused = SignedDelegation(
            id=1,
            delegator=WALLET,
            delegatee=WALLET,
            nonce=0,
            expiry=now(),
            signature="0x01",
            state=BallotState.REJECTED,
            updated_at=now() - timedelta(seconds=hours),
        )
        put(store, refused)
        await cog.take_in()
        await cog.take_in()
    assert len(await promised(store)) == 2
