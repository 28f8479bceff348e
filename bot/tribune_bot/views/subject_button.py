"""A button about something on the chain. It holds nothing but what it is about, so it outlives restarts.

What a press answers is the method of a cog that the button's `ACTION` names; a forged id finds nothing there
and says so.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

import discord

from tribune.language import spoken
from tribune_bot.errors import tell
from tribune_bot.words.speech import language_of


class SubjectButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tribune:never"):
    """A button about a subject, which its id names; `template` has it as the group `id`."""

    PREFIX: ClassVar[str] = "tribune"
    ACTION: ClassVar[str] = ""
    COG: ClassVar[str] = ""
    FORM: ClassVar[str] = "d"
    """How the id is written, as in a format string."""
    STYLE: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, subject: int) -> None:
        super().__init__(
            discord.ui.Button(label=self.label(), style=self.STYLE, custom_id=self.id_of(subject))
        )
        self.subject = subject

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return ""

    @classmethod
    def id_of(cls, subject: int) -> str:
        """Return the custom_id of a subject's button."""
        return f"{cls.PREFIX}:{cls.ACTION}:{subject:{cls.FORM}}"

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(int(match["id"], 0))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a press: defer first, then edit, so that three seconds are never missed."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                cog = interaction.client.get_cog(self.COG)
                await getattr(cog, self.ACTION)(interaction, self.subject)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)
