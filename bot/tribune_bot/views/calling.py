"""Begin a call in Discord: a modal for the words, then a private preview with a button that posts it.

The button holds the document's name, and the document all that it is about, so it outlives restarts; a forged
name finds no document. What is refused is given back, so that nobody types it twice.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Self

import discord

from tribune.ballots.holders.beginning import begin_call, plan_call
from tribune.ballots.holders.documents import LINK_LIMIT, LINKS, TEXT_LIMIT, Conclusion, Harm, parse_links
from tribune.ballots.told import sentence
from tribune.chain.enums import CaseKind
from tribune.exceptions import TribuneError
from tribune.ids import CaseId, Cid
from tribune.language import _, spoken
from tribune_bot.choices import find_model
from tribune_bot.errors import tell
from tribune_bot.messages.call_message import plan_message
from tribune_bot.views.buttons import link_button
from tribune_bot.words.speech import language_of
from tribune_bot.words.text import harmless

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

_TITLE = 45
"""Characters of a modal's title and labels."""


class CallModal(discord.ui.Modal):
    """Takes the words of a call.

    Args:
        bot: who asks.
        typed: the model, as it was chosen or typed.
        kind: HOLDER_PAUSE or HOLDER_RESUME.
    """

    def __init__(self, bot: TribuneBot, typed: str, kind: CaseKind) -> None:
        resuming = kind is CaseKind.HOLDER_RESUME
        title = _("Let a model answer again") if resuming else _("Stop a model")
        super().__init__(title=title[:_TITLE])
        self._bot, self._typed, self._kind = bot, typed, kind
        if resuming:
            self._texts = [
                self._field(_("What caused the incident?"), _("In plain words: holders decide by this.")),
                self._field(_("How was it mended?"), _("What is different now, and in which version.")),
            ]
        else:
            self._texts = [
                self._field(_("What harm does it do?"), _("In plain words: holders decide by this."))
            ]
        self._links = self._field(
            _("Evidence: links"),
            _("One a line, at most {most}; may be left out.").format(most=LINKS),
            limit=LINKS * (LINK_LIMIT + 1),
            required=False,
        )

    def _field(
        self, label: str, hint: str, *, limit: int = TEXT_LIMIT, required: bool = True
    ) -> discord.ui.TextInput[Any]:
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, max_length=limit, required=required
        )
        self.add_item(discord.ui.Label(text=label[:_TITLE], description=hint[:100], component=field))
        return field

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Show what would run, and ask once more."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                await self._preview(interaction)
            except TribuneError as fault:
                await self._give_back(interaction, fault)
            except Exception as fault:  # the boundary of a submission: discord.py would only log it
                await tell(interaction, fault)

    async def _preview(self, interaction: discord.Interaction[Any]) -> None:
        services = self._bot.services
        model_id = await find_model(self._bot, self._typed)
        links = parse_links(self._links.value)
        first, *more = [field.value for field in self._texts]
        said = Conclusion(first, more[0], CaseId(0), links) if more else Harm(first, links)
        stores = services.settings.evidence_urls
        plan = await plan_call(services.contracts, stores, self._kind, model_id, said)
        view = discord.ui.View(timeout=None)
        view.add_item(ConfirmButton(plan.cid))
        await interaction.edit_original_response(
            content=plan_message(plan, services.contracts.governor), view=view
        )

    async def _give_back(self, interaction: discord.Interaction[Any], fault: TribuneError) -> None:
        text = "\n\n".join(field.value for field in (*self._texts, self._links) if field.value)
        file = discord.File(io.BytesIO(text.encode("utf-8", "replace")), filename="your-text.txt")
        reason = harmless(sentence(fault), 1500)
        kept = _("Your text is attached, so that you need not type it again.")
        await interaction.edit_original_response(content=f"{reason}\n{kept}", attachments=[file])


class ConfirmButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tribune:call:(?P<cid>bafkrei[a-z2-7]{52})"
):
    """Posts a call that was shown to who presses it."""

    def __init__(self, cid: str) -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=_("Post it"), style=discord.ButtonStyle.primary, custom_id=f"tribune:call:{cid}"
        )
        super().__init__(button)
        self.cid = Cid(cid)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(match["cid"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Store the call, so that it is posted and collects signatures; pressed twice, it is one call."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                bot: TribuneBot = interaction.client
                cog: Any = bot.get_cog("Calls")
                services = bot.services
                row = await begin_call(
                    services.store, services.contracts, services.documents, self.cid, interaction.user.id
                )
                cog.wake()
                url = services.call_url(row.id or 0)
                view = discord.ui.View(timeout=None)
                view.add_item(link_button(_("Sign it yourself"), url))
                text = _("It is posted in the channel. Holders sign here: <{url}>").format(url=url)
                await interaction.edit_original_response(content=text, view=view)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)
