"""`/report` and `/history`: what monitors measured of a model, in words and figures that anyone can check."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.cases.panel import panel_size
from tribune.ballots.histories.judged import ToldReport, Verdict, find_report, tell_report
from tribune.ballots.histories.rules import RuleHistory
from tribune.exceptions import ChainError, TribuneError
from tribune.language import _, number, plural
from tribune.reports.canonical import cid
from tribune.reports.oversight import independence
from tribune_bot import choices
from tribune_bot.messages.report_figures import draw_histories, read_histories, report_figure
from tribune_bot.views.buttons import evidence_button, link_button
from tribune_bot.words.text import fitted, harmless, moment

if TYPE_CHECKING:
    from tribune.ids import ModelId
    from tribune_bot.client import TribuneBot

MOST_FRAME = 2**53 - 1
"""Discord's integers end here."""
_MARKS = {Verdict.BROKEN: "🔴", Verdict.KEPT: "🟢", Verdict.UNKNOWN: "⚪"}
_NAMED = 5


class NoReportError(TribuneError):
    """Nothing of a model was judged yet, or not in that frame."""


class Reports(commands.Cog):
    """Reports on models."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="What monitors measured of a model, against the rules you voted")
    @app_commands.describe(
        model="Which model", frame="Which frame (0: the evaluation); the newest if left out"
    )
    @app_commands.autocomplete(model=choices.models)
    async def report(
        self,
        interaction: discord.Interaction[Any],
        model: str,
        frame: app_commands.Range[int, 0, MOST_FRAME] | None = None,
    ) -> None:
        """Show a report."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = self.services
        model_id = await choices.find_model(self.bot, model)
        found = await find_report(services.store, model_id, frame)
        if found is None:
            raise await self._nothing(model_id, frame)
        told = await tell_report(found, services.store, services.documents)
        image = await asyncio.to_thread(report_figure, told)
        view = discord.ui.View(timeout=None)
        name = cid(found.evidence)
        view.add_item(evidence_button(services.evidence_url(f"{name}/view")))
        if found.case_id:
            view.add_item(link_button(_("The case"), services.ballot_url(found.case_id)))
        await interaction.edit_original_response(
            content=_told(told, name, blind=await self._is_blind()), view=view, attachments=_files(image)
        )

    @app_commands.command(description="How a model's measured values went over the last frames")
    @app_commands.describe(model="Which model")
    @app_commands.autocomplete(model=choices.models)
    async def history(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Show the last frames."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model_id = await choices.find_model(self.bot, model)
        newest = await find_report(self.services.store, model_id)
        if newest is None or not newest.frame:
            raise await self._nothing(model_id, None)
        histories = await read_histories(self.services, newest)
        name = harmless(await self.services.tribune.model_registry.name(model_id), 60) or _("(no name)")
        lines = [_("**{name}: the last frames, up to frame {frame}**").format(name=name, frame=newest.frame)]
        panel = await panel_size(self.services.contracts, model_id, newest.frame)
        if panel is not None and (alone := independence(panel)):
            lines.append(_("**Measured by:** {who}").format(who=alone))
        lines += [f"{_mark(one)} {harmless(one.words, 300)}" for one in histories]
        images = await asyncio.to_thread(draw_histories, histories)
        await interaction.edit_original_response(content=fitted(lines), attachments=_files(*images))

    async def _is_blind(self) -> bool:
        """Return whether the chain cannot be seen, so that there may be more than the index has."""
        try:
            await self.services.tribune.chain.head()
        except ChainError:
            return True
        return False

    async def _nothing(self, model_id: ModelId, frame: int | None) -> NoReportError:
        """Return why there is no report, once it is sure that we could have seen one."""
        head, seen = await self.services.tribune.chain.head(), self.services.indexer.head
        behind = head.number - (seen.number if seen is not None else 0)
        mend = (
            plural(
                "We are {n} block behind the chain; ask again in a minute.",
                "We are {n} blocks behind the chain; ask again in a minute.",
                behind,
            ).format(n=number(behind))
            if behind > 1
            else _("A report counts once enough monitors have signed the same one.")
        )
        if frame is None:
            return NoReportError(_("No report on this model in service has been judged yet."), mend=mend)
        return NoReportError(
            _("No report on frame {frame} of this model has been judged.").format(frame=frame), mend=mend
        )


def _told(told: ToldReport, name: str, *, blind: bool) -> str:
    report = told.report
    model = f"{harmless(told.name, 60) or _('(no name)')} v{report.version}"
    where = _("frame {frame}").format(frame=number(report.frame)) if report.frame else _("its evaluation")
    lines = [
        _("**{model}, {where}: {verdict}**").format(model=model, where=where, verdict=told.verdict),
        _("{how} Judged {when} in block {block}.").format(
            how=_signed(told), when=moment(report.at), block=report.block
        ),
    ]
    check = _("Check it yourself:") + f"\n```\ntribune verify report {name}\n```"
    order = sorted(told.rules, key=lambda rule: rule.verdict is not Verdict.BROKEN)
    room = 1_850 - len(check) - sum(len(line) + 1 for line in lines)
    for rule in order:
        line = f"{_MARKS[rule.verdict]} {harmless(rule.text, 350)}"
        room -= len(line) + 1
        if room < 0:
            lines.append("…")
            break
        lines.append(line)
    if told.document is None:
        lines.append(_("No evidence store answers now, so this is only what the chain says."))
    if blind:
        lines.append(_("The chain cannot be seen now, so there may be a newer report."))
    return fitted([*lines, check])


def _signed(told: ToldReport) -> str:
    names = ", ".join(harmless(one, 24) for one in told.signers[:_NAMED])
    if len(told.signers) > _NAMED:
        names += " …"
    parts = []
    if told.rows is not None:
        parts.append(plural("{n} decision", "{n} decisions", told.rows).format(n=number(told.rows)))
    parts.append(
        _("{n} of {panel} monitors got exactly this result ({names})").format(
            n=len(told.signers), panel=told.panel, names=names
        )
    )
    if told.others:
        parts.append(plural("{n} got another one", "{n} got another one", told.others).format(n=told.others))
    if alone := independence(told.panel):
        parts.append(alone)
    return "; ".join(parts) + "."


def _mark(history: RuleHistory) -> str:
    if not history.points or history.points[-1].micro is None:
        return _MARKS[Verdict.BROKEN if history.hit else Verdict.UNKNOWN]
    return _MARKS[Verdict.BROKEN if history.hit else Verdict.KEPT]


def _files(*images: bytes | None) -> list[discord.File]:
    return [
        discord.File(io.BytesIO(image), filename=f"figure-{place}.png")
        for place, image in enumerate(images, 1)
        if image is not None
    ]
