"""Service files hold no secret, name every one that is needed, and are what systemd and containers take."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.operations.container import container_file
from tribune.operations.service import credentials, systemd_unit
from tribune.settings import Settings, load_settings

TEXT = """
seal = ["1/1"]
[keys.monitor]
keystore = "/etc/tribune/monitor.key"
secret_file = "monitor.secret"
[keys.relayer]
env = "RELAYER_KEY"
[keys.logger]
keystore = "logger.key"
secret_file = "logger.secret"
[discord]
guild_id = 1
channel_id = 2
token_file = "token"
[web]
port = 8080
"""
PROGRAM = "/opt/tribune/bin/tribune"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read(tmp_path, TEXT)


def read(folder: Path, text: str) -> Settings:
    (folder / "tribune.toml").write_text(text)
    return load_settings(folder / "tribune.toml")


def values(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def test_systemd_unit__systemd_itself__has_nothing_against_it(settings: Settings, tmp_path: Path) -> None:
    unit = systemd_unit(settings, program="/bin/true")
    (tmp_path / "tribune.service").write_text(unit)
    if tool := shutil.which("systemd-analyze"):
        command = [tool, "verify", "--man=no", str(tmp_path / "tribune.service")]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert [line for line in ran.stderr.splitlines() if "tribune.service" in line] == []
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    assert parser["Service"]["DynamicUser"] == "yes"
    assert parser["Service"]["ProtectSystem"] == "strict"
    assert parser["Service"]["Restart"] == "on-failure"
    assert parser["Service"]["RestartPreventExitStatus"] == "2"
    assert parser["Service"]["Type"] == "notify"
    assert int(parser["Service"]["WatchdogSec"]) >= 60


def test_systemd_unit__every_file_with_a_secret__is_handed_over_and_named(settings: Settings) -> None:
    unit = systemd_unit(settings, program=PROGRAM)
    assert values(unit, "LoadCredential") == [
        "keys-monitor-keystore:/etc/tribune/monitor.key",
        "keys-monitor-secret_file:/etc/tribune/monitor.secret",
        "keys-logger-keystore:/etc/tribune/logger.key",
        "keys-logger-secret_file:/etc/tribune/logger.secret",
        "discord-token_file:/etc/tribune/token",
    ]
    assert "TRIBUNE_DISCORD__TOKEN_FILE=%d/discord-token_file" in values(unit, "Environment")
    assert "Needs the variable RELAYER_KEY" in unit
    assert "Needs the variable DISCORD_TOKEN" not in unit


def test_systemd_unit__its_commands__put_files_where_it_looks_for_them(settings: Settings) -> None:
    unit = systemd_unit(settings, program=PROGRAM)
    installed = dict(re.findall(r"^#   install -D -m 0400 (\S+) (\S+)$", unit, re.MULTILINE))
    loaded = {one.partition(":")[2] for one in values(unit, "LoadCredential")}
    assert set(installed) == {"monitor.secret", "logger.key", "logger.secret", "token"}
    assert loaded == {*installed.values(), "/etc/tribune/monitor.key"}
    assert "install -D -m 0644 -t /var/lib/tribune/deployments deployments/*.json" in unit


def test_systemd_unit__a_user_without_a_home__has_one(settings: Settings) -> None:
    unit = systemd_unit(settings, program=PROGRAM)
    assert values(unit, "WorkingDirectory") == ["/var/lib/tribune"]
    assert "HOME=/var/lib/tribune" in values(unit, "Environment")


def test_credentials__their_variables__are_read_as_the_settings_they_stand_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[monitors.a]\nkey = { keystore = "a.key", secret_file = "a.secret" }\n'
    text += '[web.webhooks.ops]\nurl = "https://ops.example"\nsecret_file = "ops.secret"\n'
    text += GATE
    for one in credentials(read(tmp_path, text)):
        monkeypatch.setenv(one.variable, f"/run/{one.name}")
    settings = load_settings(tmp_path / "tribune.toml")
    assert settings.gate.hooks.webhook_secret_file == Path("/run/gate-hooks-webhook_secret_file")
    assert settings.web.webhooks["ops"].secret_file == Path("/run/web-webhooks-ops-secret_file")
    found = settings.of_monitor("a").keys["monitor"]
    assert (found.keystore, found.secret_file) == (
        Path("/run/monitors-a-key-keystore"),
        Path("/run/monitors-a-key-secret_file"),
    )


def test_systemd_unit__stops_later_than_its_parts_may_take(settings: Settings) -> None:
    assert int(values(systemd_unit(settings, program=PROGRAM), "TimeoutStopSec")[0]) > 40


def test_systemd_unit__a_place_that_it_may_not_write__asks_for_a_user(tmp_path: Path) -> None:
    text = 'evidence_urls = ["/srv/evidence", "/var/lib/tribune/evidence"]\n[web]\nport = 1\n'
    found = read(tmp_path, text)
    with pytest.raises(ConfigurationError, match="cannot write /srv/evidence"):
        systemd_unit(found, program=PROGRAM)
    unit = systemd_unit(found, program=PROGRAM, user="tribune")
    assert values(unit, "User") == ["tribune"]
    assert values(unit, "ReadWritePaths") == ["/srv/evidence"]
    assert not values(unit, "DynamicUser")


GATE = """
[gate]
models = [1]
[gate.serve]
socket = "/run/tribune/gate.sock"
[gate.hooks]
webhook = "https://ops.example"
webhook_secret_file = "hook.secret"
state = "/srv/hooks"
"""


def test_systemd_unit__a_sidecar_on_a_socket__has_its_folder_its_secret_and_a_group(tmp_path: Path) -> None:
    found = read(tmp_path, GATE)
    with pytest.raises(ConfigurationError, match="Nobody could use /run/tribune/gate"):
        systemd_unit(found, program=PROGRAM)
    unit = systemd_unit(found, program=PROGRAM, user="gate")
    assert values(unit, "RuntimeDirectory") == ["tribune"]
    assert values(unit, "ReadWritePaths") == ["/srv/hooks"]
    assert values(unit, "LoadCredential") == ["gate-hooks-webhook_secret_file:/etc/tribune/hook.secret"]


def test_systemd_unit__program_in_a_home__says_where_it_should_be(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="somebody's home"):
        systemd_unit(settings, program="/home/me/.venv/bin/tribune")


def test_systemd_unit__python_in_a_home__is_seen_through_its_link(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to("/root/.local/python/bin/python3")
    with pytest.raises(ConfigurationError, match=r"^/root/\.local/python/bin/python3 is in somebody's home"):
        systemd_unit(settings, program=str(tmp_path / "tribune"))


@pytest.mark.parametrize("made", [systemd_unit, container_file])
def test_service__nothing_to_run__refused(tmp_path: Path, made: object) -> None:
    with pytest.raises(ConfigurationError, match="nothing to run"):
        made(read(tmp_path, ""))  # type: ignore[operator]


def test_service__as_commands__write_once(tmp_path: Path) -> None:
    (tmp_path / "tribune.toml").write_text(TEXT)
    systemd = ("systemd", "--program", PROGRAM)
    for kind, name in ((systemd, "tribune.service"), (("container",), "Containerfile")):
        command = [sys.executable, "-m", "tribune.cli", "service", *kind, "-o", name]
        done = [
            subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, env=os.environ)
            for _ in range(2)
        ]
        assert [ran.returncode for ran in done] == [0, 2], done
        assert (tmp_path / name).read_text().startswith("# Made by `tribune service")
