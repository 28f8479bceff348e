"""`/models`, `/model`, `/proposals`, `/health`: what is watched, how it stands, what is voted on.

Read from the chain when asked, never from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.exceptions import TribuneError
from tribune.ids import FrameIndex, ModelId
from tribune.reports.oversight import independence, watched
from tribune.store import queries
from tribune_bot.case_message import headline
from tribune_bot.facts import read_facts
from tribune_bot.text import fitted, harmless, moment

if TYPE_CHECKING:
    from tribune.chain.kill_switch import ModelStatus
    from tribune_bot.client import TribuneBot

MOST = 25
"""Models or proposals in one answer; Discord offers no more choices either."""
_DOTS = {"Active": "🟢", "Suspended": "🟠", "Paused": "🔴", "Inactive": "⚪", "Retired": "⚫"}


class UnknownModelError(TribuneError):
    """There is no such model."""


class Models(commands.Cog):
    """Models and proposals."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(description="List the models that token holders watch over")
    async def models(self, interaction: discord.Interaction[Any]) -> None:
        """List models."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        rows = await self._all()
        halted = next((_halted(status) for _, _, status in rows if status.halted), "")
        lines = [halted] if halted else []
        lines += [
            f"{_DOTS[status.state]} **{harmless(name, 60)}** "
            + (f"v{status.version}" if status.version else "no version in force")
            + f", {status.state.upper()}"
            for _, name, status in rows
        ]
        await interaction.edit_original_response(
            content=fitted(lines) if lines else "No model is registered yet."
        )

    @app_commands.command(description="How one model stands, and by which rules it is judged")
    @app_commands.describe(model="Which model")
    async def model(self, interaction: discord.Interaction[Any], model: str) -> None:
        """Show a model."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        model_id = await self._find(model)
        tribune = self.services.tribune
        name = await tribune.model_registry.name(model_id)
        status = await tribune.kill_switch.status(model_id)
        steward = await tribune.model_registry.steward(model_id)
        lines = [
            f"{_DOTS[status.state]} **{harmless(name, 60)}** v{status.version}, {status.state.upper()}",
            f"**Watched:** {watched(status.oversight, in_service=status.is_operational)}",
            f"**Steward:** `{steward}`",
        ]
        if status.halted:
            lines.insert(1, _halted(status))
        if status.until is not None:
            lines.append(f"**Stopped until:** {moment(status.until)} at the latest")
        if status.case_id:
            lines.append(f"**Because of:** <{self.services.ballot_url(status.case_id)}>")
        lines += await self._rules(model_id)
        await interaction.edit_original_response(content=fitted(lines))

    @model.autocomplete("model")
    async def _choices(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        rows = await self._all()
        return [
            app_commands.Choice(name=_label(name), value=str(model_id))
            for model_id, name, _ in rows
            if typed.lower() in name.lower()
        ][:MOST]

    @app_commands.command(description="What is being voted on now")
    async def proposals(self, interaction: discord.Interaction[Any]) -> None:
        """List open votes."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        lines = []
        for case_id in self.bot.docket.open[-MOST:]:
            facts = await read_facts(self.services, case_id)
            ends = f", ends {moment(facts.vote.deadline)}" if facts.vote.deadline is not None else ""
            lines.append(f"**{headline(facts.vote)}**{ends}\n<{self.services.ballot_url(case_id)}>")
        await interaction.edit_original_response(
            content=fitted(lines) if lines else "Nothing is being voted on."
        )

    @app_commands.command(description="Whether this bot sees the chain and can do its work")
    async def health(self, interaction: discord.Interaction[Any]) -> None:
        """Say how the bot is."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = self.services
        waiting = await services.store.read(queries.outbox_depth)
        lines = [f"**Work that waits:** {waiting}"]
        try:
            head = await services.tribune.chain.head()
            balance = await services.tribune.chain.balance(services.sender.address)
        except TribuneError as fault:
            lines.insert(0, f"**Chain:** cannot be seen ({harmless(fault.message, 200)})")
        else:
            seen = services.indexer.head
            behind = "nothing yet" if seen is None else f"{max(head.number - seen.number, 0)} blocks behind"
            lines.insert(0, f"**Chain:** block {head.number}, {moment(head.time)}; read: {behind}")
            lines.append(f"**Gas:** `{services.sender.address}` holds {balance / 10**18:.4f}")
        latency = self.bot.latency
        shown = f"{latency * 1000:.0f} ms" if 0 <= latency < 1e6 else "not measured yet"
        lines.append(f"**Discord:** {shown}")
        await interaction.edit_original_response(content="\n".join(lines))

    async def _all(self) -> list[tuple[ModelId, str, ModelStatus]]:
        """Return id, name and status of the newest models."""
        registry, switch = self.services.tribune.model_registry, self.services.tribune.kill_switch
        count = await registry.model_count()
        found = []
        for number in range(max(1, count - MOST + 1), count + 1):
            model_id = ModelId(number)
            status = await switch.status(model_id)
            found.append((model_id, await registry.name(model_id), status))
        return found

    async def _find(self, typed: str) -> ModelId:
        """Return the model that a person means, by number or name."""
        rows = await self._all()
        count = await self.services.tribune.model_registry.model_count()
        if typed.isascii() and typed.isdigit() and len(typed) < 10 and 0 < int(typed) <= count:
            return ModelId(int(typed))
        for model_id, name, _ in rows:
            if name == typed:
                return model_id
        raise UnknownModelError(
            f"There is no model {typed[:60]!r}.", mend="Choose one from the list that appears while you type."
        )

    async def _rules(self, model_id: ModelId) -> list[str]:
        from tribune.metrics.policy import Rule
        from tribune.metrics.words import describe

        record = await self.services.tribune.policy_book.policy_for(model_id, FrameIndex(0))
        if record is None:
            return ["**Rules:** none, so it may not run"]
        lines = []
        for rule in record.policy.rules:
            try:
                lines.append(f"- {harmless(describe(Rule.from_chain(rule.on_chain())), 200)}")
            except TribuneError:
                lines.append(f"- {harmless(rule.on_chain()[0], 100)}")
        alone = independence(len(record.policy.panel))
        return [*([f"**Measured by:** {alone}"] if alone else []), "**Rules, set by vote:**", *lines]


def _halted(status: ModelStatus) -> str:
    end = f"until {moment(status.halted_until)}" if status.halted_until is not None else "without a known end"
    return f"⛔ **All models are halted** {end}"


def _label(name: str) -> str:
    """Return a model's name as a choice shows it: plain text of at most 100 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return line[:100] or "(no name)"
