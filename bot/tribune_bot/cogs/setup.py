"""`/setup`: where the bot speaks in this server, whom it mentions, when it waits, in which language.

For who may manage the server; the answer is theirs alone. It shows what the bot may not do in the chosen
channels, and how to allow it. It changes nothing in Discord itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.exceptions import TribuneError
from tribune.language import Language, _
from tribune.log import get_logger
from tribune_bot.quiet_hours import QuietHours, QuietHoursError
from tribune_bot.server import Alert, Room, Server, missing_permissions
from tribune_bot.views.setup_panel import setup_view
from tribune_bot.words.text import fitted, harmless

if TYPE_CHECKING:
    from tribune_bot.client import TribuneBot

_MENTIONS_ALL = "mention_everyone"


class NotAllowedError(TribuneError):
    """Who asks may not manage the server."""


class Setup(commands.Cog):
    """Settings of the server."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    @app_commands.command(
        description="Where I speak, whom I mention, when I wait, in which language (admins)"
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def setup(self, interaction: discord.Interaction[Any]) -> None:
        """Show the panel."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        self.check(interaction)
        await self._show(interaction, await self.bot.servers.now())

    def check(self, interaction: discord.Interaction[Any]) -> None:
        """Refuse who may not manage the server that the bot serves.

        Raises:
            NotAllowedError: they may not.
        """
        if interaction.guild_id != self.services.guild_id or not interaction.permissions.manage_guild:
            raise NotAllowedError(
                _("Only who may manage this server can change this."),
                mend=_("Ask an admin of the server to run `/setup`."),
            )

    async def choose_channel(
        self, interaction: discord.Interaction[Any], room: Room, chosen: list[int]
    ) -> None:
        """Set or unset a channel; what it already holds stays there."""
        self.check(interaction)
        guild = self.bot.get_guild(self.services.guild_id)
        if chosen and guild is not None and guild.get_channel(chosen[0]) is None:
            await self._show(interaction, await self.bot.servers.now(), _("I see no such channel here."))
            return
        await self._changed(interaction, **{room.value: chosen[0] if chosen else 0})

    async def choose_roles(
        self, interaction: discord.Interaction[Any], alert: Alert, chosen: list[int]
    ) -> None:
        """Set the roles that are mentioned."""
        self.check(interaction)
        if self.services.guild_id in chosen:
            refused = _("I mention no @everyone: choose a role that people can leave.")
            await self._show(interaction, await self.bot.servers.now(), refused)
            return
        await self._changed(interaction, **{alert.value: chosen})

    async def choose_language(self, interaction: discord.Interaction[Any], language: Language) -> None:
        """Set the language of what everybody reads."""
        self.check(interaction)
        await self._changed(interaction, language=language.value)

    async def choose_quiet(self, interaction: discord.Interaction[Any], typed: tuple[str, str, str]) -> None:
        """Set or unset the quiet hours."""
        self.check(interaction)
        zone, start, end = typed
        if not start and not end:
            await self._changed(interaction, quiet=None)
            return
        try:
            hours = QuietHours.parse(zone, start, end)
        except QuietHoursError as fault:
            server = await self.bot.servers.now()
            await self._show(interaction, server, f"{fault.message} {fault.mend}", typed)
            return
        await self._changed(interaction, quiet=[hours.zone, f"{hours.start:%H:%M}", f"{hours.end:%H:%M}"])

    async def _changed(self, interaction: discord.Interaction[Any], **settings: Any) -> None:
        server = await self.bot.servers.choose(**settings)
        get_logger(__name__).info(
            "the server's settings were changed", by=interaction.user.id, settings=list(settings)
        )
        await self._show(interaction, server)

    async def _show(
        self,
        interaction: discord.Interaction[Any],
        server: Server,
        refused: str = "",
        typed: tuple[str, str, str] | None = None,
    ) -> None:
        lines = panel_lines(server, self.bot.get_guild(server.guild_id))
        if refused:
            lines.insert(0, _("⚠ {what} Nothing was changed.").format(what=harmless(refused, 300)))
        await interaction.edit_original_response(
            content=fitted(lines),
            view=setup_view(server, typed),
            allowed_mentions=discord.AllowedMentions.none(),
        )


def panel_lines(server: Server, guild: discord.Guild | None) -> list[str]:
    """Return what holds, and what the bot lacks; a server that cannot be seen is said to be so."""
    lines = [_("**How I work in this server**")]
    where = {
        Room.CASES: _("Cases, calls and warnings: {channel}"),
        Room.PROPOSALS: _("Proposals: {channel}"),
    }
    for room, text in where.items():
        lines.append(text.format(channel=f"<#{server.channels.get(room, server.default_channel)}>"))
    whom = {
        Alert.TRIP: _("Mentioned when a model is stopped: {roles}"),
        Alert.VOTE: _("Mentioned when a vote opens: {roles}"),
    }
    for alert, text in whom.items():
        roles = " ".join(f"<@&{role}>" for role in server.roles.get(alert, ()))
        lines.append(text.format(roles=roles or _("nobody")))
    lines.append(_("Language of what everybody reads: {language}").format(language=server.language.own_name))
    quiet = server.quiet
    lines.append(
        _("Quiet hours: none")
        if quiet is None
        else _(
            "Quiet hours: {start} to {end}, {zone}. Warnings and reminders wait; a stop never does."
        ).format(start=f"{quiet.start:%H:%M}", end=f"{quiet.end:%H:%M}", zone=quiet.zone)
    )
    return [*lines, *_lacking(server, guild)]


def _lacking(server: Server, guild: discord.Guild | None) -> list[str]:
    if guild is None or guild.me is None:
        return [_("⚠ I cannot see this server's channels right now, so I cannot tell what I may do there.")]
    lines: list[str] = []
    lacks = False
    channels = dict.fromkeys(server.channels.get(room, server.default_channel) for room in Room)
    for channel_id in channels:
        channel = guild.get_channel(channel_id)
        if channel is None:
            lines.append(
                _(
                    "⚠ <#{channel}> is gone, or I may not see it. Choose another one, or allow me to view it."
                ).format(channel=channel_id)
            )
        elif missing := missing_permissions(channel, guild.me):
            lacks = True
            lines.append(
                _("⚠ In <#{channel}> I lack: {permissions}.").format(
                    channel=channel_id, permissions=", ".join(missing)
                )
            )
    if lacks:
        lines.append(
            _(
                "To allow it: open that channel's settings › Permissions, add my role, and allow what is "
                "missing. Until then I write where the operators sent me."
            )
        )
    lines += _mute(server, guild)
    return lines or [_("✓ I may do all that I need there.")]


def _mute(server: Server, guild: discord.Guild) -> list[str]:
    """Return which chosen roles would not be notified."""
    channel = guild.get_channel(server.channels.get(Room.CASES, server.default_channel))
    if channel is None or getattr(channel.permissions_for(guild.me), _MENTIONS_ALL):
        return []
    lines: list[str] = []
    for role_id in dict.fromkeys(role for chosen in server.roles.values() for role in chosen):
        role = guild.get_role(role_id)
        if role is None:
            lines.append(_("⚠ A chosen role is gone; nobody is mentioned by it."))
        elif not role.mentionable:
            lines.append(
                _(
                    "⚠ {role} would not be notified: in the server's settings › Roles, allow anyone to "
                    "mention it."
                ).format(role=f"<@&{role_id}>")
            )
    return lines
