"""`/setup`: only for who may manage the server; what is refused changes nothing; what is lacking is named."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from tribune.language import Language
from tribune.store import server as chosen
from tribune.store.session import Store, open_store
from tribune_bot.cogs.setup import NotAllowedError, Setup, panel_lines
from tribune_bot.server import Alert, Room, Server, Servers
from tribune_bot.views.setup_panel import QuietButton, RoomSelect, setup_view

GUILD, DEFAULT, OTHER, GONE = 4, 5, 6, 7
ROLE = 71


class Asked:
    """A press by somebody; keeps the answer."""

    def __init__(self, *, admin: bool = True, guild: int = GUILD) -> None:
        self.guild_id = guild
        self.permissions = discord.Permissions(manage_guild=admin)
        self.user = SimpleNamespace(id=1)
        self.content = ""
        self.view: Any = None

    async def edit_original_response(self, *, content: str, view: Any, **_: Any) -> None:
        self.content, self.view = content, view


def room(*missing: str, mention_everyone: bool = True) -> Any:
    rights = discord.Permissions.all()
    rights.update(**dict.fromkeys(missing, False), mention_everyone=mention_everyone)
    return SimpleNamespace(permissions_for=lambda _me: rights)


def guild(channels: dict[int, Any], roles: dict[int, Any] | None = None) -> Any:
    return SimpleNamespace(me=object(), get_channel=channels.get, get_role=(roles or {}).get)


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://") as opened:
        yield opened


def cog_of(store: Store, seen: Any = None) -> Setup:
    bot: Any = SimpleNamespace(
        services=SimpleNamespace(guild_id=GUILD),
        servers=Servers(store, GUILD, DEFAULT),
        get_guild=lambda _id: seen or guild({DEFAULT: room(), OTHER: room()}),
    )
    return Setup(bot)


async def settings(store: Store) -> dict[str, Any]:
    return await store.read(chosen.server_settings, GUILD)


@pytest.mark.parametrize("asked", [Asked(admin=False), Asked(guild=9)])
async def test_choose__not_an_admin_of_this_server__is_refused(store: Store, asked: Any) -> None:
    cog = cog_of(store)
    for choice in (
        cog.choose_channel(asked, Room.CASES, [OTHER]),
        cog.choose_roles(asked, Alert.TRIP, [ROLE]),
        cog.choose_language(asked, Language.GERMAN),
        cog.choose_quiet(asked, ("UTC", "22:00", "07:00")),
    ):
        with pytest.raises(NotAllowedError):
            await choice
    assert await settings(store) == {}


async def test_choose__each__keeps_the_others_and_outlives_a_restart(store: Store) -> None:
    cog, asked = cog_of(store), Asked()
    press: Any = asked
    await cog.choose_channel(press, Room.PROPOSALS, [OTHER])
    await cog.choose_roles(press, Alert.VOTE, [ROLE])
    await cog.choose_language(press, Language.GERMAN)
    await cog.choose_quiet(press, ("Europe/Berlin", "22:00", "7:00"))
    server = await Servers(store, GUILD, DEFAULT).now()
    assert (server.channel_of("proposal/1"), server.channel_of("case/1")) == (OTHER, DEFAULT)
    assert server.roles[Alert.VOTE] == (ROLE,)
    assert server.language is Language.GERMAN
    assert server.quiet is not None
    assert server.quiet.zone == "Europe/Berlin"
    await cog.choose_quiet(press, ("", "", ""))
    await cog.choose_channel(press, Room.PROPOSALS, [])
    server = await Servers(store, GUILD, DEFAULT).now()
    assert server.quiet is None
    assert server.channel_of("proposal/1") == DEFAULT


async def test_choose_roles__everyone__is_refused_and_the_old_ones_stay(store: Store) -> None:
    cog, asked = cog_of(store), Asked()
    press: Any = asked
    await cog.choose_roles(press, Alert.TRIP, [ROLE])
    await cog.choose_roles(press, Alert.TRIP, [ROLE, GUILD])
    assert "Nothing was changed" in asked.content
    assert await settings(store) == {"trip_roles": [ROLE]}


async def test_choose_channel__deleted__is_refused(store: Store) -> None:
    cog, asked = cog_of(store), Asked()
    press: Any = asked
    await cog.choose_channel(press, Room.CASES, [GONE])
    assert "I see no such channel" in asked.content
    assert await settings(store) == {}


async def test_choose_quiet__nonsense__keeps_what_was_typed(store: Store) -> None:
    cog, asked = cog_of(store), Asked()
    press: Any = asked
    await cog.choose_quiet(press, ("Europe/Atlantis", "22:00", "7:00"))
    assert "Europe/Atlantis" in asked.content
    [button] = [item for item in asked.view.children if isinstance(item, QuietButton)]
    assert button.typed == ("Europe/Atlantis", "22:00", "7:00")
    match = QuietButton.__discord_ui_compiled_template__.fullmatch(button.custom_id)
    assert match is not None
    assert (await QuietButton.from_custom_id(press, button.item, match)).typed == button.typed
    assert await settings(store) == {}


def test_panel_lines__permissions_missing__are_named_with_the_mend() -> None:
    server = Server(GUILD, DEFAULT, {Room.PROPOSALS: OTHER})
    told = "\n".join(
        panel_lines(server, guild({DEFAULT: room(), OTHER: room("embed_links", "attach_files")}))
    )
    assert f"In <#{OTHER}> I lack: Embed Links, Attach Files." in told
    assert "Permissions" in told
    assert f"In <#{DEFAULT}>" not in told


def test_panel_lines__channel_gone_or_server_unseen__is_said() -> None:
    server = Server(GUILD, DEFAULT, {Room.CASES: GONE})
    assert f"<#{GONE}> is gone" in "\n".join(panel_lines(server, guild({DEFAULT: room()})))
    assert "cannot see this server" in "\n".join(panel_lines(server, None))


def test_panel_lines__role_that_nobody_may_mention__is_said() -> None:
    server = Server(GUILD, DEFAULT, roles={Alert.TRIP: (ROLE,)})
    roles = {ROLE: SimpleNamespace(mentionable=False)}
    told = panel_lines(server, guild({DEFAULT: room(mention_everyone=False)}, roles))
    assert any(f"<@&{ROLE}> would not be notified" in line for line in told)


def test_setup_view__parts__fit_into_one_message_and_match_their_templates() -> None:
    view = setup_view(Server(GUILD, DEFAULT, {Room.CASES: OTHER}, {Alert.TRIP: (ROLE,)}))
    rows = view.to_components()
    assert len(rows) <= 5
    for item in view.children:
        assert isinstance(item, discord.ui.DynamicItem)
        assert item.template.fullmatch(item.custom_id)
    assert isinstance(view.children[0], RoomSelect)
    assert [value.id for value in view.children[0].item.default_values] == [OTHER]


async def test_now__stored_by_another_release__is_read_as_far_as_it_can_be(store: Store) -> None:
    strange: dict[str, Any] = {"quiet": ["Mars/Olympus", "1", "2"], "language": "tlh", "new": 1}
    await store.run(chosen.choose, GUILD, **strange)
    server = await Servers(store, GUILD, DEFAULT).now()
    assert (server.quiet, server.language) == (None, Language.ENGLISH)
