"""`tribune up` with the bot and the pages on one store, against the stand-in Discord."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from integration.bot.world import BotWorld
from integration.test_up import LIMIT_S, Up, alive, health, up
from support.anvil import RELAYER_KEY
from support.processes import free_port


def settings_file(world: BotWorld, folder: Path, port: int) -> None:
    read, discord = world.settings, world.settings.discord
    lines = [
        f"deployments = {json.dumps(str(read.deployments))}",
        f"evidence_urls = {json.dumps(read.evidence_urls)}",
        'store_url = "sqlite:///tribune.db"',
        "[chain]",
        f"http_url = {json.dumps(read.chain.http_url)}",
        "[keys]",
        'relayer = { env = "TEST_RELAYER_KEY" }',
        "[discord]",
        f"guild_id = {discord.guild_id}",
        f"channel_id = {discord.channel_id}",
        f"token_file = {json.dumps(str(discord.token_file))}",
        f"connect_host = {json.dumps(discord.connect_host)}",
        f"connect_port = {discord.connect_port}",
        f"ca_file = {json.dumps(str(discord.ca_file))}",
        "[web]",
        f"port = {port}",
    ]
    (folder / "tribune.toml").write_text("\n".join(lines) + "\n")


def variables(pid: int) -> set[str]:
    return {one.partition("=")[0] for one in Path(f"/proc/{pid}/environ").read_text().split("\0")}


def lived(running: Up, port: int) -> None:
    """Wait until all is well, kill the bot, wait until it is well again, stop."""
    running.until(lambda: running.said("bot", "the bot is logged in"))
    running.until(lambda: health(port))
    pids = running.pids()
    assert list(pids) == ["bot", "web"]
    assert "TEST_RELAYER_KEY" in variables(pids["bot"])
    assert "TEST_RELAYER_KEY" not in variables(pids["web"])
    os.kill(pids["bot"], signal.SIGKILL)
    running.until(lambda: len(running.said("bot", "the bot is logged in")) == 2)
    running.process.terminate()
    assert running.process.wait(LIMIT_S) == 0
    assert running.said("bot", "the bot has stopped")
    assert not any(alive(pid) for pid in running.pids().values())


async def test_up__bot_and_pages__one_store_and_each_its_own_secrets(world: BotWorld, tmp_path: Path) -> None:
    port = free_port()
    settings_file(world, tmp_path, port)
    with up(tmp_path, TEST_RELAYER_KEY=RELAYER_KEY) as running:
        await asyncio.to_thread(lived, running, port)
