"""Signed webhooks as Standard Webhooks has them (standardwebhooks.com): what gate and pages send alike.

A try is one request, bounded in time, that follows no redirect and says only whether it was taken; when to
try again is the caller's. Whoever names an address may name one of a private network: they are the operator's
own. Refuses to send anything unsigned.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from pathlib import Path

from tribune.exceptions import ConfigurationError, TribuneError

_LEAST_SECRET, _MOST_SECRET = 24, 64  # bytes, by Standard Webhooks


class NotTakenError(TribuneError):
    """A message was not taken, or nobody knows whether it was: try again."""


class Receiver:
    """An address to which messages are posted; any 2xx means taken.

    Args:
        url: where to.
        secret_file: secrets by line (`whsec_` and base64 of 24 to 64 bytes), read at each try; with several,
            as while one is replaced, there is a signature of each.
        timeout_s: longest time that a try may take.

    Raises:
        ConfigurationError: there is no usable secret.
    """

    def __init__(self, url: str, secret_file: Path, *, timeout_s: float) -> None:
        self._url = url
        self._secret_file = secret_file
        self._timeout_s = timeout_s
        read_secrets(secret_file)  # to say at once that it is of no use

    async def post(self, message_id: str, body: bytes) -> None:
        """Post a JSON document once.

        Args:
            message_id: the same at every try, so that a receiver can tell that it has it already.
            body: the document.

        Raises:
            NotTakenError: it was not taken.
        """
        from aiohttp import ClientError, ClientSession, ClientTimeout

        now = int(time.time())
        try:
            signatures = [sign(secret, message_id, now, body) for secret in read_secrets(self._secret_file)]
        except ConfigurationError as fault:
            raise NotTakenError(str(fault)) from fault
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
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


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return a signature by Standard Webhooks: `v1,` and base64 of HMAC-SHA256 over id, time and body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
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
