"""What a person can get wrong with a command: it ends with a code, says what is wrong and what mends it.

Each test runs the real command. No traceback, and no secret, in anything that it says.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from integration.monitor_world import VERSION, MonitorWorld, monitors
from support.anvil import KEYS, ROOT, Anvil
from support.processes import environment
from tribune.decisions.anchor import frame_folder, log_folder
from tribune.ids import FrameIndex, ModelId

KEY = KEYS[0]
NOT_A_KEY = "0x" + "5ec2e7" * 10
TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
NOBODY_S_NAME = "bafkreiee46seo4o3omp674wih6nuckchyr235paopkesqpkn4jku3gxom4"
ONE = ModelId(1)


def refusal(folder: Path, *arguments: str, module: str = "tribune.cli", **given: str) -> str:
    """Run a command that must refuse; return what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder, env=environment(**given), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert ran.returncode not in (0, None), said
    assert ran.returncode > 0, said
    assert "Traceback" not in said
    for secret in (KEY, NOT_A_KEY, TOKEN):
        assert secret.removeprefix("0x") not in said
    return " ".join(said.split())


def on_chain(world: MonitorWorld, **given: str) -> dict[str, str]:
    """Return the environment that points a command at a world."""
    settings = world.settings("cli")
    return {
        "TRIBUNE_CHAIN__HTTP_URL": settings.chain.http_url,
        "TRIBUNE_DEPLOYMENTS": str(settings.deployments),
        "TRIBUNE_STORE_URL": settings.store_url,
        "TRIBUNE_LOG_FOLDER": str(world.log),
        **given,
    }


def deployed(folder: Path) -> Path:
    """Write a deployment file of contracts that are nowhere."""
    from scripts.deployment import config, record
    from scripts.deployment.config import Holder
    from scripts.deployment.plan import addresses, steps

    someone = "0x" + "11" * 20
    parameters = config.load(ROOT / "deployments" / "local.toml", (Holder(someone, 1),))
    where = addresses(steps(parameters, someone), someone, 0)
    record.write(folder / "deployments", 31337, 0, where, parameters)
    return folder


# Settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRIBUNE_WEB__PORT", "99999", "web.port"),
        ("TRIBUNE_LOGGING__LEVEL", "LOUD", "logging.level: Value error, must be one of DEBUG"),
        ("TRIBUNE_CHAIN__HTTP_URL", "http://", "chain.http_url: Value error, must name a host"),
        ("TRIBUNE_CHAIN__HTTP_URL", f"http://a:{TOKEN}", "must name a host, and a port"),
        ("TRIBUNE_CHAIN__CHAINID", "5", "chain.chainid"),
    ],
)
def test_command__setting_wrong__names_it(tmp_path: Path, name: str, value: str, words: str) -> None:
    said = refusal(tmp_path, "web", **{name: value})
    assert words in said
    assert "Mend them in the TRIBUNE_… environment variables." in said


def test_command__settings_file_missing__says_so(tmp_path: Path) -> None:
    assert "nowhere.toml does not exist" in refusal(tmp_path, "status", "1", "--settings", "nowhere.toml")


def test_command__name_misspelt_in_file__names_it_and_the_file(tmp_path: Path) -> None:
    (tmp_path / "tribune.toml").write_text('logfolder = "x"\n')
    said = refusal(tmp_path, "status", "1")
    assert "logfolder" in said
    assert "tribune.toml" in said


# Chain


def test_command__nothing_deployed__names_the_file(tmp_path: Path) -> None:
    said = refusal(tmp_path, "status", "1")
    assert "deployments/31337.json does not exist" in said
    assert "make demo" in said


def test_command__no_node__names_its_address_and_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    said = refusal(deployed(tmp_path), "status", "1", TRIBUNE_CHAIN__HTTP_URL=nobody)
    assert f"The node at {nobody} does not answer" in said
    assert "TRIBUNE_CHAIN__HTTP_URL" in said


def test_command__another_chain__names_both(tmp_path: Path) -> None:
    with Anvil.start(chain_id=5) as other:
        said = refusal(deployed(tmp_path), "status", "1", TRIBUNE_CHAIN__HTTP_URL=other.http_url)
    assert "serves chain 5, not 31337" in said


def test_command__chain_started_anew__says_so(tmp_path: Path, anvil: Anvil) -> None:
    said = refusal(deployed(tmp_path), "status", "1", TRIBUNE_CHAIN__HTTP_URL=anvil.http_url)
    assert "There is no contract at the KillSwitch's address" in said
    assert "deploy again" in said


# Keys and tokens


@pytest.mark.parametrize(
    ("command", "role"),
    [(("monitor", "run"), "MONITOR"), (("log", "seal", "--model", "1", "--version", "1"), "LOGGER")],
)
def test_command__no_key__names_the_settings(tmp_path: Path, command: tuple[str, ...], role: str) -> None:
    assert f"TRIBUNE_KEYS__{role}__KEYSTORE" in refusal(tmp_path, *command)


def test_command__variable_holds_no_key__names_the_variable_only(tmp_path: Path) -> None:
    given = {"TRIBUNE_KEYS__MONITOR__ENV": "MY_KEY", "MY_KEY": NOT_A_KEY}
    said = refusal(tmp_path, "monitor", "run", **given)
    assert "MY_KEY does not hold a private key. It takes 32 bytes" in said


def test_bot__no_token__names_the_variable(tmp_path: Path) -> None:
    assert "DISCORD_TOKEN" in refusal(tmp_path, "bot", "run")


def test_bot__token_file_missing__names_it(tmp_path: Path) -> None:
    assert "token.txt, cannot be read" in refusal(
        tmp_path, "bot", "run", TRIBUNE_DISCORD__TOKEN_FILE="token.txt"
    )


def test_bot__no_channel__names_the_settings(tmp_path: Path) -> None:
    assert "TRIBUNE_DISCORD__CHANNEL_ID" in refusal(tmp_path, "bot", "run", DISCORD_TOKEN=TOKEN)


# Models and frames


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**300)])
def test_status__no_number_of_a_model__refused(tmp_path: Path, number: str) -> None:
    assert "Invalid value" in refusal(tmp_path, "status", "--", number)


def test_status__unknown_model__says_so(world: MonitorWorld) -> None:
    assert "There is no model 99." in refusal(world.root, "status", "99", **on_chain(world))


def test_status__served_while_all_are_halted__says_both(world: MonitorWorld) -> None:
    switch = world.chain.contracts["KillSwitch"].functions
    world.chain.as_timelock(switch.halt(world.chain.now + 3600))
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli", "status", "1"],
        cwd=world.root, env=environment(**on_chain(world)), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "credit v1: Active" in ran.stdout
    assert "oversight Watched: it is out of service, so nobody measures it" in ran.stdout
    assert re.search(r"all models are halted until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", ran.stdout)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("1", "measured by 3 monitors, 2 of which must agree"),
        ("3", "measured by one monitor, not independent"),
    ],
)
def test_status__its_panel__is_said(world: MonitorWorld, model: str, words: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli", "status", model],
        cwd=world.root, env=environment(**on_chain(world)), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert words in ran.stdout, ran.stderr


@pytest.mark.parametrize(
    ("model", "version", "words"),
    [("99", "1", "There is no model 99"), ("1", "99", "Model 1 has no version 99")],
)
def test_log_seal__not_registered__says_so(world: MonitorWorld, model: str, version: str, words: str) -> None:
    given = on_chain(world, TRIBUNE_KEYS__LOGGER__ENV="MY_KEY", MY_KEY=KEY)
    assert words in refusal(world.root, "log", "seal", "--model", model, "--version", version, **given)


def test_monitor__evidence_store_is_a_file__refused_at_the_start(world: MonitorWorld) -> None:
    (world.root / "file").touch()
    given = on_chain(world, TRIBUNE_KEYS__MONITOR__ENV="MY_KEY", MY_KEY=KEY)
    said = refusal(world.root, "monitor", "run", **given, TRIBUNE_EVIDENCE_URLS='["file"]')
    assert "Evidence store 1 of 1 cannot be written" in said
    assert "TRIBUNE_EVIDENCE_URLS" in said


# Checking a report


@pytest.mark.parametrize("name", ["nonsense", "../../etc/passwd", "bafkreix"])
def test_verify_report__malformed_name__says_what_a_name_is(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, "verify", "report", name)
    assert "is not the name of a piece of evidence" in said
    assert "bafkrei" in said


def test_verify_report__name_of_nothing__says_where_to_look(tmp_path: Path) -> None:
    said = refusal(tmp_path, "verify", "report", NOBODY_S_NAME)
    assert f"No store that was named holds the evidence {NOBODY_S_NAME}" in said
    assert "TRIBUNE_EVIDENCE_URLS" in said


async def test_verify_report__partition_changed__says_which(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        name, stores = monitor.row(ONE, frame).cid, monitor.settings.evidence_urls
    given = on_chain(
        world,
        TRIBUNE_EVIDENCE_URLS=f'["{stores[0]}"]',
        TRIBUNE_EVIDENCE_READ_URLS=f'["{world.steward_store}"]',
    )
    path = first_partition(world, frame)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    said = await asyncio.to_thread(refusal, world.root, "verify", "report", name, **given)
    assert path.name in said
    assert "was changed" in said


def first_partition(world: MonitorWorld, frame: FrameIndex) -> Path:
    return frame_folder(log_folder(world.log, ONE, VERSION), frame) / "part-0000.parquet"


# Pages


def test_web__port_in_use__says_which(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal(deployed(tmp_path), "web", TRIBUNE_WEB__PORT=port)
    assert f"cannot listen on 127.0.0.1, port {port}" in said
    assert "TRIBUNE_WEB__PORT" in said


def test_web__store_in_no_folder__names_the_setting(world: MonitorWorld) -> None:
    given = {**on_chain(world), "TRIBUNE_STORE_URL": "sqlite:////nowhere/x.db", "TRIBUNE_WEB__PORT": "0"}
    assert "TRIBUNE_STORE_URL" in refusal(world.root, "web", **given)


# Demo


def test_demo__unknown_incident__names_the_known() -> None:
    said = refusal(ROOT, "--incident", "foo", module="examples.acs_employment.demo")
    assert "There is no incident 'foo'. Known: none, women, months." in said
