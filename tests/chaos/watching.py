"""Where a process is, told by the interpreter: it counts its steps, and dies without warning at one of them.

Runs inside the process under test. A step is the entry into, or the return from, a function of ours, or a
call of the few outside ones that make something last or public: a commit, a rename, a request to the node.
Threads count too. Death is SIGKILL to itself: no handler, `finally` or buffer of the process runs any more.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = (f"{ROOT}/tribune/", f"{ROOT}/monitors/tribune_monitors/", f"{ROOT}/bot/tribune_bot/")
OUTSIDE = {
    ("sqlalchemy/engine/default.py", "DefaultDialect.do_commit"): "database:commit",
    ("sqlalchemy/engine/default.py", "DefaultDialect.do_begin"): "database:begin",
    ("aiohttp/client.py", "ClientSession._request"): "node:request",
    ("aiohttp/client_reqrep.py", "ClientResponse.read"): "node:answer",
}
"""Functions of libraries that are steps, by the end of their file's name."""
BUILT_IN = {
    "replace": "disk:replace",
    "rename": "disk:rename",
    "fsync": "disk:fsync",
    "unlink": "disk:unlink",
}
"""The same for functions written in C, of `os` alone."""
READY = ("tribune_monitors.worker:Worker._ready", "tribune_bot.app:_gateway")
"""Entered when a worker begins its first look, or the bot is logged in: what comes before is the start."""


@dataclass(frozen=True)
class Point:
    """A point to die at.

    Args:
        step: the function, as `label` names it.
        nth: at which pass, counted from 1.
        after: at its return rather than at its entry. A coroutine is entered and left at each of its waits.
        starting: count passes from the process's start, not from its first look on.
    """

    step: str
    nth: int
    after: bool
    starting: bool


def label(code: CodeType) -> str | None:
    """Return the name of a step, None for code that is none: `package.module:Class.function`."""
    name = code.co_qualname
    file = code.co_filename
    if "<lambda>" in name or "comp>" in name or "<module>" in name or "genexpr>" in name:
        return None
    for place in OURS:
        if file.startswith(place):
            parent = place if place == OURS[0] else str(Path(place).parent) + "/"
            start = "tribune/" if place == OURS[0] else ""
            return f"{(start + file.removeprefix(parent)).removesuffix('.py').replace('/', '.')}:{name}"
    for (end, function), step in OUTSIDE.items():
        if name == function and file.endswith(end):
            return step
    return None


class Watch:
    """Counts steps and dies at a point.

    Args:
        point: None only counts.
        epitaph: open file that the point is written to just before.
    """

    def __init__(self, point: Point | None, epitaph: int) -> None:
        self.starting: Counter[str] = Counter()
        """Entries until the first look."""
        self.looking: Counter[str] = Counter()
        """Entries from then on."""
        self._point = point
        self._epitaph = epitaph
        self._labels: dict[CodeType, str | None] = {}
        self._ready = False
        self._passes = 0

    def install(self) -> None:
        """Begin, in this thread and in those that start from now on."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" or event == "return":
            code = frame.f_code
            try:
                step = self._labels[code]
            except KeyError:
                step = self._labels[code] = label(code)
        elif getattr(argument, "__module__", None) == "posix":
            step = BUILT_IN.get(argument.__name__)
        else:
            return
        if step is not None:
            self._pass(step, after=event in ("return", "c_return"))

    def _pass(self, step: str, *, after: bool) -> None:
        if step in READY:
            self._ready = True
        if not after:
            (self.looking if self._ready else self.starting)[step] += 1
        point = self._point
        if point is None or step != point.step or after != point.after:
            return
        if self._ready or point.starting:
            self._passes += 1
            if self._passes >= point.nth:
                os.write(self._epitaph, f"{'after' if after else 'before'} {step}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()  # another thread: it dies with the process
