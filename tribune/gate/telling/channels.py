"""Ways to hand a notice over: a command of the operator's, or a signed request to an address of theirs.

The command gets no secret of this process and no shell; the request follows no redirect. Each try is bounded
in time, and says only whether the notice was taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, cast

from tribune import environment
from tribune.gate.telling.notices import HALT, Notice
from tribune.waiting import came_within
from tribune.webhooks import NotTakenError, Receiver

_TAIL = 300
_LAST_WORDS_S = 1.0
"""How long what an ended command said is waited for: another process may hold the pipe for ever."""
_KILLED_S = 5.0
"""How long the end of a killed command is waited for: one that runs as somebody else cannot be killed."""


class Channel(Protocol):
    """Somebody who is told."""

    name: str

    def wants(self, kind: str) -> bool:
        """Return whether notices of a kind are for it."""

    async def deliver(self, notice: Notice) -> None:
        """Hand a notice over.

        Raises:
            NotTakenError: it was not taken.
        """


class Command:
    """Runs a command: the notice's document on its standard input, its facts in HOOK_… variables.

    Exit code 0 means taken. What takes too long is killed with all that it started.

    Args:
        on_halt: command and arguments; empty: none.
        on_resume: the same.
        timeout_s: longest time that it may take.
        secrets: names of environment variables that it does not get.
    """

    name = "command"

    def __init__(
        self,
        on_halt: Sequence[str],
        on_resume: Sequence[str],
        *,
        timeout_s: float,
        secrets: Collection[str] = (),
    ) -> None:
        self._commands = {True: tuple(on_halt), False: tuple(on_resume)}
        self._timeout_s = timeout_s
        self._secrets = frozenset(secrets)

    def wants(self, kind: str) -> bool:
        """Return whether there is a command for a kind."""
        return bool(self._commands[kind == HALT])

    async def deliver(self, notice: Notice) -> None:
        """Run the command of the notice's kind."""
        variables = environment.without(self._secrets)
        facts = {"id": notice.id, "event": notice.kind}
        facts |= {name: str(notice.data[name]) for name in ("model_id", "cause") if name in notice.data}
        variables |= {f"HOOK_{name.upper()}": value for name, value in facts.items()}
        told = await _start(self._commands[notice.kind == HALT], variables)
        try:
            told.give(_encode(notice))
            async with asyncio.timeout(self._timeout_s):
                code = await told.ended()
        except TimeoutError:
            raise NotTakenError(f"The command took longer than {self._timeout_s:g} s.") from None
        finally:
            await told.end()
        if code != 0:
            raise NotTakenError(f"The command ended with {code}: {told.tail() or 'it said nothing'}")


class Webhook:
    """Posts the notice's document, signed (`tribune.webhooks`).

    Args:
        receiver: who is told.
    """

    name = "webhook"

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def wants(self, kind: str) -> bool:
        """Return True: whoever hears of halts hears of their ends."""
        return True

    async def deliver(self, notice: Notice) -> None:
        """Post the notice."""
        await self._receiver.post(notice.id, _encode(notice))


class _Told(asyncio.SubprocessProtocol):
    """A command that runs: it is at its end when it exits, whoever else holds its pipes by then."""

    _transport: asyncio.SubprocessTransport

    def __init__(self) -> None:
        self._exited, self._silent = asyncio.Event(), asyncio.Event()
        self._said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._said = (self._said + data)[-4 * _TAIL :]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 2:
            self._silent.set()

    def process_exited(self) -> None:
        self._exited.set()

    def give(self, document: bytes) -> None:
        """Write a document to its standard input."""
        given = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        given.write(document)
        given.close()  # once all is written

    async def ended(self) -> int | None:
        """Wait until it exits, and for its last words where it failed; return its code."""
        await self._exited.wait()
        code = self._transport.get_returncode()
        if code != 0:
            await came_within(_LAST_WORDS_S, self._silent.wait())
        return code

    async def end(self) -> None:
        """Kill it with all that it started, if it still runs."""
        if not self._exited.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._transport.get_pid(), signal.SIGKILL)
        try:
            await came_within(_KILLED_S, self._exited.wait())
        finally:
            with suppress(PermissionError):
                self._transport.close()

    def tail(self) -> str:
        """Return the end of what it said of its failure."""
        return self._said.decode("utf-8", "replace").strip()[-_TAIL:]


async def _start(command: Sequence[str], variables: Mapping[str, str]) -> _Told:
    """Start a command; whoever is cancelled meanwhile leaves nothing running.

    Raises:
        NotTakenError: it cannot be started.
    """
    starting = asyncio.create_task(
        asyncio.get_running_loop().subprocess_exec(
            _Told,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=variables,
            start_new_session=True,
        )
    )
    try:
        _, told = await asyncio.shield(starting)
    except OSError as fault:
        raise NotTakenError(f"The command cannot be started: {fault.strerror}.") from fault
    except asyncio.CancelledError:
        with suppress(OSError):  # asyncio would kill the command alone, and wait for its children's pipes
            _, told = await starting
            await told.end()
        raise
    return told


def _encode(notice: Notice) -> bytes:
    return json.dumps(notice.document(), ensure_ascii=False).encode("utf-8")
