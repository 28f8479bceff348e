"""Files that hold secrets: encrypted keystores (Web3 Secret Storage) and the passwords beside them.

Written once, with mode 0600, and never over another file; read only where not everybody on the machine may.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.ids import Address
from tribune.log import register_secret

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

LEAST_PASSWORD = 8
_MAX_BYTES = 2**16  # a keystore has some 500 bytes; this bounds what a wrong path costs


def read_secret(path: Path, what: str) -> str:
    """Return the first line of a file that holds a secret.

    Args:
        path: the file.
        what: what it holds, for the error.

    Raises:
        ConfigurationError: it cannot be read, is empty, or others may read it.
    """
    lines = _read(path, what).splitlines()
    if not lines or not lines[0].strip():
        raise ConfigurationError(f"The {what}, {path}, is empty.", mend="Its first line is the secret.")
    secret = lines[0].strip()
    register_secret(secret)
    return secret


def open_keystore(path: Path, password: str, what: str) -> LocalAccount:
    """Return the account in a keystore file.

    Raises:
        ConfigurationError: it cannot be read, others may read it, or it does not open with this password.
    """
    from eth_account import Account

    text = _read(path, what)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(text, password))
    except Exception:
        # eth_keyfile and eth_keys raise several unrelated types, some with key material in their words.
        raise ConfigurationError(
            f"The {what}, {path}, does not open.",
            mend="Check that it is a keystore file and that the password is its own.",
        ) from None
    return account


def new_keystore(path: Path, password: str) -> Address:
    """Make a new key, encrypt it (scrypt) into a new file, and return its address.

    Raises:
        ConfigurationError: the file exists or cannot be written, or the password is too short.
    """
    if len(password) < LEAST_PASSWORD:
        raise ConfigurationError(
            f"The password has {len(password)} characters.", mend=f"Take {LEAST_PASSWORD} or more."
        )
    refuse_existing(path)
    from eth_account import Account

    account = Account.from_key(secrets.token_bytes(32))
    _write_new(path, json.dumps(account.encrypt(password)))
    return Address(account.address)


def new_secret_file(path: Path) -> str:
    """Make a new file with a random password of 256 bits, and return the password.

    Raises:
        ConfigurationError: the file exists or cannot be written.
    """
    password = secrets.token_urlsafe(32)
    keep_secret(path, password)
    return password


def keep_secret(path: Path, secret: str) -> None:
    """Write a secret into a new file.

    Raises:
        ConfigurationError: the file exists or cannot be written.
    """
    register_secret(secret)
    _write_new(path, secret + "\n")


def refuse_existing(path: Path) -> None:
    """Raise ConfigurationError where there is something under this path: a key must never be overwritten."""
    if path.is_symlink() or path.exists():
        raise ConfigurationError(
            f"{path} exists already and is left as it is.", mend="Choose another name, or move it away first."
        )


def _write_new(path: Path, text: str) -> None:
    refuse_existing(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink()  # half a keystore is none
            raise
    except OSError as fault:
        raise ConfigurationError(
            f"{path} cannot be written ({type(fault).__name__}).",
            mend="Check the folder, its rights and space.",
        ) from None


def _read(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MAX_BYTES)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(
            f"The {what}, {path}, cannot be read ({type(fault).__name__}).",
            mend="Check the path and its permissions.",
        ) from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigurationError(
            f"Everybody on this machine may read or change the {what}, {path}.",
            mend=f"`chmod o= {path}`; in a container, mount the secret with mode 0400.",
        )
    return text
