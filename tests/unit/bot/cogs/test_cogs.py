"""Walks every cog: each is found, loads, and its commands keep Discord's limits and answer privately."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import SimpleNamespace
from typing import Any

import pytest
from discord import app_commands
from discord.ext import commands

import tribune_bot.cogs
from tribune_bot.client import TribuneBot
from tribune_bot.views.buttons import BUTTONS

MODULES = [found.name for found in pkgutil.iter_modules(tribune_bot.cogs.__path__)]


async def loaded(monkeypatch: pytest.MonkeyPatch) -> TribuneBot:
    """A bot after login, with nothing behind it."""
    services: Any = SimpleNamespace(
        store=None, channel_id=1, guild_id=2, indexer=SimpleNamespace(run=None), contracts=None
    )
    bot = TribuneBot(services)

    async def sync(**_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(bot.tree, "sync", sync)
    await bot.setup_hook()
    return bot


@pytest.mark.parametrize("module", MODULES)
def test_cog__module__holds_exactly_one(module: str) -> None:
    found = importlib.import_module(f"tribune_bot.cogs.{module}")
    cogs = [
        one
        for one in vars(found).values()
        if inspect.isclass(one) and issubclass(one, commands.Cog) and one.__module__ == found.__name__
    ]
    assert len(cogs) == 1
    assert inspect.getdoc(cogs[0])


async def test_setup_hook__every_cog__is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = await loaded(monkeypatch)
    async with bot:
        assert {type(cog).__module__.rsplit(".", 1)[1] for cog in bot.cogs.values()} == set(MODULES)


async def test_commands__all__keep_discords_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = await loaded(monkeypatch)
    async with bot:
        found = [one for one in bot.tree.walk_commands() if isinstance(one, app_commands.Command)]
        assert {one.name for one in found} >= {
            "link", "unlink", "wallets", "models", "model", "proposals", "health",
        }  # fmt: skip
        for one in found:
            assert 1 <= len(one.description) <= 100
            assert one.description != "…"
            for parameter in one.parameters:
                assert parameter.description != "…", f"/{one.name} {parameter.name} is not described"


async def test_commands__each__answers_privately_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """It defers, or opens a modal, which cannot come later."""
    bot = await loaded(monkeypatch)
    async with bot:
        for one in bot.tree.walk_commands():
            if isinstance(one, app_commands.Command):
                body = inspect.getsource(one.callback).split('"""', 2)[-1].strip()
                first = body.removeprefix("began = time.monotonic()").strip().splitlines()[0]
                defers = first == "await interaction.response.defer(ephemeral=True, thinking=True)"
                assert defers or first.startswith("await interaction.response.send_modal("), one.name


async def test_buttons__each__has_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    bot = await loaded(monkeypatch)
    async with bot:
        for button in BUTTONS:
            assert inspect.iscoroutinefunction(getattr(bot.get_cog("Votes"), button.ACTION))


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("forged", ["0", "-1", "1;2", "9" * 30, "", "1/../2", "٣"])
async def test_buttons__forged_number__matches_nothing(button: Any, forged: str) -> None:
    pattern = button.__discord_ui_compiled_template__
    assert pattern.fullmatch(f"tribune:{button.ACTION}:{forged}") is None
