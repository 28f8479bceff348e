"""The buttons under a case's message; what a press answers is in `cogs/votes.py`."""

from __future__ import annotations

from typing import Any

import discord

from tribune.language import _
from tribune_bot.views.subject_button import SubjectButton

_NUMBER = r"(?P<id>[1-9][0-9]{0,18})"


class CaseButton(SubjectButton, template=r"tribune:never"):
    """A button about a case."""

    COG = "Votes"


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
