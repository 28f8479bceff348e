"""Modals of calls, in process: what they ask, how much they take, and that a refused text comes back."""

from __future__ import annotations

import pytest

from tribune.ballots.holders.documents import TEXT_LIMIT
from tribune.store.session import Store
from unit.bot.views.modals import discord_of, fields


@pytest.mark.parametrize(
    ("command", "title", "texts"),
    [("flag", "Stop a model", 1), ("propose pause", "Stop a model", 1), ("propose resume", "", 2)],
)
async def test_command__run__opens_a_modal_that_takes_no_more_than_a_document(
    store: Store, command: str, title: str, texts: int
) -> None:
    async with discord_of(store) as (ada, channel):
        shown = await ada.slash(channel, command, model="1")
        assert shown.modal["title"].startswith(title)
        *asked, links = fields(shown.modal)
        assert [one["max_length"] for one in asked] == [TEXT_LIMIT] * texts
        assert all(one["required"] for one in asked)
        assert not links["required"]


async def test_modal__model_that_is_not_there__gives_the_text_back_to_its_author_alone(store: Store) -> None:
    async with discord_of(store) as (ada, channel):
        shown = await ada.slash(channel, "flag", model="nothing")
        harm, links = (one["custom_id"] for one in fields(shown.modal))
        result = await ada.submit_modal(shown, {harm: "It insults people.", links: ""})
        assert result.ephemeral
        assert "There is no model 'nothing'" in result.response.content
        [file] = result.response.attachments
        assert file.filename == "your-text.txt"
