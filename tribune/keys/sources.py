"""From settings to accounts: which keystore, variable or signer plays a role."""

from __future__ import annotations

import getpass
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from tribune.exceptions import ConfigurationError
from tribune.keys.keystore import open_keystore, read_secret
from tribune.keys.signer import SignerAccount, without_secrets
from tribune.log import register_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eth_account.signers.local import LocalAccount

    from tribune.keys.signer import SigningAccount
    from tribune.settings import KeySource, Settings


def load_account(settings: Settings, role: str) -> SigningAccount:
    """Return the account that plays a role, from wherever the settings say that its key is.

    A keystore without a secret file asks for its password, where somebody sits at a terminal.

    Raises:
        ConfigurationError: no key is named for the role, or it cannot be read, opened or asked for.
        SignatureError: what a signer calls its address is none.
        SignerUnreachableError: a signer does not answer.
    """
    source = settings.keys.get(role)
    if source is not None and source.signer is not None:
        return _signer(source.signer, source.options, role)
    if source is not None and source.keystore is not None:
        account = _keystore(source, source.keystore, role)
    elif source is not None and source.env is not None:
        account = _environment(source.env, role)
    else:
        setting = _setting(role)
        raise ConfigurationError(
            f'There is no key for the role "{role}".',
            mend=f"Set {setting}__KEYSTORE and {setting}__SECRET_FILE (`tribune key new` makes both), or "
            f"name an environment variable in {setting}__ENV, or a signer in {setting}__SIGNER.",
            role=role,
        )
    register_secret(bytes(account.key).hex())
    return account


def discord_token(settings: Settings) -> SecretStr:
    """Return the bot token from its file or environment variable.

    Raises:
        ConfigurationError: there is none, or everybody may read its file.
    """
    source = settings.discord
    if source.token_file is not None:
        return SecretStr(read_secret(source.token_file, "Discord token"))
    token = os.environ.get(source.token_env, "").strip()
    if not token:
        raise ConfigurationError(
            "There is no Discord token.",
            mend=f"Set the environment variable {source.token_env}, or TRIBUNE_DISCORD__TOKEN_FILE.",
        )
    register_secret(token)
    return SecretStr(token)


def ask_password(what: str, instead: str) -> str:
    """Ask whoever sits at the terminal for a password.

    Args:
        what: whose password.
        instead: what to do where there is no terminal, for the error.

    Raises:
        ConfigurationError: nobody can be asked, or they gave nothing.
    """
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"The password of {what} is needed, and there is no terminal to ask for it.", mend=instead
        )
    try:
        password = getpass.getpass(f"Password of {what}: ")
    except EOFError:
        password = ""
    if not password:
        raise ConfigurationError(f"No password of {what} was given.", mend=instead)
    register_secret(password)
    return password


def _keystore(source: KeySource, path: Path, role: str) -> LocalAccount:
    what = f'keystore of the role "{role}"'
    if source.secret_file is not None:
        password = read_secret(source.secret_file, f'secret file of the role "{role}"')
    else:
        instead = f"Set {_setting(role)}__SECRET_FILE to the file with its password."
        password = ask_password(f"the {what}, {path}", instead)
    return open_keystore(path, password, what)


def _environment(variable: str, role: str) -> LocalAccount:
    text = os.environ.get(variable, "").strip()
    if not text:
        raise ConfigurationError(
            f'The environment variable {variable} with the key of the role "{role}" is not set.',
            mend=f"Set it, or name another one in {_setting(role)}__ENV.",
            role=role,
        )
    register_secret(text)
    from eth_account import Account

    try:
        account: LocalAccount = Account.from_key(text)
    except Exception:
        # eth_keys raises several unrelated types here, with the key in some messages: none may get out.
        raise ConfigurationError(
            f"The environment variable {variable} does not hold a private key.",
            mend="It takes 32 bytes as 0x and 64 hex digits.",
            role=role,
        ) from None
    return account


def _signer(place: str, options: Mapping[str, str], role: str) -> SignerAccount:
    module, _, name = place.partition(":")
    try:
        signer = getattr(importlib.import_module(module), name)(**options)
    except Exception as fault:  # somebody else's code, which raises what it likes
        raise ConfigurationError(
            f'The signer {place} of the role "{role}" cannot be made: {without_secrets(fault)}.',
            mend=f"Check {_setting(role)}__SIGNER (package.module:factory) and the names in its OPTIONS.",
            role=role,
        ) from None
    return SignerAccount(signer)


def _setting(role: str) -> str:
    return f"TRIBUNE_KEYS__{role.upper()}"
