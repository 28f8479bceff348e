"""Settings come from the environment over the file; keys only from files or named variables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.anvil import KEYS
from tribune.exceptions import ConfigurationError
from tribune.settings import KeySource, Settings, discord_token, load_account, load_settings

SESAME = "open sesame"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


def keystore(folder: Path, password: str = SESAME) -> KeySource:
    from eth_account import Account

    (folder / "key.json").write_text(
        json.dumps(Account.encrypt(bytes.fromhex(KEYS[0][2:]), password, "pbkdf2", 10))
    )
    (folder / "secret").write_text(SESAME + "\n")
    return KeySource(keystore=folder / "key.json", secret_file=folder / "secret")


def test_load_settings__nothing_given__defaults() -> None:
    assert load_settings().chain.chain_id == 31337


def test_load_settings__environment_over_file__environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tribune.toml").write_text(
        'store_url = "sqlite:///a.db"\n[chain]\nchain_id = 5\nhttp_url = "http://file:1"\n'
    )
    monkeypatch.setenv("TRIBUNE_CHAIN__HTTP_URL", "http://env:2")
    settings = load_settings()
    assert (settings.chain.http_url, settings.chain.chain_id) == ("http://env:2", 5)
    assert settings.store_url == "sqlite:///a.db"


def test_load_settings__keys_in_environment__source_of_that_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_KEYS__MONITOR__ENV", "MY_KEY")
    assert load_settings().keys["monitor"].env == "MY_KEY"


def test_load_settings__unknown_name_in_file__configuration_error(tmp_path: Path) -> None:
    (tmp_path / "tribune.toml").write_text("[chain]\nhtp_url = 'http://x'\n")
    with pytest.raises(ConfigurationError, match=r"chain\.htp_url"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TRIBUNE_STORE_ULR", "TRIBUNE_STORE_URL"),
        ("TRIBUNE_CHAIN_HTTP_URL", "TRIBUNE_CHAIN__HTTP_URL"),
        ("TRIBUNE_LOG__LEVEL", "TRIBUNE_LOGGING__LEVEL"),
        ("tribune_log_foldr", "TRIBUNE_LOG_FOLDER"),
    ],
)
def test_load_settings__misspelt_variable__error_names_the_nearest_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError, match=f"no setting {name}") as caught:
        load_settings()
    assert caught.value.mend == f"Did you mean {meant}?"


def test_load_settings__variable_near_to_no_setting__error_says_to_take_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRIBUNE_COLOUR", "blue")
    with pytest.raises(ConfigurationError, match="TRIBUNE_COLOUR") as caught:
        load_settings()
    assert caught.value.mend == "Take it out of the environment."


def test_load_settings__variable_that_holds_a_key__is_no_misspelt_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRIBUNE_KEYS__MONITOR__ENV", "TRIBUNE_MONITOR_KEY")
    monkeypatch.setenv("TRIBUNE_MONITOR_KEY", KEYS[0])
    assert load_account(load_settings(), "monitor").address == ADDRESS


def test_load_settings__wrong_value__error_does_not_repeat_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_CHAIN__CHAIN_ID", KEYS[0])
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert KEYS[0] not in str(caught.value)


@pytest.mark.parametrize("text", ["[chain", "keys = 3"])
def test_load_settings__broken_file__configuration_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "tribune.toml").write_text(text)
    with pytest.raises(ConfigurationError):
        load_settings()


def test_load_settings__list_that_is_no_json__configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_EVIDENCE_URLS", "[")
    with pytest.raises(ConfigurationError, match="evidence_urls"):
        load_settings()


def test_load_settings__named_file_missing__configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_settings(tmp_path / "no.toml")


def test_load_settings__http_address_for_websocket__configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="ws://"):
        load_settings(chain={"ws_url": "http://x"})


def test_load_account__keystore_and_secret_file__account(tmp_path: Path) -> None:
    assert load_account(Settings(keys={"monitor": keystore(tmp_path)}), "monitor").address == ADDRESS


def test_load_account__environment_variable__account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEYS[0])
    assert load_account(Settings(keys={"steward": KeySource(env="MY_KEY")}), "steward").address == ADDRESS


def test_load_account__no_key_for_role__error_names_the_mend() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_account(Settings(), "monitor")
    assert "TRIBUNE_KEYS__MONITOR__KEYSTORE" in caught.value.mend


def test_load_account__wrong_password__configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not open"):
        load_account(Settings(keys={"monitor": keystore(tmp_path, "another")}), "monitor")


def test_load_account__no_secret_file__configuration_error(tmp_path: Path) -> None:
    source = KeySource(keystore=keystore(tmp_path).keystore)
    with pytest.raises(ConfigurationError, match="no secret file"):
        load_account(Settings(keys={"monitor": source}), "monitor")


def test_load_account__missing_keystore__configuration_error(tmp_path: Path) -> None:
    source = KeySource(keystore=tmp_path / "no", secret_file=tmp_path / "no")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_account(Settings(keys={"monitor": source}), "monitor")


@pytest.mark.parametrize("text", ["", "not a key", KEYS[0] + "00"])
def test_load_account__bad_environment_key__error_does_not_repeat_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("MY_KEY", text)
    with pytest.raises(ConfigurationError) as caught:
        load_account(Settings(keys={"m": KeySource(env="MY_KEY")}), "m")
    assert not text or text not in str(caught.value)


def test_discord_token__environment__kept_as_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "abc.def.ghi")
    token = discord_token(Settings())
    assert token.get_secret_value() == "abc.def.ghi"
    assert "abc" not in repr(token)


def test_discord_token__file__first_line(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("from-file\n")
    settings = load_settings(discord={"token_file": tmp_path / "t"})
    assert discord_token(settings).get_secret_value() == "from-file"


def test_discord_token__none__error_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="DISCORD_TOKEN"):
        discord_token(Settings())


def test_import__reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_CHAIN__CHAIN_ID", "not a number")
    subprocess.run(
        [sys.executable, "-c", "import tribune.settings"],
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
