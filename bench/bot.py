"""How fast the bot answers, tells and relays: its own processes, a real chain, a stand-in Discord.

Run with `make bench NAME=bot` on a quiet machine; `ARGS="--ballots 100 --presses 500"` for a look. Measured:

- the answer that Discord waits for, at 50 presses and commands a second (the bot's half of three seconds);
- from a case's block to its message in the channel;
- signed ballots of as many wallets, from the first one sent to the page until the last is in a block, with
  blocks each second; and from a voter's press to her vote in a block, without her own time;
- the bot's memory over all presses.

Pages and bot run with their usual settings, but for the bound of ballots from one address, which stands
between a thousand voters on one machine and the page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bench.voting.scene import Scene, opened_scene
from support.discord.client import Control

PRESSES, BALLOTS, EACH = 10_000, 1_000, 10
PER_S = 50
AT_ONCE = 32
"""Ballots that are sent at the same time: people do not wait for each other."""
WARM = 500
"""Presses after which memory is compared: caches are full by then."""
LIMIT_S = 300.0


def main() -> int:
    """Measure and print one JSON line last; progress goes to stderr. Fails where a figure misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--presses", type=int, default=PRESSES)
    parser.add_argument("--ballots", type=int, default=BALLOTS)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="tribune-bench-") as folder:
        rows = asyncio.run(_measure(Path(folder), given.presses, given.ballots))
    print(json.dumps({"bench": "bot", "rows": rows}))
    return 0 if all(row["met"] for row in rows) else 1


async def _measure(folder: Path, presses: int, ballots: int) -> list[dict[str, Any]]:
    async with opened_scene(folder, voters=ballots + EACH) as scene, Control(scene.control_port) as discord:
        alert_s = await _alert(scene, discord)
        rows = [_row("case's block to message", "s", alert_s, 1.0)]
        rows += await _presses(scene, discord, presses)
        await asyncio.to_thread(scene.begin_voting)
        rows.append(await _one_by_one(scene, discord))
        rows.append(await _all_at_once(scene, ballots))
        return rows


async def _alert(scene: Scene, discord: Control) -> float:
    """Return seconds from the block of a breach to its message."""
    mined = await asyncio.to_thread(scene.breach)
    await _message(discord)
    return time.monotonic() - mined


async def _message(discord: Control) -> dict[str, Any]:
    """Return the case's message; wait for it."""
    revision = -1
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        found = await discord.get("messages", since=revision, wait=5)
        revision = found["revision"]
        for message in found["messages"]:
            if "has been stopped" in message["content"]:
                return dict(message)
    raise SystemExit("The bot posted nothing about the breach.")


async def _presses(scene: Scene, discord: Control, count: int) -> list[dict[str, Any]]:
    """Press and command at a steady rate; return how long Discord waited, and what memory did."""
    message = await _with_buttons(discord)
    buttons = [
        part["custom_id"]
        for row in message["components"]
        for part in row["components"]
        if part.get("custom_id")
    ]
    waits: list[float] = []
    tasks: set[asyncio.Task[None]] = set()
    started, warm_kb = time.monotonic(), 0

    async def act(number: int) -> None:
        if number % 5 == 0:
            made = await discord.post("command", user="ada", name="models", options={}, wait=20)
        else:
            custom_id = buttons[number % len(buttons)]
            made = await discord.post(
                "press", user="ada", message_id=message["id"], custom_id=custom_id, wait=20
            )
        if made["answered_after_ms"] is None:
            raise RuntimeError(f"interaction {number} was not answered")
        waits.append(made["answered_after_ms"])

    for number in range(count):
        await asyncio.sleep(max(started + number / PER_S - time.monotonic(), 0))
        task = asyncio.create_task(act(number))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if number == min(WARM, count // 2):
            warm_kb = scene.bot_memory_kb()
        if number % 1000 == 999:
            _say(f"{number + 1} presses, {scene.bot_memory_kb() / 1024:.0f} MB")
    await asyncio.gather(*tasks)
    rate = count / (time.monotonic() - started)
    grown = (scene.bot_memory_kb() - warm_kb) / 1024
    p99 = statistics.quantiles(waits, n=100)[98]
    return [
        _row(f"acknowledgement, p99 of {count} at {rate:.0f}/s", "ms", p99, 250.0),
        _row(f"memory grown over {count} interactions", "MB", grown, 16.0),
    ]


async def _with_buttons(discord: Control) -> dict[str, Any]:
    """Return the case's message once its vote is open and its buttons are there."""
    for _ in range(100):
        message = await _message(discord)
        labels = [part.get("label") for row in message["components"] for part in row["components"]]
        if "Vote" in labels:
            return message
        await asyncio.sleep(0.1)
    raise SystemExit("The message got no Vote button.")


async def _one_by_one(scene: Scene, discord: Control) -> dict[str, Any]:
    """Vote as single people: press, sign, send, until it is in a block."""
    message = await _with_buttons(discord)
    button = next(
        part["custom_id"]
        for row in message["components"]
        for part in row["components"]
        if part.get("label") == "Vote"
    )
    took = []
    async with aiohttp.ClientSession(scene.site) as pages:
        for voter in scene.voters[:EACH]:
            signed = scene.signed(voter)  # the person's own time
            started = time.monotonic()
            await discord.post("press", user="ada", message_id=message["id"], custom_id=button, wait=20)
            await _send(pages, scene, signed)
            await _mined(pages, scene, signed["voter"])
            took.append(time.monotonic() - started)
    return _row("press to vote in a block, worst of 10", "s", max(took), 5.0)


async def _all_at_once(scene: Scene, count: int) -> dict[str, Any]:
    """Let all others vote; return seconds until the last vote is in a block."""
    ballots = [scene.signed(voter) for voter in scene.voters[EACH : EACH + count]]
    gate = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession(scene.site, connector=aiohttp.TCPConnector(limit=0)) as pages:
        started = time.monotonic()

        async def vote(signed: dict[str, Any]) -> None:
            async with gate:
                await _send(pages, scene, signed)

        await asyncio.gather(*(vote(signed) for signed in ballots))
        _say(f"{count} ballots taken after {time.monotonic() - started:.1f} s")
        while await asyncio.to_thread(scene.votes_cast) < EACH + count:
            if time.monotonic() - started > LIMIT_S:
                raise SystemExit(f"only {scene.votes_cast()} votes were counted")
            await asyncio.sleep(0.2)
        took = time.monotonic() - started
    return _row(f"{count} signed ballots, sent to mined", "s", took, 60.0)


async def _send(pages: aiohttp.ClientSession, scene: Scene, signed: dict[str, Any]) -> None:
    async with pages.post(f"/api/ballots/{scene.case_id}", json=signed) as answer:
        if answer.status != 202:
            raise RuntimeError(f"a ballot was refused: {await answer.text()}")


async def _mined(pages: aiohttp.ClientSession, scene: Scene, voter: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        async with pages.get(f"/api/ballots/{scene.case_id}/{voter}") as answer:
            if (await answer.json()).get("status") == "mined":
                return
        await asyncio.sleep(0.1)
    raise SystemExit("a vote was not mined within a minute")


def _row(name: str, unit: str, ours: float, goal: float) -> dict[str, Any]:
    _say(f"{name}: {ours:.2f} {unit} (goal {goal:g})")
    return {
        "name": name,
        "unit": unit,
        "ours": round(ours, 2),
        "theirs": None,
        "ratio": None,
        "goal": goal,
        "met": ours <= goal,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
