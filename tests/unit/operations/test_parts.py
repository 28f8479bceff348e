"""What a settings file asks for is what runs, each part with its own secrets only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.exceptions import ConfigurationError
from tribune.operations.parts import Part, hidden_from, parts_of
from tribune.settings import Settings, load_settings

MONITORS = """
[monitors.a]
store_url = "sqlite:///a.db"
tally_folder = "tallies-a"
evidence_urls = ["evidence-a"]
key = {{ env = "A_KEY" }}
[monitors.b]
store_url = "{store}"
tally_folder = "{tallies}"
evidence_urls = ["evidence-b"]
key = {{ env = "{key}" }}
models = [7]
"""
DISTINCT = {"store": "sqlite:///b.db", "tallies": "tallies-b", "key": "B_KEY"}


def settings(folder: Path, text: str) -> Settings:
    file = folder / "tribune.toml"
    file.write_text(text)
    return load_settings(file)


def test_parts_of__nothing_named__nothing(tmp_path: Path) -> None:
    assert parts_of(settings(tmp_path, "")) == []


def test_parts_of__all_named__start_so_that_pages_come_last(tmp_path: Path) -> None:
    text = """
seal = ["1/2"]
[keys]
monitor = { env = "M" }
relayer = { env = "R" }
logger = { keystore = "l.key" }
[discord]
guild_id = 5
[gate]
models = [1]
[web]
port = 80
"""
    assert parts_of(settings(tmp_path, text)) == [
        Part("log-1-2", ("log", "seal", "--model", "1", "--version", "2")),
        Part("gate", ("gate", "serve")),
        Part("monitor", ("monitor", "run"), frozenset({"M"})),
        Part("bot", ("bot", "run"), frozenset({"DISCORD_TOKEN", "R"})),
        Part("web", ("web",)),
    ]


def test_parts_of__gate_of_a_server__is_no_sidecar(tmp_path: Path) -> None:
    text = '[gate]\nmodel = 1\nversion = 1\nsidecar = "http://127.0.0.1:8651"\n'
    assert parts_of(settings(tmp_path, text)) == []


def test_parts_of__several_monitors__one_each_with_its_own_key(tmp_path: Path) -> None:
    assert parts_of(settings(tmp_path, MONITORS.format(**DISTINCT))) == [
        Part("monitor-a", ("monitor", "run", "--name", "a"), frozenset({"A_KEY"})),
        Part("monitor-b", ("monitor", "run", "--name", "b"), frozenset({"B_KEY"})),
    ]


def test_parts_of__telemetry_wanted__a_port_each_in_a_row(tmp_path: Path) -> None:
    text = MONITORS.format(**DISTINCT) + "[web]\nport = 8001\n[telemetry]\nport = 9400\n"
    given = 'seal = ["1/2"]\n' + text
    ports = {part.name: part.telemetry_port for part in parts_of(settings(tmp_path, given))}
    assert ports == {"log-1-2": 9400, "monitor-a": 9401, "monitor-b": 9402, "web": 9403}


def test_hidden_from__others_secrets__and_not_its_own() -> None:
    assert hidden_from(Part("x", (), frozenset({"A"})), ["A", "B"]) == {"B"}


def test_secret_variables__of_all_parts__named(tmp_path: Path) -> None:
    found = settings(tmp_path, MONITORS.format(**DISTINCT)).secret_variables
    assert found == {"A_KEY", "B_KEY", "DISCORD_TOKEN"}


def test_of_monitor__its_own_where_given__else_the_files(tmp_path: Path) -> None:
    text = 'evidence_read_urls = ["steward"]\nlog_folder = "all"\n' + MONITORS.format(**DISTINCT)
    found = settings(tmp_path, text).of_monitor("b")
    assert (found.store_url, found.tally_folder) == ("sqlite:///b.db", Path("tallies-b"))
    assert (found.log_folder, found.monitor.models, found.keys["monitor"].env) == (Path("all"), [7], "B_KEY")
    assert found.evidence_urls == ["evidence-b"]
    assert "evidence-a" in found.evidence_read_urls  # where its peers' attestations are
    assert "steward" in found.evidence_read_urls


def test_evidence_stores__of_the_pages__have_every_monitors(tmp_path: Path) -> None:
    text = 'evidence_urls = ["own"]\n' + MONITORS.format(**DISTINCT)
    assert settings(tmp_path, text).evidence_stores == ["own", "evidence-a", "evidence-b"]


@pytest.mark.parametrize(
    ("same", "named"),
    [
        ({"store": "sqlite:///a.db"}, "a store_url"),
        ({"tallies": "./tallies-a"}, "a tally_folder"),
        ({"key": "A_KEY"}, "a key"),
        ({"store": "sqlite:///a.db", "key": "A_KEY"}, "a store_url and a key"),
    ],
)
def test_settings__monitors_that_share__refused_by_name(
    tmp_path: Path, same: dict[str, str], named: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=f"monitors.a and monitors.b share {named}: give each its own"
    ):
        settings(tmp_path, MONITORS.format(**{**DISTINCT, **same}))


def test_of_monitor__unknown__known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="known: a, b"):
        settings(tmp_path, MONITORS.format(**DISTINCT)).of_monitor("c")


@pytest.mark.parametrize("name", ["A", "a_b", "a-b", "1a", "a/b"])
def test_settings__no_name_for_a_monitor__refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a monitor's name"):
        settings(tmp_path, f'[monitors."{name}"]\n')


@pytest.mark.parametrize("version", ["1", "0/1", "1/x", "../1"])
def test_settings__no_version_to_seal__refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(ConfigurationError, match="seal"):
        settings(tmp_path, f'seal = ["{version}"]\n')
