"""Whole processes, timed: ours and each peer in its own environment, started the same way.

A peer's environment stands in `build/peers/<name>`, made from `peers/<name>.in` on first use. A process that
takes too long is ended, and its time is then a lower bound, said as such.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "monitors-bench"
_PEERS = ROOT / "build" / "peers"
PEERS = ("evidently", "nannyml", "fairlearn")
MOST_S = 420.0
"""After this long a process is ended."""


@dataclass(frozen=True)
class Run:
    """One process: how long it took, how long it computed on all cores, and what it said last.

    `cut`: it was ended before it was done.
    """

    seconds: float
    cpu_s: float
    facts: dict[str, Any]
    cut: bool = False


def say(*words: object) -> None:
    """Tell the person who waits."""
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


def run(command: Sequence[str], *, most_s: float = MOST_S) -> Run:
    """Run a process to its end and read the JSON of its last line.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    own = {"PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "monitors"))}
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}
    start, before = time.perf_counter(), _computed()
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **own, **quiet}, capture_output=True, timeout=most_s
        )
    except subprocess.TimeoutExpired:
        return Run(time.perf_counter() - start, _computed() - before, {}, cut=True)
    seconds, cpu = time.perf_counter() - start, _computed() - before
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')[-3000:]}")
    return Run(seconds, cpu, json.loads(done.stdout.splitlines()[-1]))


def _computed() -> float:
    """Return the seconds that all processes ended so far computed."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tribune(profile: Path, rows: Path) -> list[str]:
    """Return the command that a user types."""
    options = ["--profile", str(profile), "--format", "json"]
    return [sys.executable, "-m", "tribune.cli", "measure", str(rows), *options]


def ours(*arguments: object) -> list[str]:
    """Return the command of another process of ours."""
    return [sys.executable, "-m", "bench.monitoring.ours", *map(str, arguments)]


def peer(name: str, reference: Path, rows: Path) -> list[str]:
    """Return the command of a peer's process, in its own environment, which is made where it is not there."""
    python = _PEERS / name / "bin" / "python"
    ready = _PEERS / name / "ready"
    wanted = Path(__file__).with_name("peers") / f"{name}.in"
    if not ready.is_file() or ready.read_bytes() != wanted.read_bytes():
        say(f"setting up {name} in {python.parent.parent.relative_to(ROOT)}")
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "venv", "-q", "--clear", "--python", sys.executable, python.parent.parent], check=True
        )
        subprocess.run([uv, "pip", "install", "-q", "--python", python, "-r", wanted], check=True)
        ready.write_bytes(wanted.read_bytes())
    return [str(python), "-m", f"bench.monitoring.peers.{name}", str(reference), str(rows)]
