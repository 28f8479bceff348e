"""Draft a proposal of the slow lane in Discord: a modal for the words, then a private preview with its page.

Nothing is proposed here: the draft's page is where a wallet with enough votes sends it. What is refused is
given back, so that nobody types it twice.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import discord

from tribune.ballots.slow_lane.drafts import (
    BACKTEST_BYTES,
    NAME_LIMIT,
    URI_LIMIT,
    WHY_LIMIT,
    AttachedBacktest,
    Draft,
    DraftRefusedError,
    attached_backtest,
    draft_monitor,
    draft_policy,
)
from tribune.ballots.told import sentence
from tribune.exceptions import TribuneError
from tribune.ids import Cid
from tribune.language import _, number, spoken
from tribune_bot.choices import find_model
from tribune_bot.errors import DiscordUnreachableError, discord_faults, tell
from tribune_bot.messages.proposal_message import call_lines
from tribune_bot.views.buttons import link_button
from tribune_bot.words.speech import language_of
from tribune_bot.words.text import fitted, harmless

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

_TITLE = 45
"""Characters of a modal's title and labels."""
_LONGEST = 4_000
"""Characters of a modal's field."""
_LINES = 30


class DraftModal(discord.ui.Modal):
    """Takes the words of a draft.

    Args:
        bot: who asks.
        title: of the modal.
    """

    def __init__(self, bot: TribuneBot, title: str) -> None:
        super().__init__(title=title[:_TITLE])
        self._bot = bot
        self._fields: list[discord.ui.TextInput[Any]] = []

    @abstractmethod
    async def draft(self, interaction: discord.Interaction[Any]) -> Draft:
        """Make the draft."""

    def _field(
        self, label: str, hint: str, *, limit: int, required: bool = False, long: bool = True
    ) -> discord.ui.TextInput[Any]:
        style = discord.TextStyle.paragraph if long else discord.TextStyle.short
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=style, max_length=min(limit, _LONGEST), required=required
        )
        self.add_item(discord.ui.Label(text=label[:_TITLE], description=hint[:100], component=field))
        self._fields.append(field)
        return field

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Show what would be proposed, and whether it works."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                draft = await self.draft(interaction)
                view = discord.ui.View(timeout=None)
                view.add_item(link_button(_("Open the draft"), self._bot.services.draft_url(draft.draft_id)))
                await interaction.edit_original_response(content=draft_text(draft), view=view)
            except TribuneError as fault:
                await self._give_back(interaction, fault)
            except Exception as fault:  # the boundary of a submission: discord.py would only log it
                await tell(interaction, fault)

    async def _give_back(self, interaction: discord.Interaction[Any], fault: TribuneError) -> None:
        text = "\n\n".join(field.value for field in self._fields if field.value)
        reason = harmless(sentence(fault), 1500)
        if not text:
            await interaction.edit_original_response(content=reason)
            return
        file = discord.File(io.BytesIO(text.encode("utf-8", "replace")), filename="your-text.txt")
        kept = _("Your text is attached, so that you need not type it again.")
        await interaction.edit_original_response(content=f"{reason}\n{kept}", attachments=[file])


class PolicyModal(DraftModal):
    """Takes a policy, where no file is attached, and why.

    Args:
        bot: who asks.
        typed: the model, as it was chosen or typed.
        policy: the attached file.
        backtest: the attached backtest.
        backtest_id: the backtest by its name, where it is not attached.
    """

    def __init__(
        self,
        bot: TribuneBot,
        typed: str,
        policy: discord.Attachment | None,
        backtest: discord.Attachment | None,
        backtest_id: str,
    ) -> None:
        super().__init__(bot, _("Propose rules for a model"))
        self._typed, self._policy = typed, policy
        self._backtest, self._backtest_id = backtest, backtest_id.strip()
        self._text: discord.ui.TextInput[Any] | None = None
        if policy is None:
            hint = _("The whole policy.toml, with panel = [..] in [frames].")
            self._text = self._field(_("The policy"), hint, limit=_LONGEST, required=True)
        self._why = self._field(_("Why?"), _("Public, in plain words; may be left out."), limit=WHY_LIMIT)

    async def draft(self, interaction: discord.Interaction[Any]) -> Draft:
        """Make the draft."""
        from tribune.ballots.slow_lane.policy_file import MOST_BYTES

        services = self._bot.services
        model_id = await find_model(self._bot, self._typed)
        if self._policy is not None:
            text = (await _bytes_of(self._policy, MOST_BYTES)).decode("utf-8", "replace")
        else:
            text = self._text.value if self._text is not None else ""
        backtest: Cid | AttachedBacktest | None = Cid(self._backtest_id) if self._backtest_id else None
        if self._backtest is not None:
            data = await _bytes_of(self._backtest, BACKTEST_BYTES)
            backtest = attached_backtest(services.settings.evidence_stores, data)
        return await draft_policy(
            services.store,
            services.contracts,
            services.documents,
            model_id=model_id,
            text=text,
            why=self._why.value,
            backtest=backtest,
            discord_user_id=interaction.user.id,
        )


class MonitorModal(DraftModal):
    """Takes what is to be said of a monitor, and why.

    Args:
        bot: who asks.
        address: its account, as it was typed.
        admit: whether to admit it; else it is to be dismissed.
    """

    def __init__(self, bot: TribuneBot, address: str, *, admit: bool) -> None:
        super().__init__(bot, _("Admit a monitor") if admit else _("Dismiss a monitor"))
        self._address, self._admit = address.strip(), admit
        self._name: discord.ui.TextInput[Any] | None = None
        self._uri: discord.ui.TextInput[Any] | None = None
        if admit:
            hint = _("As people shall know it.")
            self._name = self._field(_("Its name"), hint, limit=NAME_LIMIT, required=True, long=False)
            hint = _("Where it says who it is; may be left out.")
            self._uri = self._field(_("Address of its page"), hint, limit=URI_LIMIT, long=False)
        self._why = self._field(_("Why?"), _("Public, in plain words; may be left out."), limit=WHY_LIMIT)

    async def draft(self, interaction: discord.Interaction[Any]) -> Draft:
        """Make the draft."""
        from tribune.ballots.slow_lane.policy_file import account_of

        account = account_of(self._address)
        if account is None:
            raise DraftRefusedError(
                _("{text} is no address, or a mistyped one.").format(text=repr(self._address[:60])),
                mend=_("Copy the monitor's address anew: 0x and 40 hex digits."),
            )
        services = self._bot.services
        return await draft_monitor(
            services.store,
            services.contracts,
            services.documents,
            account=account,
            name=self._name.value if self._name is not None else "",
            uri=self._uri.value if self._uri is not None else "",
            admit=self._admit,
            why=self._why.value,
            discord_user_id=interaction.user.id,
        )


def draft_text(draft: Draft) -> str:
    """Return what a draft would do, whether it works, and what comes next."""
    lines = [
        _("**Draft: {title}**").format(title=harmless(draft.title, 200)),
        _("Nothing is proposed yet. A wallet with enough votes sends it from its page."),
    ]
    for failure in draft.failures:
        if failure:
            lines.append(
                _("**✗ Tried on the chain, it fails:** {reason}").format(reason=harmless(failure, 300))
            )
    if draft.works:
        lines.append(_("✓ Tried on the chain: it works."))
    if draft.backtest is not None and draft.backtest_fits:
        lines.append(_("✓ Its backtest is of exactly these rules."))
    lines.append(_("**What runs if it passes:**"))
    words = [line for call in draft.calls for line in call_lines(call)]
    if len(words) > _LINES:
        rest = len(words) - _LINES + 1
        words = [*words[: _LINES - 1], _("… and {n} more lines on its page").format(n=number(rest))]
    return fitted([*lines, *words])


async def _bytes_of(file: discord.Attachment, most: int) -> bytes:
    if file.size > most:
        raise DraftRefusedError(
            _("The attached file {name} is too long.").format(name=repr(file.filename[:60])),
            mend=_("At most {n} bytes are read.").format(n=number(most)),
        )
    try:
        with discord_faults("read an attachment"):
            return await file.read()
    except DiscordUnreachableError as fault:
        raise DraftRefusedError(
            _("The attached file {name} could not be read.").format(name=repr(file.filename[:60])),
            mend=_("Attach it again."),
        ) from fault
