"""Subscribers are told once what happens to their models, and nothing of others or of what was before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from support.index import happened, put, state_changed
from tribune.store import queries
from tribune.store import subscriptions as kept
from tribune.store.session import Session, Store, open_store
from tribune.store.tables import ChainEvent, now
from tribune_bot.cogs.subscriptions import Subscriptions
from tribune_bot.posting.notices import KIND

ADA, BEN, CLEO = 11, 12, 13


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


def cog_of(store: Store) -> Subscriptions:
    models = {1: SimpleNamespace(name="loans"), 2: SimpleNamespace(name="@everyone")}

    async def look() -> Any:
        return SimpleNamespace(models=models)

    bot: Any = SimpleNamespace(
        services=SimpleNamespace(store=store, ballot_url=lambda case: f"https://dao.example/b/{case}"),
        directory=SimpleNamespace(look=look),
        notices=SimpleNamespace(outbox=SimpleNamespace(wake=lambda: None)),
    )
    return Subscriptions(bot)


def opened(case: int, model: int = 1, hours: float = 1) -> Any:
    return happened("CaseOpened", hours=hours, model_id=model, case_id=case, kind=0)


def put_now(session: Session, *events: ChainEvent) -> None:
    """Store events as if they had just happened."""
    for event in events:
        event.block_time = now()
    put(session, *events)


async def promised(store: Store) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in await store.read(queries.queued, [KIND]):
        found.setdefault(row.payload["user"], []).append(row.payload["text"])
    return found


async def test_take_in__case_and_stop_in_one_transaction__is_one_message_in_the_subscribers_language(
    store: Store,
) -> None:
    cog = cog_of(store)
    await cog.take_in()
    await store.run(kept.subscribe, ADA, 1, "en")
    await store.run(kept.subscribe, BEN, kept.EVERY_MODEL, "en")
    await store.run(kept.subscribe, CLEO, 2, "en")
    await store.run(lambda session: put_now(session, opened(7), state_changed(1, 1, 2, 1, until_hours=9)))
    await cog.take_in()
    found = await promised(store)
    assert set(found) == {ADA, BEN}
    [text] = found[ADA]
    assert text.startswith("**loans**\nCase 7 was opened: it broke a rule.\nIt was SUSPENDED until <t:")


async def test_take_in__vote_opened__finds_its_model_and_links_the_ballot(store: Store) -> None:
    cog = cog_of(store)
    await store.run(lambda session: put_now(session, opened(7)))
    await cog.take_in()
    await store.run(kept.subscribe, ADA, 1, "en")
    vote = happened(
        "CaseVoteOpened", hours=2, case_id=7, proposal_id=99, governor="0x", vote_ends=1_800_000_000
    )
    await store.run(lambda session: put_now(session, vote))
    await cog.take_in()
    [row] = await store.read(queries.queued, [KIND])
    assert "The vote on case 7 was opened" in row.payload["text"]
    assert row.payload["links"] == [["The case and its vote", "https://dao.example/b/7"]]


async def test_take_in__before_the_first_look__is_told_nobody(store: Store) -> None:
    await store.run(kept.subscribe, ADA, 1, "en")
    await store.run(lambda session: put_now(session, opened(7)))
    cog = cog_of(store)
    await cog.take_in()
    await cog.take_in()
    assert await promised(store) == {}


async def test_take_in__same_again_after_a_reorg__is_told_once(store: Store) -> None:
    cog = cog_of(store)
    await cog.take_in()
    await store.run(kept.subscribe, ADA, 1, "en")
    for hours in (1, 2):
        await store.run(put_now, opened(7, hours=hours))
        await cog.take_in()
    assert len((await promised(store))[ADA]) == 1


async def test_take_in__index_read_again__tells_nothing_of_long_ago(store: Store) -> None:
    cog = cog_of(store)
    await cog.take_in()
    await store.run(kept.subscribe, ADA, 1, "en")
    event = opened(7)
    event.block_time = now() - timedelta(days=8)
    await store.run(put, event)
    await cog.take_in()
    assert await promised(store) == {}


async def test_take_in__hostile_name__pings_nobody(store: Store) -> None:
    cog = cog_of(store)
    await cog.take_in()
    await store.run(kept.subscribe, ADA, 2, "en")
    await store.run(lambda session: put_now(session, opened(8, model=2)))
    await cog.take_in()
    assert "@everyone" not in (await promised(store))[ADA][0]


async def test_unsubscribe__one_or_all__forgets_just_these(store: Store) -> None:
    for model in (1, 2):
        await store.run(kept.subscribe, ADA, model, "de")
    await store.run(kept.subscribe, BEN, 1, "en")
    assert await store.run(kept.unsubscribe, ADA, 1) == 1
    assert await store.read(kept.subscribers_of, 1) == {BEN: "en"}
    assert await store.read(kept.subscribers_of, 2) == {ADA: "de"}
    assert await store.run(kept.unsubscribe, ADA) == 1
