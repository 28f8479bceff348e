"""Run the stand-in until it is told to stop: `python -m support.discord --folder DIR`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from .server import ANSWER_WITHIN_S, USERS, StandIn


def main() -> None:
    """Read the command line, serve, stop at SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="support.discord", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for ca.pem, bot-token and ports.json")
    parser.add_argument("--openapi", type=Path, help="discord-openapi.json: check what the bot sends")
    parser.add_argument("--users", default=",".join(USERS), help="member names; the first owns the guild")
    parser.add_argument("--channels", default="oversight", help="channel names; the bot's is the first")
    parser.add_argument("--roles", default="", help="names of roles that can be mentioned")
    parser.add_argument("--control-port", type=int, default=0, help="0: any free one")
    parser.add_argument("--answer-within", type=float, default=ANSWER_WITHIN_S, help="seconds (Discord: 3)")
    given = parser.parse_args()
    if given.openapi is not None and not given.openapi.is_file():
        parser.error(f"{given.openapi} is not a file")
    asyncio.run(_serve(given))


async def _serve(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    stand_in = StandIn(
        given.folder,
        openapi=given.openapi,
        users=tuple(given.users.split(",")),
        channels=tuple(given.channels.split(",")),
        roles=tuple(filter(None, given.roles.split(","))),
        answer_within_s=given.answer_within,
        control_port=given.control_port,
    )
    async with stand_in:
        print(f"Discord stand-in ready: http://127.0.0.1:{stand_in.control_port}/", flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
