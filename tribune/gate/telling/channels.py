"""Ways to hand a notice over: a command of the operator's, or a signed request to an address of theirs.

The command gets no secret of this process and no shell; the request follows no redirect. Each try is bounded
in time, and says only whether the notice was taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Protocol

from tribune import environment
from tribune.gate.telling.notices import HALT, Notice
from tribune.webhooks import NotTakenError, Receiver

_TAIL = 300


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
        try:
            process = await asyncio.create_subprocess_exec(
                *self._commands[notice.kind == HALT],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=variables,
                start_new_session=True,
            )
        except OSError as fault:
            raise NotTakenError(f"The command cannot be started: {fault.strerror}.") from fault
        try:
            async with asyncio.timeout(self._timeout_s):
                _, said = await process.communicate(_encode(notice))
        except TimeoutError:
            raise NotTakenError(f"The command took longer than {self._timeout_s:g} s.") from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode != 0:
            tail = said.decode("utf-8", "replace").strip()[-_TAIL:]
            raise NotTakenError(f"The command ended with {process.returncode}: {tail or 'it said nothing'}")


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


def _encode(notice: Notice) -> bytes:
    return json.dumps(notice.document(), ensure_ascii=False).encode("utf-8")
