"""Settings come from the environment over the file; a secret is none of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.anvil import KEYS
from tribune.exceptions import ConfigurationError
from tribune.settings import load_settings


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


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
    assert load_settings().keys["monitor"].env == "TRIBUNE_MONITOR_KEY"


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


@pytest.mark.parametrize("days", ["0", "-3", "0.5", "true", '"a year"', "36501", "nan", "[400]"])
def test_load_settings__days_that_cannot_be__configuration_error(tmp_path: Path, days: str) -> None:
    """What is erased does not come back, so nothing is guessed."""
    (tmp_path / "tribune.toml").write_text(f"log_keep_days = {days}\n")
    with pytest.raises(ConfigurationError, match="log_keep_days: "):
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


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"keystore": "k", "env": "E"}, "not several"),
        ({"signer": "a:b", "env": "E"}, "not several"),
        ({"secret_file": "s"}, "keystore only"),
        ({"env": "E", "options": {"a": "b"}}, "signer only"),
        ({"signer": "no factory"}, "signer"),
        ({"signer": "os"}, "signer"),
        ({"signer": "a:b", "options": {"key": KEYS[0]}}, "looks like a private key"),
        ({"signer": "a:b", "options": {"key": KEYS[0][2:]}}, "looks like a private key"),
    ],
)
def test_load_settings__key_source_that_cannot_be__configuration_error(
    source: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_settings(keys={"monitor": source})
    assert KEYS[0][2:] not in str(caught.value)


def test_load_settings__signer_in_environment__source_of_that_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_KEYS__MONITOR__SIGNER", "dao_kms.signer:connect")
    monkeypatch.setenv("TRIBUNE_KEYS__MONITOR__OPTIONS__KEY_ID", "alias/monitor")
    source = load_settings().keys["monitor"]
    assert (source.signer, source.options) == ("dao_kms.signer:connect", {"key_id": "alias/monitor"})


def test_import__reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_CHAIN__CHAIN_ID", "not a number")
    subprocess.run(
        [sys.executable, "-c", "import tribune.settings"],
        check=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )


HOOK = '[web.webhooks.ops]\nurl = "https://user:word@ops.example/x"\nsecret_file = "ops.secret"\n'


def test_load_settings__webhook__secret_file_of_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tribune.toml").write_text(HOOK)
    monkeypatch.setenv("TRIBUNE_WEB__WEBHOOKS__OPS__SECRET_FILE", "/run/secrets/ops")
    settings = load_settings()
    hook = settings.web.webhooks["ops"]
    assert (hook.url, hook.secret_file) == ("https://user:word@ops.example/x", Path("/run/secrets/ops"))
    assert hook.url in settings.addresses
    assert "word" not in repr(settings)


@pytest.mark.parametrize(
    ("changed", "into"),
    [
        ('secret_file = "ops.secret"', ""),
        ("https://user:word@ops.example/x", "ftp://word.example"),
        ("https://user:word@ops.example/x", ""),
        ("webhooks.ops", "webhooks.Ops-1"),
        ('secret_file = "ops.secret"', 'secret_file = "s"\nkinds = ["case.open"]'),
    ],
)
def test_load_settings__webhook_that_cannot_be__configuration_error(
    tmp_path: Path, changed: str, into: str
) -> None:
    (tmp_path / "tribune.toml").write_text(HOOK.replace(changed, into))
    with pytest.raises(ConfigurationError, match="webhooks") as caught:
        load_settings()
    assert "word" not in str(caught.value)
