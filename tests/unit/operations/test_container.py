"""A Containerfile holds no secret, names what is mounted, and opens no more than the settings do.

That it builds and runs was tried by hand, as docs/operating.md says: an image takes minutes and a gigabyte.
"""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from support.anvil import ROOT
from tribune.operations.container import container_file
from tribune.settings import load_settings

MONITOR = """
log_folder = "/srv/log"
[chain]
http_url = "https://node.example"
[keys.monitor]
keystore = "/etc/tribune/monitor.key"
secret_file = "monitor.secret"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder: Path, text: str) -> str:
    (folder / "tribune.toml").write_text(text)
    return container_file(load_settings(folder / "tribune.toml"))


def steps(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def flags(text: str, name: str) -> list[str]:
    """Return the values of a flag of the command that the file says to run it by."""
    said = re.search(r"^#   (docker run .*?)^#     tribune$", text, re.MULTILINE | re.DOTALL)
    assert said
    words = shlex.split(said[1].replace("\\\n#", " "))
    return [value for flag, value in itertools.pairwise(words) if flag == name]


def test_container_file__a_monitor__runs_without_rights_and_holds_no_secret(folder: Path) -> None:
    text = made(folder, MONITOR)
    names = [line.split()[0] for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert names[0] == "FROM"
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert steps(text, "USER") == ["10001"]
    assert flags(text, "--cap-drop") == ["ALL"]
    assert "TRIBUNE_KEYS__MONITOR__SECRET_FILE=/run/secrets/keys-monitor-secret_file" in steps(text, "ENV")
    mounted = [one for one in flags(text, "-v") if "/run/secrets/" in one]
    assert mounted == [
        "/etc/tribune/monitor.key:/run/secrets/keys-monitor-keystore:ro",
        f"{folder}/monitor.secret:/run/secrets/keys-monitor-secret_file:ro",
    ]
    assert f"chown 10001 /etc/tribune/monitor.key {folder}/monitor.secret &&" in text


def test_container_file__what_is_only_read__is_mounted_so_and_where_the_settings_have_it(
    folder: Path,
) -> None:
    text = made(folder, 'evidence_read_urls = ["steward", "https://dao.example"]\n' + MONITOR)
    volumes = flags(text, "-v")
    assert f"{folder}/deployments:/var/lib/tribune/deployments:ro" in volumes
    assert f"{folder}/steward:/var/lib/tribune/steward:ro" in volumes
    assert "/srv/log:/srv/log:ro" in volumes


def test_container_file__what_is_written__is_in_the_volume_or_mounted_to_be_written(folder: Path) -> None:
    text = made(folder, 'evidence_urls = ["/srv/evidence", "evidence"]\n' + MONITOR)
    volumes = flags(text, "-v")
    assert "tribune:/var/lib/tribune" in volumes
    assert "/srv/evidence:/srv/evidence" in volumes
    assert not [one for one in volumes if one.endswith("/tribune/evidence")]


@pytest.mark.parametrize(
    ("host", "published"),
    [
        ("", "127.0.0.1:8123:8123"),
        ("0.0.0.0", "8123:8123"),  # noqa: S104 - a setting that is read, not listened on
        ("10.1.2.3", "10.1.2.3:8123:8123"),
        ("::1", "[::1]:8123:8123"),
    ],
)
def test_container_file__pages__are_open_to_those_for_whom_they_listen(
    folder: Path, host: str, published: str
) -> None:
    listens = f'host = "{host}"\n' if host else ""
    text = made(folder, f'[chain]\nhttp_url = "https://node.example"\n[web]\n{listens}port = 8123\n')
    assert flags(text, "-p") == [published]
    assert steps(text, "EXPOSE") == ["8123"]
    assert "TRIBUNE_WEB__HOST=0.0.0.0" in steps(text, "ENV")


def test_container_file__metrics__each_part_has_its_port(folder: Path) -> None:
    text = made(folder, MONITOR + "[web]\nport = 0\n[telemetry]\nport = 9400\n")
    assert flags(text, "-p") == ["127.0.0.1:9400:9400", "127.0.0.1:9401:9401"]
    assert "TRIBUNE_TELEMETRY__HOST=0.0.0.0" in steps(text, "ENV")


def test_container_file__a_node_on_this_machine__shares_its_network_and_listens_as_the_settings_say(
    folder: Path,
) -> None:
    text = made(
        folder, MONITOR.replace("https://node.example", "http://127.0.0.1:8545") + "[web]\nport = 1\n"
    )
    assert flags(text, "--network") == ["host"]
    assert not flags(text, "-p")
    assert not steps(text, "EXPOSE")
    assert not [one for one in steps(text, "ENV") if "__HOST=" in one]


@pytest.mark.parametrize(
    ("more", "extras"),
    [
        ("", "monitors"),
        ("[web]\nport = 1", "monitors,web"),
        ('[monitor]\nengine = "spark"', "monitors,spark"),
        ('[monitor.replay.commands]\n1 = ["run"]', "monitors,replay"),
        ('[monitors.a]\nstore_url = "postgresql://db.example/a"', "monitors,postgres"),
        ('[monitors.a]\nevidence_urls = ["s3://b/e"]', "monitors,s3"),
    ],
)
def test_container_file__each_part__brings_what_it_needs(folder: Path, more: str, extras: str) -> None:
    text = made(folder, MONITOR + more + "\n")
    assert f'"/src[{extras}]"' in text
    assert ("default-jre-headless" in text) == ("spark" in extras)


def test_container_file__variables_with_secrets__are_handed_on_by_name(folder: Path) -> None:
    text = made(folder, '[keys.monitor]\nenv = "MONITOR_KEY"\n')
    assert flags(text, "--env") == ["MONITOR_KEY"]


def test_container_file__what_it_copies__is_there_and_all_that_a_build_sends(folder: Path) -> None:
    text = made(folder, MONITOR)
    copied = {word for line in steps(text, "COPY") for word in line.split()[:-1]}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in sent if line.startswith("!")} == copied
