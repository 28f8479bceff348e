"""Monitors as processes: started, watched, killed and started again, each with store and files of its own."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chaos.watching import ROOT, Point

START_LIMIT_S = 90.0
KILLED = -signal.SIGKILL


@dataclass
class Life:
    """One process of a monitor.

    Args:
        number: of all lives, counted from 1.
        point: where it is to die.
        epitaph: where it writes at which point it died.
        born: by this process's monotonic clock.
    """

    number: int
    point: Point | None
    epitaph: Path
    born: float
    process: int = 0
    code: int | None = None

    @property
    def died_at(self) -> str:
        """The point at which it killed itself; empty where somebody else did, or nobody."""
        return self.epitaph.read_text("utf-8").strip() if self.epitaph.exists() else ""


@dataclass
class Place:
    """A member of a panel, over its lives.

    Args:
        name: also of its folder.
        folder: of its files; nothing in it is ever cleaned up by the campaign.
        environment: of its processes, settings and key.
        command: what of `tribune` they run.
    """

    name: str
    folder: Path
    environment: dict[str, str]
    command: tuple[str, ...] = ("monitor", "run")
    life: Life | None = None
    lives: list[Life] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Whether a process of it is alive, as far as we were told."""
        return self.life is not None and self.life.code is None

    @property
    def log(self) -> Path:
        """What its processes said, one after another; not on its own disk, which may be full."""
        return self.folder.with_suffix(".jsonl")


class Fleet:
    """Starts processes by the launcher. Use as a context manager.

    Args:
        command: how the launcher is started; another Python in front of it may change its world.
        environment: beside that of this process.
    """

    def __init__(self, command: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._command = [*command, sys.executable, "-m", "chaos.launcher"]
        self._environment = dict(environment or {})
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._lives: dict[int, Life] = {}
        self._number = 0

    def __enter__(self) -> Fleet:
        paths = [str(ROOT / part) for part in (".", "monitors", "bot", "tests")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
        self._launcher = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, **self._environment},
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            self._wait(lambda said: bool(said.get("ready")), START_LIMIT_S)
        except BaseException:
            self._launcher.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._launcher.stdin is not None
        assert self._launcher.stdout is not None
        self._launcher.stdin.close()
        self._launcher.wait(30)
        self._listener.join(5)
        self._launcher.stdout.close()

    def start(
        self,
        place: Place,
        point: Point | None = None,
        *,
        count: Path | None = None,
        before: Sequence[tuple[str, str]] = (),
    ) -> Life:
        """Start a process of a monitor.

        Args:
            place: whose.
            point: where it dies by itself.
            count: file that it writes its steps to when it ends in an orderly way.
            before: functions, as module and name, that it calls before it becomes a worker.
        """
        assert not place.runs, f"{place.name} runs already"
        self._number += 1
        epitaph = place.folder.with_suffix(f".epitaph-{self._number}")
        life = Life(self._number, point, epitaph, time.monotonic())
        place.life = life
        place.lives.append(life)
        self._lives[life.number] = life
        order = {
            "number": life.number,
            "folder": str(place.folder),
            "environment": place.environment,
            "command": list(place.command),
            "log": str(place.log),
            "epitaph": str(epitaph),
            "point": asdict(point) if point else None,
            "count": str(count) if count else "",
            "before": [list(pair) for pair in before],
        }
        assert self._launcher.stdin is not None
        self._launcher.stdin.write(json.dumps(order) + "\n")
        self._launcher.stdin.flush()
        self._wait(lambda said: said.get("born") == life.number, 20.0)
        return life

    def look(self) -> None:
        """Take note of who died since."""
        while True:
            try:
                self._note(self._said.get_nowait())
            except queue.Empty:
                return

    def kill(self, place: Place) -> None:
        """Kill a monitor's process from outside, wherever it is, and wait for its end."""
        self.end(place, signal.SIGKILL)

    def end(self, place: Place, by: int = signal.SIGTERM, limit_s: float = 30.0) -> int:
        """End a monitor's process by a signal; return its exit code."""
        self.look()
        life = place.life
        assert life is not None
        if life.code is None:
            if by == signal.SIGTERM:  # which only kills one that is not yet up
                self._until_it_listens(life, limit_s)
            os.kill(life.process, by)
            self._wait(lambda _: life.code is not None, limit_s)
        assert life.code is not None
        return life.code

    def _until_it_listens(self, life: Life, limit_s: float) -> None:
        """Wait until a process has a handler of its own for SIGTERM, or is dead."""
        deadline = time.monotonic() + limit_s
        while life.code is None and not _handles(life.process, signal.SIGTERM):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {life.process} never came up")
            time.sleep(0.02)
            self.look()

    def _listen(self) -> None:
        assert self._launcher.stdout is not None
        for line in self._launcher.stdout:
            self._said.put(json.loads(line))

    def _wait(self, until: Callable[[dict[str, Any]], bool], limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while True:
            try:
                said = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError("the launcher did not answer in time") from None
            self._note(said)
            if until(said):
                return

    def _note(self, said: dict[str, Any]) -> None:
        if "born" in said:
            self._lives[said["born"]].process = said["process"]
        if "died" in said:
            self._lives[said["died"]].code = said["code"]


def _handles(process: int, by: int) -> bool:
    """Whether a process has a handler of its own for a signal; one that is gone has none."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (by - 1) & 1)
