"""What tests give to commands that they run as processes: an environment, a port of their own, and an end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from support.anvil import ROOT
from tribune.settings import Settings

START_LIMIT_S = 300.0
"""For a server of many imports, on a busy machine."""


def environment(**given: str) -> dict[str, str]:
    """Return variables with which `python -m` runs this tree's code, and nothing else of the caller's."""
    paths = (".", "monitors", "bot", "tests")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in paths),
        "PYTHONWARNINGS": "ignore",
        **given,
    }


def variables(settings: Settings) -> dict[str, str]:
    """Return the variables that give a monitor's process its chain, stores and folders."""
    return {
        "TRIBUNE_CHAIN__HTTP_URL": settings.chain.http_url,
        "TRIBUNE_DEPLOYMENTS": str(settings.deployments),
        "TRIBUNE_STORE_URL": settings.store_url,
        "TRIBUNE_EVIDENCE_URLS": json.dumps(settings.evidence_urls),
        "TRIBUNE_EVIDENCE_READ_URLS": json.dumps(settings.evidence_read_urls),
        "TRIBUNE_LOG_FOLDER": str(settings.log_folder),
        "TRIBUNE_TALLY_FOLDER": str(settings.tally_folder),
    }


def free_port() -> int:
    """Return a port on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def ran_at_terminal(folder: Path, *arguments: str, **given: str) -> tuple[str, str]:
    """Run `tribune` to its end in a folder; return what it printed, and all that its terminal ever showed.

    Only its errors go to the terminal, as with `tribune … | less`.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tribune.cli", *arguments],
        cwd=folder, env=environment(TERM="xterm-256color", COLUMNS="100", **given),
        stdout=subprocess.PIPE, stderr=theirs, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
            while part := os.read(ours, 65_536):
                shown += part
        os.close(ours)
        printed, _ = process.communicate(timeout=60)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert process.returncode == 0, text
    return printed, text


@contextlib.asynccontextmanager
async def server(
    command: Sequence[str], port: int, log: Path, **options: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run a server as a process, and yield a client of it once it listens.

    Args:
        command: its program, from this environment, and the arguments.
        port: where it will listen, on loopback.
        log: takes what it says, and is the error where it does not start.
        **options: for the process.
    """
    program, *arguments = command
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name(program)), *arguments, stdout=said, stderr=said, **options
        )
    try:
        await _listens(process, port, log)
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
            yield client
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_LIMIT_S):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return
    raise AssertionError(await asyncio.to_thread(log.read_text))
