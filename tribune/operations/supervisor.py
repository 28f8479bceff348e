"""Runs parts as child processes: hands their logs on, starts again what ends, stops all in order.

What must not be lost is in the parts' stores, so a part may be started anew at any time. Ends with the error
of a part that cannot start at all, since only a person can mend that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tribune import environment
from tribune.exceptions import ConfigurationError, TribuneError
from tribune.log import Redactor, get_logger
from tribune.operations.parts import Part, hidden_from
from tribune.settings import PREFIX
from tribune.waiting import came_within

PROGRAM = (sys.executable, "-P", "-m", "tribune.cli")
_LONGEST_LINE = 2**18
_KEPT_LINES = 30


class PartEndedError(TribuneError):
    """A part cannot start, or not stay up, and only a person can mend it."""


@dataclass(frozen=True)
class Patience:
    """How long what is waited for, in seconds."""

    first_pause_s: float = 1.0
    longest_pause_s: float = 60.0
    well_s: float = 60.0
    """A part that has run for so long can start, and its pauses are forgotten."""
    tries: int = 5
    """How often in a row a part that never ran so long may end before it is given up."""
    stop_s: float = 15.0
    """For one part to stop once it is told to."""
    stop_all_s: float = 40.0


class Supervisor:
    """Runs parts until it is told to stop.

    Args:
        parts: in the order in which they start; they stop in the reverse order.
        say: takes each line of a part's log, after the part's name.
        options: put after each part's command.
        secrets: environment variables that hold secrets; each part sees its own only.
        program: what runs a part's command.
        patience: how long what is waited for.
        ready: called once, as soon as all parts run.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        say: Callable[[str, str], None],
        *,
        options: Iterable[str] = (),
        secrets: Iterable[str] = (),
        program: Sequence[str] = PROGRAM,
        patience: Patience | None = None,
        ready: Callable[[], None] | None = None,
    ) -> None:
        self._parts = tuple(parts)
        self._options = tuple(options)
        self._secrets = frozenset(secrets)
        self._program = tuple(program)
        self._patience = patience or Patience()
        self._say = say
        self._ready = ready
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Run all parts until `stop` is set, and stop them.

        Raises:
            PartEndedError: a part cannot start; the others were stopped.
        """
        lifeline, ours = os.pipe()
        keeping = [asyncio.create_task(self._keep(part, lifeline), name=part.name) for part in self._parts]
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*keeping, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            await self._stop_all()
            told.cancel()
            ended = await asyncio.gather(*keeping, return_exceptions=True)
            await asyncio.gather(told, return_exceptions=True)
            os.close(lifeline)
            os.close(ours)
        for fault in ended:
            if isinstance(fault, BaseException):
                raise fault

    async def _keep(self, part: Part, lifeline: int) -> None:
        """Run a part again and again until all are to stop."""
        log, loop, patience = get_logger(__name__), asyncio.get_running_loop(), self._patience
        in_a_row, has_been_well = 0, False
        while not self._stopping.is_set():
            started = loop.time()
            code, said = await self._once(part, lifeline)
            if self._stopping.is_set():
                return
            if loop.time() - started >= patience.well_s:
                in_a_row, has_been_well = 0, True
            in_a_row += 1
            hopeless = code == ConfigurationError.exit_code or in_a_row >= patience.tries
            if hopeless and not has_been_well:
                raise _cannot_start(part, code, said)
            pause = min(patience.first_pause_s * 2.0 ** min(in_a_row - 1, 10), patience.longest_pause_s)
            pause *= 0.5 + random.random() / 2  # noqa: S311 - so that parts that fail together do not return together
            log.error(
                "a part ended by itself", part=part.name, code=code, pause_s=round(pause, 1), error=said
            )
            await came_within(pause, self._stopping.wait())

    async def _once(self, part: Part, lifeline: int) -> tuple[int, str]:
        """Run a part until it ends; return its code and the last plain line that it said."""
        hidden = hidden_from(part, self._secrets)
        # A pipe of our own: `wait` of asyncio's would wait for whoever else inherited its end.
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *self._program,
            "--lifeline",
            str(lifeline),
            *part.command,
            *self._options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            pass_fds=(lifeline,),
            # Out of reach of a terminal's Ctrl-C: parts stop in order, and when they are told to.
            start_new_session=True,
            env=environment.without(hidden) | {f"{PREFIX}TELEMETRY__PORT": str(part.telemetry_port)},
        )
        os.close(writing)
        self._running[part.name] = process
        get_logger(__name__).info("a part starts", part=part.name, pid=process.pid)
        if self._ready is not None and len(self._running) == len(self._parts):
            self._ready()
            self._ready = None
        plain: deque[str] = deque(maxlen=_KEPT_LINES)
        if self._stopping.is_set():
            process.terminate()
        forwarding = asyncio.create_task(self._forward(part.name, reading, plain))
        code = await process.wait()
        _kill_group(process)
        await forwarding
        del self._running[part.name]
        last = next((line for line in reversed(plain) if line.strip()), "")
        return code, Redactor().text(last.strip())[:1000]

    async def _forward(self, name: str, reading: int, plain: deque[str]) -> None:
        """Hand on every line until the pipe ends; keep those that are no structured log."""
        stream, rest = asyncio.StreamReader(), b""
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb")
        )
        with contextlib.closing(transport):
            while chunk := await stream.read(2**16):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LONGEST_LINE:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._line(name, line, plain)
            if rest:
                self._line(name, rest, plain)

    def _line(self, name: str, line: bytes, plain: deque[str]) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if not is_structured(text):
            plain.append(text)
        if text:
            self._say(name, text)

    async def _stop_all(self) -> None:
        """Stop the parts one after another, the last started first; what does not stop in time is killed."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._patience.stop_all_s
        for part in reversed(self._parts):
            process = self._running.get(part.name)
            if process is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            limit = max(0.1, min(self._patience.stop_s, ends - loop.time()))
            if not await came_within(limit, process.wait()):
                get_logger(__name__).warning("a part did not stop in time and was killed", part=part.name)
                _kill_group(process)


def _kill_group(process: asyncio.subprocess.Process) -> None:
    """Kill a part, if it still runs, and whatever it started and left behind."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def is_structured(line: str) -> bool:
    """Return whether a line is one of our structured log, which names its process."""
    if not line.startswith("{"):
        return False
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and "process" in event


def say_json(name: str, line: str) -> None:
    """Write a part's line to stderr as a structured log, as it is where it is one."""
    if is_structured(line):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - a log line, redacted where it was made
    else:
        get_logger(__name__).warning(line, process=name)


def say_text(name: str, line: str) -> None:
    """Write a part's line to stderr for people, after its name."""
    print(f"{name}: {Redactor().text(line)}", file=sys.stderr, flush=True)  # noqa: T201


def _cannot_start(part: Part, code: int, said: str) -> PartEndedError:
    how = f"killed by signal {-code}" if code < 0 else f"code {code}"
    error = PartEndedError(
        f"{part.name} cannot start ({how}): {said or 'it said nothing'}",
        mend=f"All parts were stopped. Try it alone with `tribune {' '.join(part.command)}`.",
        part=part.name,
    )
    error.exit_code = code if code > 0 else 1
    return error
