"""Keys only from files, named variables, a prompt or a signer; none in an error, a `repr` or a log."""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.anvil import KEYS
from support.signer import signer_process
from tribune import log
from tribune.exceptions import ConfigurationError, TribuneError
from tribune.keys import SignerAccount, discord_token, load_account
from tribune.settings import KeySource, Settings, load_settings

SESAME = "open sesame"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What reaches the log from here on."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    log.configure(stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def keystore(folder: Path, password: str = SESAME) -> KeySource:
    from eth_account import Account

    encrypted = Account.encrypt(bytes.fromhex(KEYS[0][2:]), password, "pbkdf2", 10)
    return KeySource(
        keystore=private(folder / "key.json", json.dumps(encrypted)),
        secret_file=private(folder / "secret", SESAME + "\n"),
    )


def test_load_account__keystore_and_secret_file__account(tmp_path: Path) -> None:
    assert load_account(Settings(keys={"monitor": keystore(tmp_path)}), "monitor").address == ADDRESS


def test_load_account__environment_variable__account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEYS[0])
    assert load_account(Settings(keys={"steward": KeySource(env="MY_KEY")}), "steward").address == ADDRESS


def test_load_account__signer__account_of_the_key_in_the_other_process(tmp_path: Path) -> None:
    with signer_process(tmp_path, KEYS[0]) as path:
        source = KeySource(signer="support.signer:connect", options={"path": path})
        account = load_account(Settings(keys={"monitor": source}), "monitor")
        assert isinstance(account, SignerAccount)
        assert account.address == ADDRESS


@pytest.mark.parametrize(
    ("signer", "options"),
    [
        ("no_such_module:connect", {"path": "x"}),
        ("support.signer:no_such_factory", {"path": "x"}),
        ("support.signer:connect", {"another": "x"}),
        ("support.signer:connect", {}),
        ("builtins:int", {"path": "x"}),
    ],
)
def test_load_account__signer_that_cannot_be_made__error_names_it_and_the_settings(
    signer: str, options: dict[str, str]
) -> None:
    settings = Settings(keys={"monitor": KeySource(signer=signer, options=options)})
    with pytest.raises(ConfigurationError, match=signer) as caught:
        load_account(settings, "monitor")
    assert "TRIBUNE_KEYS__MONITOR__SIGNER" in caught.value.mend


def test_load_account__no_key_for_role__error_names_the_mend() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_account(Settings(), "monitor")
    assert "TRIBUNE_KEYS__MONITOR__KEYSTORE" in caught.value.mend


def test_load_account__empty_key_source__error_names_the_mend() -> None:
    with pytest.raises(ConfigurationError, match="no key"):
        load_account(Settings(keys={"monitor": KeySource()}), "monitor")


def test_load_account__wrong_password__configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not open"):
        load_account(Settings(keys={"monitor": keystore(tmp_path, "another")}), "monitor")


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"crypto": {}}', "\0"])
def test_load_account__no_keystore_in_the_file__configuration_error(tmp_path: Path, text: str) -> None:
    source = keystore(tmp_path)
    private(tmp_path / "key.json", text)
    with pytest.raises(ConfigurationError, match="does not open"):
        load_account(Settings(keys={"monitor": source}), "monitor")


def test_load_account__no_secret_file_and_no_terminal__error_names_the_setting(tmp_path: Path) -> None:
    source = KeySource(keystore=keystore(tmp_path).keystore)
    with pytest.raises(ConfigurationError, match="no terminal") as caught:
        load_account(Settings(keys={"monitor": source}), "monitor")
    assert "TRIBUNE_KEYS__MONITOR__SECRET_FILE" in caught.value.mend


@pytest.mark.parametrize("name", ["key.json", "secret"])
def test_load_account__everybody_may_read_a_file__is_refused(tmp_path: Path, name: str) -> None:
    source = keystore(tmp_path)
    (tmp_path / name).chmod(0o644)
    with pytest.raises(ConfigurationError, match="Everybody"):
        load_account(Settings(keys={"monitor": source}), "monitor")


def test_load_account__missing_keystore__configuration_error(tmp_path: Path) -> None:
    secret = keystore(tmp_path).secret_file
    source = KeySource(keystore=tmp_path / "no", secret_file=secret)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_account(Settings(keys={"monitor": source}), "monitor")


@pytest.mark.parametrize("text", ["", "not a key", KEYS[0] + "00", "0x" + "00" * 32, "0x" + "ff" * 32])
def test_load_account__bad_environment_key__error_does_not_repeat_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("MY_KEY", text)
    with pytest.raises(ConfigurationError) as caught:
        load_account(Settings(keys={"m": KeySource(env="MY_KEY")}), "m")
    shown = "".join(traceback.format_exception(caught.value))
    assert not text or text.removeprefix("0x") not in shown


@pytest.mark.parametrize("kind", ["keystore", "env"])
def test_load_account__its_secrets__reach_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO, kind: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS[0])
    source = keystore(tmp_path) if kind == "keystore" else KeySource(env="MY_KEY")
    settings = Settings(keys={"monitor": source})
    account: Any = load_account(settings, "monitor")
    said = log.get_logger("test")
    said.info("loaded", account=account, settings=settings, note=f"{SESAME} {account.key.hex()}")
    said.info("raw", word=bytes(account.key), upper=KEYS[0].upper())
    try:
        raise TribuneError(f"broken by {KEYS[0]}")
    except TribuneError:
        said.exception("failed")
    text = logged.getvalue()
    assert text.count(log.REDACTED) >= 4
    assert KEYS[0][2:] not in text.lower()
    assert (SESAME in text) == (kind == "env")


def test_load_account__misspelt_key__reaches_no_log(
    monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    monkeypatch.setenv("MY_KEY", KEYS[0] + "0")
    with pytest.raises(ConfigurationError):
        load_account(Settings(keys={"m": KeySource(env="MY_KEY")}), "m")
    log.get_logger("test").info(f"given was {KEYS[0]}0")
    assert KEYS[0][2:] not in logged.getvalue()


def test_load_account__shown__has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEYS[0])
    settings = Settings(keys={"m": KeySource(env="MY_KEY")})
    assert KEYS[0][2:] not in repr(load_account(settings, "m")) + repr(settings) + str(settings)


def test_discord_token__environment__kept_as_secret(
    monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "abc.def.ghi")
    token = discord_token(Settings())
    assert token.get_secret_value() == "abc.def.ghi"
    assert "abc" not in repr(token)
    log.get_logger("test").info("logging in with abc.def.ghi")
    assert "abc.def.ghi" not in logged.getvalue()


def test_discord_token__file__first_line(tmp_path: Path) -> None:
    private(tmp_path / "t", "from-file\n")
    settings = load_settings(discord={"token_file": tmp_path / "t"})
    assert discord_token(settings).get_secret_value() == "from-file"


def test_discord_token__everybody_may_read_its_file__is_refused(tmp_path: Path) -> None:
    private(tmp_path / "t", "from-file\n").chmod(0o644)
    with pytest.raises(ConfigurationError, match="Everybody"):
        discord_token(load_settings(discord={"token_file": tmp_path / "t"}))


def test_discord_token__none__error_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN"):
        discord_token(Settings())
