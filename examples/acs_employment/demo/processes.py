"""The demo's processes: started with their own environment and log file, stopped by process id.

Secrets reach a process through its environment only. Refuses to go on when a process ends by itself, and says
what it wrote last.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tribune.exceptions import TribuneError

STOP_LIMIT_S = 8.0
READY_LIMIT_S = 120.0
"""How long a process may take to be ready, on a busy machine; one that ends is seen at once."""
ROOT = Path(__file__).resolve().parents[3]


class ProcessEndedError(TribuneError):
    """A process of the demo ended before it should."""


@dataclass
class Process:
    """One running process; `ends` is true of one that ends by itself when its work is done."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    ends: bool = False
    started_s: float = field(default_factory=time.time)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def stop(self, *, kill: bool = False) -> None:
        """End it with SIGTERM (SIGKILL with `kill`), and wait; twice is harmless."""
        if not self.alive:
            return
        self.popen.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self.popen.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(STOP_LIMIT_S)

    def check(self) -> None:
        """Raise ProcessEndedError unless it runs, or has done its work."""
        if not self.alive and not (self.ends and self.popen.returncode == 0):
            raise ProcessEndedError(
                f"{self.name} ended with code {self.popen.returncode}: {tail(self.log)}",
                mend=f"See {self.log}.",
            )


@dataclass
class Processes:
    """All processes of a run, logging below `folder`."""

    folder: Path
    running: dict[str, Process] = field(default_factory=dict)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        program: str = sys.executable,
        ends: bool = False,
    ) -> Process:
        """Start a command in the checkout's root.

        Args:
            name: for people and for the log file.
            command: arguments; never a secret.
            environment: added to ours.
            program: what to run; Python by default.
            ends: whether it is to end by itself.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [program, *command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            )
        process = Process(name, popen, log, ends)
        self.running[name] = process
        return process

    def stop(self, name: str, *, kill: bool = False) -> None:
        """Stop one process."""
        self.running.pop(name).stop(kill=kill)

    def stop_all(self) -> None:
        """Stop all, the newest first: nobody is left talking to a peer that is gone."""
        for process in reversed(self.running.values()):
            if process.alive:
                process.popen.send_signal(signal.SIGTERM)
        for process in reversed(self.running.values()):
            process.stop()
        self.running.clear()

    def check(self) -> None:
        """Raise ProcessEndedError where a process ended by itself."""
        for process in self.running.values():
            process.check()

    async def until(self, ready: Path, *, of: str, limit_s: float = READY_LIMIT_S) -> None:
        """Wait until a process has written a file that says that it is ready."""
        deadline = time.monotonic() + limit_s
        while not await asyncio.to_thread(ready.exists):
            self.running[of].check()
            if time.monotonic() > deadline:
                raise ProcessEndedError(f"{of} is not ready after {limit_s:g} s.", mend="See its log.")
            await asyncio.sleep(0.05)

    async def finish(self, process: Process, limit_s: float) -> None:
        """Wait for a process that ends by itself; raise ProcessEndedError unless it ends well and in time."""
        deadline = time.monotonic() + limit_s
        while process.alive:
            if time.monotonic() > deadline:
                process.stop()
                raise ProcessEndedError(
                    f"{process.name} did not finish within {limit_s:g} s.", mend=f"See {process.log}."
                )
            await asyncio.sleep(0.05)
        process.check()
        del self.running[process.name]


def tail(log: Path, lines: int = 6) -> str:
    """Return the last lines of a log, for an error message."""
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])
