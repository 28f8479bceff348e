"""`/model`: how one model stands, by which rules it is judged, and what it has behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.histories.track_record import EVENTS, TrackRecord, track_record
from tribune.exceptions import TribuneError
from tribune.ids import FrameIndex, ModelId
from tribune.language import _, number, plural
from tribune.reports.oversight import independence, watched
from tribune.store.happenings import events_of_model
from tribune_bot import choices
from tribune_bot.words.standing import DOTS, halt_line, state_word
from tribune_bot.words.text import dated, fitted, harmless, moment

if TYPE_CHECKING:
    from tribune.chain.kill_switch import ModelStatus
    from tribune.metrics.spec import ModelSpec
    from tribune_bot.client import TribuneBot


class OneModel(commands.Cog, name="Model"):
    """One model."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="How one model stands, and by which rules it is judged")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def model(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Show a model."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model_id = await choices.find_model(self.bot, model)
        tribune = self.services.tribune
        status = await tribune.kill_switch.status(model_id)
        name = harmless(await tribune.model_registry.name(model_id), 60) or _("(no name)")
        lines = [*_heading(name, status), *await self._because(status)]
        lines.append(
            _("**Steward:** `{wallet}`").format(wallet=await tribune.model_registry.steward(model_id))
        )
        lines.append(_("**So far:** {record}").format(record=_told(await self._record(model_id, status))))
        lines += await self._rules(model_id, await self._spec(status))
        await interaction.edit_original_response(content=fitted(lines))

    async def _because(self, status: ModelStatus) -> list[str]:
        if not status.case_id:
            return []
        return [_("**Because of:** <{url}>").format(url=self.services.ballot_url(status.case_id))]

    async def _record(self, model_id: ModelId, status: ModelStatus) -> TrackRecord:
        events = await self.services.store.read(events_of_model, model_id, EVENTS)
        return track_record(events[::-1], status.block_time)

    async def _spec(self, status: ModelStatus) -> ModelSpec | None:
        """Return what the version's columns are called; None without a version, or without its profile."""
        if not status.version:
            return None
        version = await self.services.tribune.model_registry.version(status.model_id, status.version)
        profile = await self.services.documents.profile(version.details.profile)
        return None if profile is None else profile.spec

    async def _rules(self, model_id: ModelId, spec: ModelSpec | None) -> list[str]:
        from tribune.metrics.policies.policy import Rule
        from tribune.metrics.policies.words import describe

        record = await self.services.tribune.policy_book.policy_for(model_id, FrameIndex(0))
        if record is None:
            return [_("**Rules:** none, so it may not run")]
        lines = []
        for rule in record.policy.rules:
            try:
                lines.append(f"- {harmless(describe(Rule.from_chain(rule.on_chain()), spec), 200)}")
            except TribuneError:  # a rule of a newer release
                lines.append(f"- {harmless(rule.on_chain()[0], 100)}")
        alone = independence(len(record.policy.panel))
        measured = [_("**Measured by:** {who}").format(who=alone)] if alone else []
        return [*measured, _("**Rules, set by vote:**"), *lines]


def _heading(name: str, status: ModelStatus) -> list[str]:
    told = _("{dot} **{name}** v{version}, {state}") if status.version else _("{dot} **{name}**, {state}")
    dot, state = DOTS[status.state], state_word(status.state)
    lines = [told.format(dot=dot, name=name, version=status.version, state=state)]
    if status.halted:
        lines.append(halt_line(status))
    words = watched(status.oversight, in_service=status.is_operational)
    lines.append(_("**Watched:** {how}").format(how=words))
    if status.until is not None:
        lines.append(_("**Stopped until:** {when} at the latest").format(when=dated(status.until)))
    return lines


def _told(record: TrackRecord) -> str:
    if record.since is None:
        return _("it was never in service")
    days = record.active.days
    service = (
        plural("{n} day in service", "{n} days in service", days).format(n=number(days))
        if days
        else _("less than a day in service")
    )
    breaches = plural("{n} rule broken", "{n} rules broken", record.breaches).format(
        n=number(record.breaches)
    )
    halts = plural("stopped {n} time", "stopped {n} times", record.halts).format(n=number(record.halts))
    return _("{service} since {when}, {breaches}, {halts}").format(
        service=service, when=moment(record.since, "D"), breaches=breaches, halts=halts
    )
