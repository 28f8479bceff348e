"""Turning the pages of a long answer. A button holds which answer and which page, so it outlives restarts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol, Self

import discord

from tribune.language import _, spoken
from tribune_bot.errors import tell
from tribune_bot.words.speech import language_of

LONGEST_ABOUT = 60
"""Characters of what an answer is about; a button's id has at most 100."""


@dataclass(frozen=True)
class Page:
    """One page of an answer.

    Args:
        content: its text.
        number: which page, from 1.
        pages: how many there are.
    """

    content: str
    number: int = 1
    pages: int = 1


class Paged(Protocol):
    """A cog that has an answer of several pages."""

    async def page(self, about: str, number: int) -> Page:
        """Return a page; one beyond the last is the last."""


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"tribune:page:(?P<cog>[A-Z][A-Za-z]{0,15}):(?P<number>[1-9][0-9]{0,5}):(?P<about>[^\n]{0,60})",
):
    """Leads to another page."""

    def __init__(
        self, cog: str, number: int, about: str, label: str = "…", *, disabled: bool = False
    ) -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label, custom_id=f"tribune:page:{cog}:{number}:{about}", disabled=disabled
        )
        super().__init__(button)
        self.cog, self.number, self.about = cog, number, about

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(match["cog"], int(match["number"]), match["about"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn to the page; the answer that holds the button changes."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer()
                cog = interaction.client.get_cog(self.cog)
                if not hasattr(cog, "page"):  # a button of another release
                    return
                page = await cog.page(self.about, self.number)
                await show_page(interaction, self.cog, self.about, page)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


async def show_page(interaction: discord.Interaction[Any], cog: str, about: str, page: Page) -> None:
    """Edit an interaction's answer to be a page, with buttons where there are more."""
    view = discord.ui.View(timeout=None) if page.pages > 1 else None
    if view is not None:
        before, after = page.number - 1, page.number + 1
        view.add_item(PageButton(cog, max(before, 1), about, _("Back"), disabled=before < 1))
        # The ids of the two may not be equal, which they are on no page: one is lower, one is higher.
        view.add_item(PageButton(cog, after, about, _("More"), disabled=after > page.pages))
    await interaction.edit_original_response(content=page.content, view=view)


def paging(count: int, each: int, number: int) -> tuple[int, int, slice]:
    """Return (page shown, pages, the slice of it) of so many things; a page beyond the last is the last."""
    pages = max(1, -(-count // each))
    shown = min(max(number, 1), pages)
    return shown, pages, slice((shown - 1) * each, shown * each)
