"""What a person hears when something fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands

from tribune.exceptions import TribuneError
from tribune_bot.errors import DiscordUnreachableError, discord_faults, tell


class Interaction:
    """An interaction that keeps what it is answered."""

    def __init__(self, kind: Any = None) -> None:
        self.data = {"name": "model"}
        self.said: list[tuple[str, str]] = []
        self.response = SimpleNamespace(
            type=kind, is_done=lambda: kind is not None, send_message=self._say("response")
        )
        self.followup = SimpleNamespace(send=self._say("followup"))

    def _say(self, where: str) -> Any:
        async def say(text: str, *, ephemeral: bool) -> None:
            assert ephemeral
            self.said.append((where, text))

        return say

    async def edit_original_response(self, *, content: str, view: None) -> None:
        self.said.append(("original", content))


DEFERRED = discord.InteractionResponseType.deferred_channel_message
SAID = discord.InteractionResponseType.channel_message


@pytest.mark.parametrize(("kind", "where"), [(None, "response"), (DEFERRED, "original"), (SAID, "followup")])
async def test_tell__any_moment__answers_privately(kind: Any, where: str) -> None:
    interaction: Any = Interaction(kind)
    await tell(interaction, TribuneError("There is no case 9.", mend="Check the link."))
    assert interaction.said == [(where, "There is no case 9. Check the link.")]


async def test_tell__unforeseen_fault__shows_nothing_of_it() -> None:
    interaction: Any = Interaction()
    await tell(interaction, ValueError("secret internals"))
    assert "secret" not in interaction.said[0][1]


@pytest.mark.parametrize("code", [40060, 10062])
async def test_tell__answered_already_or_too_late__is_not_tried_again(code: int) -> None:
    """As where an event came twice: whoever pressed has the answer to the first, or can be given none."""
    interaction: Any = Interaction()
    refused: Any = SimpleNamespace(status=400, reason="Bad Request")
    await tell(interaction, discord.HTTPException(refused, {"code": code, "message": "no"}))
    assert interaction.said == []


async def test_tell__error_in_a_command__is_unwrapped() -> None:
    interaction: Any = Interaction()
    command: Any = SimpleNamespace(name="model")
    await tell(interaction, app_commands.CommandInvokeError(command, TribuneError("Plain words.")))
    assert interaction.said[0][1] == "Plain words."


async def test_tell__hostile_words_in_an_error__are_harmless() -> None:
    interaction: Any = Interaction()
    await tell(interaction, TribuneError("There is no model '@everyone **x**'."))
    assert "@everyone" not in interaction.said[0][1]
    assert "**" not in interaction.said[0][1]


def test_discord_faults__timeout__is_named() -> None:
    with pytest.raises(DiscordUnreachableError, match="post a message"), discord_faults("post a message"):
        raise TimeoutError
