"""The buttons under a case's message. They hold nothing but the case's number, so they outlive restarts.

What a press answers is in `cogs/votes.py`; a press of a forged number finds no case and says so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord

from tribune.language import _, spoken
from tribune_bot.errors import tell
from tribune_bot.speech import language_of

if TYPE_CHECKING:
    from tribune_bot.cogs.votes import Votes

_NUMBER = r"(?P<case>[1-9][0-9]{0,18})"


class CaseButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tribune:never"):
    """A button about a case."""

    ACTION: ClassVar[str] = ""
    STYLE: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, case_id: int) -> None:
        super().__init__(
            discord.ui.Button(label=self.label(), style=self.STYLE, custom_id=self.id_of(case_id))
        )
        self.case_id = case_id

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return ""

    @classmethod
    def id_of(cls, case_id: int) -> str:
        """Return the custom_id of a case's button."""
        return f"tribune:{cls.ACTION}:{case_id}"

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(int(match["case"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press: defer first, then edit, so that three seconds are never missed."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                cog: Votes = interaction.client.get_cog("Votes")
                await getattr(cog, self.ACTION)(interaction, self.case_id)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class VoteButton(CaseButton, template=rf"tribune:vote:{_NUMBER}"):
    """Leads to the ballot."""

    ACTION = "vote"
    STYLE = discord.ButtonStyle.primary

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return _("Vote")


class CheckButton(CaseButton, template=rf"tribune:check:{_NUMBER}"):
    """Says how to recompute the report."""

    ACTION = "check"

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return _("Check it yourself")


class PowerButton(CaseButton, template=rf"tribune:power:{_NUMBER}"):
    """Shows the presser's voting power on this vote."""

    ACTION = "power"

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return _("My voting power")


BUTTONS: tuple[type[CaseButton], ...] = (VoteButton, CheckButton, PowerButton)


def link_button(label: str, url: str) -> discord.ui.Button[Any]:
    """Return a button that opens an address."""
    return discord.ui.Button(label=label, url=url, style=discord.ButtonStyle.link)


def evidence_button(url: str, *, conclusion: bool = False) -> discord.ui.Button[Any]:
    """Return the button to a case's document."""
    return link_button(_("See the conclusion") if conclusion else _("See the evidence"), url)
