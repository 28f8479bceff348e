"""The panel of `/setup`: what holds in this server, and selects and buttons to change it.

Its parts hold nothing but what they are for, so they outlive restarts; each press asks again whether who
presses may manage the server. What is refused changes nothing, and what was typed is still there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from tribune.language import Language, _, spoken
from tribune_bot.errors import tell
from tribune_bot.server import Alert, Room, Server
from tribune_bot.words.speech import language_of

if TYPE_CHECKING:
    from tribune_bot.cogs.setup import Setup

MOST_ROLES = 5
_ROOMS, _ALERTS = "|".join(Room), "|".join(Alert)
_LANGUAGES = "|".join(Language)


class RoomSelect(
    discord.ui.DynamicItem[discord.ui.ChannelSelect[Any]], template=rf"tribune:setup:(?P<room>{_ROOMS})"
):
    """Chooses a channel."""

    def __init__(self, room: Room, chosen: int | None = None) -> None:
        hints = {
            Room.CASES: _("Channel for cases, calls and warnings"),
            Room.PROPOSALS: _("Channel for proposals"),
        }
        select: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            custom_id=f"tribune:setup:{room}",
            channel_types=[discord.ChannelType.text, discord.ChannelType.news],
            placeholder=hints[room],
            min_values=0,
            default_values=[discord.Object(chosen, type=discord.TextChannel)] if chosen else [],
        )
        super().__init__(select)
        self.room = room

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the select of a choice."""
        return cls(Room(match["room"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose the channel."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer()
                await _cog(interaction).choose_channel(interaction, self.room, _ids(interaction))
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class RolesSelect(
    discord.ui.DynamicItem[discord.ui.RoleSelect[Any]], template=rf"tribune:setup:(?P<alert>{_ALERTS})"
):
    """Chooses the roles that are mentioned."""

    def __init__(self, alert: Alert, chosen: tuple[int, ...] = ()) -> None:
        hints = {
            Alert.TRIP: _("Roles to mention when a model is stopped"),
            Alert.VOTE: _("Roles to mention when a vote opens"),
        }
        select: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            custom_id=f"tribune:setup:{alert}",
            placeholder=hints[alert],
            min_values=0,
            max_values=MOST_ROLES,
            default_values=[discord.Object(role, type=discord.Role) for role in chosen[:MOST_ROLES]],
        )
        super().__init__(select)
        self.alert = alert

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the select of a choice."""
        return cls(Alert(match["alert"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose the roles."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer()
                await _cog(interaction).choose_roles(interaction, self.alert, _ids(interaction))
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class LanguageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"tribune:setup:language:(?P<language>{_LANGUAGES})",
):
    """Chooses the language of what everybody reads."""

    def __init__(self, language: Language, *, chosen: bool = False) -> None:
        style = discord.ButtonStyle.primary if chosen else discord.ButtonStyle.secondary
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=language.own_name, style=style, custom_id=f"tribune:setup:language:{language}"
        )
        super().__init__(button)
        self.language = language

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(Language(match["language"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose the language."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer()
                await _cog(interaction).choose_language(interaction, self.language)
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class QuietButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"tribune:setup:quiet:(?P<typed>[^\n]{0,80})"
):
    """Opens the form of the quiet hours, filled with what was typed last."""

    def __init__(self, typed: tuple[str, str, str] = ("", "", "")) -> None:
        kept = "|".join(part.replace("|", " ").replace("\n", " ")[:26] for part in typed)
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=_("Quiet hours"), custom_id=f"tribune:setup:quiet:{kept}"
        )
        super().__init__(button)
        self.typed = typed

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        zone, start, end = [*match["typed"].split("|"), "", "", ""][:3]
        return cls((zone, start, end))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form."""
        with spoken(language_of(interaction)):
            try:
                _cog(interaction).check(interaction)
                await interaction.response.send_modal(QuietForm(self.typed))
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


class QuietForm(discord.ui.Modal):
    """Asks for time zone, start and end."""

    def __init__(self, typed: tuple[str, str, str]) -> None:
        super().__init__(title=_("Quiet hours"), timeout=None)
        zone, start, end = typed
        self.zone = _field("zone", zone, "Europe/Berlin", 26)
        self.start = _field("start", start, "22:00", 5)
        self.end = _field("end", end, "07:00", 5)
        for label, field in (
            (_("Time zone"), self.zone),
            (_("From (leave empty to have none)"), self.start),
            (_("To"), self.end),
        ):
            self.add_item(discord.ui.Label(text=label, component=field))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Choose the hours."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer()
                typed = (self.zone.value.strip(), self.start.value.strip(), self.end.value.strip())
                await _cog(interaction).choose_quiet(interaction, typed)
            except Exception as fault:  # the boundary of a form: discord.py would only log it
                await tell(interaction, fault)


SETUP_PARTS = (RoomSelect, RolesSelect, LanguageButton, QuietButton)


def setup_view(server: Server, typed: tuple[str, str, str] | None = None) -> discord.ui.View:
    """Return the panel's selects and buttons.

    Args:
        server: what holds.
        typed: quiet hours that were refused; None: those that hold.
    """
    if typed is None:
        quiet = server.quiet
        typed = ("", "", "") if quiet is None else (quiet.zone, f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}")
    view = discord.ui.View(timeout=None)
    for room in Room:
        view.add_item(RoomSelect(room, server.channels.get(room)))
    for alert in Alert:
        view.add_item(RolesSelect(alert, server.roles.get(alert, ())))
    for language in Language:
        view.add_item(LanguageButton(language, chosen=language is server.language))
    view.add_item(QuietButton(typed))
    return view


def _field(name: str, value: str, hint: str, longest: int) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name,
        default=value[:longest] or None,
        placeholder=hint,
        max_length=longest,
        required=False,
    )


def _ids(interaction: discord.Interaction[Any]) -> list[int]:
    """Return what was chosen, as Discord sent it."""
    data: Any = interaction.data or {}
    return [int(value) for value in data.get("values", [])]


def _cog(interaction: discord.Interaction[Any]) -> Setup:
    cog: Setup = interaction.client.get_cog("Setup")
    return cog
