"""Modals of drafts, in process: what they ask, how much they take, and that a refused text comes back."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import SimpleNamespace
from typing import Any

import pytest

from support.index import put, registered
from tribune.ballots.slow_lane.drafts import NAME_LIMIT, URI_LIMIT, WHY_LIMIT
from tribune.ballots.slow_lane.policy_file import MOST_BYTES
from tribune.store.session import Store
from unit.bot.views.modals import discord_of, fields

ACCOUNT = "0x00000000000000000000000000000000DeaDBeef"


def own_dao(store: Store) -> AbstractAsyncContextManager[tuple[Any, Any]]:
    """Return a server whose DAO decides with something of its own."""
    settings = SimpleNamespace(evidence_stores=[])
    return discord_of(
        store, contracts=SimpleNamespace(has_slow_lane=False), documents=None, settings=settings
    )


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
    async with own_dao(store) as (ada, channel):
        shown = await ada.slash(channel, command, **options)
        asked = fields(shown.modal)
        assert [one["max_length"] for one in asked] == limits
        assert not asked[-1]["required"]


@pytest.mark.parametrize("what", ["admit", "dismiss"])
async def test_modal__dao_decides_elsewhere__says_so_and_gives_the_words_back(
    store: Store, what: str
) -> None:
    async with own_dao(store) as (ada, channel):
        shown = await ada.slash(channel, "propose monitor", what=what, address=ACCOUNT)
        given = {one["custom_id"]: "words of mine" for one in fields(shown.modal)}
        result = await ada.submit_modal(shown, given)
        assert result.ephemeral
        assert "its own Safe, timelock or governor" in result.response.content
        assert result.response.attachments[0].filename == "your-text.txt"


async def test_modal__model_that_is_not_there__gives_the_policy_back(store: Store) -> None:
    async with own_dao(store) as (ada, channel):
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
    async with own_dao(store) as (ada, channel):
        files = {"policy": ("policy.toml", policy), "backtest": ("backtest.json", backtest)}
        shown = await ada.slash(channel, "propose policy", model="1", **files)
        [why] = (one["custom_id"] for one in fields(shown.modal))
        result = await ada.submit_modal(shown, {why: ""})
        assert told in result.response.content
