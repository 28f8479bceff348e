"""The buttons under a proposal's message. They hold nothing but its id, so they outlive restarts.

Its id and not its number, which a reorg may give to another proposal. Buttons of old messages hold a number.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self

import discord

from tribune.language import _, spoken
from tribune_bot.errors import tell
from tribune_bot.speech import language_of

if TYPE_CHECKING:
    from tribune_bot.cogs.slow_lane import SlowLane

_ID = r"(?P<id>0x[0-9a-f]{1,64}|[1-9][0-9]{0,8})"


class ProposalButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tribune:proposal:never"):
    """A button about a proposal."""

    ACTION: ClassVar[str] = ""
    STYLE: ClassVar[discord.ButtonStyle] = discord.ButtonStyle.secondary

    def __init__(self, proposal_id: int) -> None:
        super().__init__(
            discord.ui.Button(label=self.label(), style=self.STYLE, custom_id=self.id_of(proposal_id))
        )
        self.proposal_id = proposal_id

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return ""

    @classmethod
    def id_of(cls, proposal_id: int) -> str:
        """Return the custom_id of a proposal's button."""
        return f"tribune:proposal:{cls.ACTION}:{proposal_id:#x}"

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
                cog: SlowLane = interaction.client.get_cog("SlowLane")
                await getattr(cog, self.ACTION)(interaction, self.proposal_id)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class ProposalVoteButton(ProposalButton, template=rf"tribune:proposal:vote:{_ID}"):
    """Leads to the ballot."""

    ACTION = "vote"
    STYLE = discord.ButtonStyle.primary

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return _("Vote")


class DetailsButton(ProposalButton, template=rf"tribune:proposal:details:{_ID}"):
    """Says all that the proposal would do."""

    ACTION = "details"

    @classmethod
    def label(cls) -> str:
        """Return what the button says."""
        return _("What it does")


PROPOSAL_BUTTONS: tuple[type[ProposalButton], ...] = (ProposalVoteButton, DetailsButton)
