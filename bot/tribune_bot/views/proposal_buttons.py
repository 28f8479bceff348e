"""The buttons under a proposal's message.

They hold its id and not its number, which a reorg may give to another proposal; those of old messages hold a
number.
"""

from __future__ import annotations

import discord

from tribune.language import _
from tribune_bot.views.subject_button import SubjectButton

_ID = r"(?P<id>0x[0-9a-f]{1,64}|[1-9][0-9]{0,8})"


class ProposalButton(SubjectButton, template=r"tribune:proposal:never"):
    """A button about a proposal."""

    PREFIX = "tribune:proposal"
    COG = "SlowLane"
    FORM = "#x"


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
