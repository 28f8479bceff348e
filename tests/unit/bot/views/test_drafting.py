"""Modals of drafts, in process: what they ask, how much they take, and that a refused text comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import simcord

from support.index import BEGAN, put, registered
from tribune.ballots.slow_lane.drafts import NAME_LIMIT, URI_LIMIT, WHY_LIMIT
from tribune.ballots.slow_lane.policy_file import MOST_BYTES
from tribune.store.session import Store, open_store
from tribune_bot.client import TribuneBot

ACCOUNT = "0x00000000000000000000000000000000DeaDBeef"


@pytest.fixture
def store(tmp_path: Any) -> Any:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@asynccontextmanager
async def discord_of(store: Store) -> AsyncIterator[tuple[Any, Any]]:
    """Yield a member and a channel of a server whose DAO decides with something of its own."""
    indexer = SimpleNamespace(run=None, head=SimpleNamespace(time=BEGAN + timedelta(hours=10)))
    contracts = SimpleNamespace(has_slow_lane=False)
    services: Any = SimpleNamespace(
        store=store,
        channel_id=1,
        guild_id=2,
        indexer=indexer,
        contracts=contracts,
        documents=None,
        settings=SimpleNamespace(evidence_stores=[]),
    )
    async with simcord.run(TribuneBot(services)) as env:
        guild = env.create_guild(id=2)
        member = guild.add_member(env.create_user("ada"))
        yield member, guild.create_text_channel("oversight")


def fields(modal: dict[str, Any]) -> list[dict[str, Any]]:
    return [outer["component"] for outer in modal["components"]]


@pytest.mark.parametrize(
    ("command", "options", "limits"),
    [
        ("propose policy", {"model": "1"}, [4_000, WHY_LIMIT]),
        ("propose monitor", {"what": "admit", "address": ACCOUNT}, [NAME_LIMIT, URI_LIMIT, WHY_LIMIT]),
        ("propose monitor", {"what": "dismiss", "address": ACCOUNT}, [WHY_LIMIT]),
    ],
)
async def test_command__run__opens_a_modal_that_takes_no_more_than_a_draft(
    store: Store, command: str, options: dict[str, str], limits: list[int]
) -> None:
    async with discord_of(store) as (ada, channel):
        shown = await ada.slash(channel, command, **options)
        asked = fields(shown.modal)
        assert [one["max_length"] for one in asked] == limits
        assert not asked[-1]["required"]


@pytest.mark.parametrize("what", ["admit", "dismiss"])
async def test_modal__dao_decides_elsewhere__says_so_and_gives_the_words_back(
    store: Store, what: str
) -> None:
    async with discord_of(store) as (ada, channel):
        shown = await ada.slash(channel, "propose monitor", what=what, address=ACCOUNT)
        given = {one["custom_id"]: "words of mine" for one in fields(shown.modal)}
        result = await ada.submit_modal(shown, given)
        assert result.ephemeral
        assert "its own Safe, timelock or governor" in result.response.content
        assert result.response.attachments[0].filename == "your-text.txt"


async def test_modal__model_that_is_not_there__gives_the_policy_back(store: Store) -> None:
    async with discord_of(store) as (ada, channel):
        shown = await ada.slash(channel, "propose policy", model="nothing")
        text, why = (one["custom_id"] for one in fields(shown.modal))
        result = await ada.submit_modal(shown, {text: "[frames]", why: ""})
        assert "There is no model 'nothing'" in result.response.content
        assert result.response.attachments[0].filename == "your-text.txt"


@pytest.mark.parametrize(
    ("policy", "backtest", "told"),
    [
        (b"[frames]", b"not a backtest", "The attached file is no backtest"),
        (b"x" * (MOST_BYTES + 1), b"{}", "The attached file 'policy.toml' is too long"),
    ],
)
async def test_modal__attached_files_unfit__each_is_refused_by_name(
    store: Store, policy: bytes, backtest: bytes, told: str
) -> None:
    with store.session() as session:
        put(session, registered(1, "acs-employment"))
    async with discord_of(store) as (ada, channel):
        files = {"policy": ("policy.toml", policy), "backtest": ("backtest.json", backtest)}
        shown = await ada.slash(channel, "propose policy", model="1", **files)
        [why] = (one["custom_id"] for one in fields(shown.modal))
        result = await ada.submit_modal(shown, {why: ""})
        assert told in result.response.content
