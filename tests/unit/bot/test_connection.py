"""The way to a stand-in: only Discord's names lead there, and nothing is half configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.settings import DiscordSettings
from tribune_bot.connection import Redirect, connector_for


async def test_resolve__name_of_discord__leads_to_the_stand_in() -> None:
    found = await Redirect("127.0.0.1", 8443).resolve("discord.com", 443)
    assert {(one["host"], one["port"]) for one in found} == {("127.0.0.1", 8443)}


async def test_resolve__other_name__is_refused() -> None:
    with pytest.raises(OSError, match=r"example\.org"):
        await Redirect("127.0.0.1", 8443).resolve("example.org", 443)


def test_connector_for__no_stand_in__is_discord_itself() -> None:
    assert connector_for(DiscordSettings()) is None


async def test_connector_for__no_ca_file__says_what_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="CA_FILE"):
        connector_for(DiscordSettings(connect_host="127.0.0.1", connect_port=1))


async def test_connector_for__unreadable_ca_file__says_so(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        connector_for(DiscordSettings(connect_host="127.0.0.1", connect_port=1, ca_file=file))
