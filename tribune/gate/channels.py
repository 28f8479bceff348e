"""Ways to hand a notice over: a command of the operator's, or a signed request to an address of theirs.

The command gets no secret of this process and no shell; the request follows no redirect. Each try is bounded
in time, and says only whether the notice was taken.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tribune.exceptions import ConfigurationError, TribuneError
from tribune.gate.notices import HALT, Notice

_LEAST_SECRET, _MOST_SECRET = 24, 64  # bytes, by Standard Webhooks
_TAIL = 300


class NotTakenError(TribuneError):
    """A notice was not taken, or nobody knows whether it was: try again."""


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
        environment = {name: value for name, value in os.environ.items() if name not in self._secrets}
        facts = {"id": notice.id, "event": notice.kind}
        facts |= {name: str(notice.data[name]) for name in ("model_id", "cause") if name in notice.data}
        environment |= {f"HOOK_{name.upper()}": value for name, value in facts.items()}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._commands[notice.kind == HALT],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
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
    """Posts the notice's document, signed as Standard Webhooks has it (HMAC-SHA256); any 2xx means taken.

    Args:
        url: where to.
        secret_file: secrets by line (`whsec_` and base64 of 24 to 64 bytes), read at each try; with several,
            as while one is replaced, there is a signature of each.
        timeout_s: longest time that it may take.

    Raises:
        ConfigurationError: there is no usable secret.
    """

    name = "webhook"

    def __init__(self, url: str, secret_file: Path, *, timeout_s: float) -> None:
        self._url = url
        self._secret_file = secret_file
        self._timeout_s = timeout_s
        read_secrets(secret_file)  # to say at once that it is of no use

    def wants(self, kind: str) -> bool:
        """Return True: whoever hears of halts hears of their ends."""
        return True

    async def deliver(self, notice: Notice) -> None:
        """Post the notice."""
        from aiohttp import ClientError, ClientSession, ClientTimeout

        body = _encode(notice)
        now = int(time.time())
        try:
            signatures = [sign(secret, notice.id, now, body) for secret in read_secrets(self._secret_file)]
        except ConfigurationError as fault:
            raise NotTakenError(str(fault)) from fault
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": str(now),
            "webhook-signature": " ".join(signatures),
        }
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=self._timeout_s)) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (ClientError, OSError, ValueError) as fault:  # a timeout is an OSError
            raise NotTakenError(f"The webhook did not answer ({type(fault).__name__}).") from None
        if not 200 <= status < 300:
            raise NotTakenError(f"The webhook answered {status}.")


def sign(secret: bytes, notice_id: str, timestamp: int, body: bytes) -> str:
    """Return a signature by Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over id, time and body."""
    signed = f"{notice_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")


def read_secrets(path: Path) -> list[bytes]:
    """Return the secrets in a file, by line.

    Raises:
        ConfigurationError: it cannot be read, or a line is none; the message does not repeat it.
    """
    mend = "Write `whsec_` and base64 of 24 to 64 random bytes into it."
    try:
        lines = path.read_text(encoding="ascii").split()
        found = [base64.b64decode(line.removeprefix("whsec_"), validate=True) for line in lines]
    except OSError as fault:
        raise ConfigurationError(
            f"The secret in {path} cannot be read: {fault.strerror}.", mend=mend
        ) from None
    except (UnicodeDecodeError, binascii.Error):
        raise ConfigurationError(f"{path} holds something that is no webhook secret.", mend=mend) from None
    if not found or any(not _LEAST_SECRET <= len(secret) <= _MOST_SECRET for secret in found):
        raise ConfigurationError(f"{path} holds no webhook secret, or one of wrong length.", mend=mend)
    return found


def _encode(notice: Notice) -> bytes:
    return json.dumps(notice.document(), ensure_ascii=False).encode("utf-8")
