"""`tribune doctor` on a real chain: says what is amiss, hides no fault behind another, tells no secret."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from integration.monitor_world import VERSION, MonitorWorld
from support.anvil import KEYS, Anvil
from support.processes import environment
from tribune.decisions.anchor import frame_folder, log_folder
from tribune.ids import ModelId
from tribune.operations.doctor import CHECKS, Line, examine, passed
from tribune.operations.finding import Finding, Outcome, Patient, not_ok, ok, warning
from tribune.settings import KeySource, Settings, TelemetrySettings, WebSettings
from tribune.telemetry import Telemetry
from tribune.telemetry.server import listening

ONE = ModelId(1)
STRANGER = KEYS[6]


async def found(settings: Settings, *names: str, file: Path | None = None) -> list[Finding]:
    lines = await examine(settings, file, made={name: CHECKS[name] for name in names})
    return [line.finding for line in lines]


def said(findings: list[Finding], outcome: Outcome) -> str:
    return "\n".join(f"{one.says} → {one.mend}" for one in findings if one.outcome is outcome)


@pytest.fixture
def monitor(world: MonitorWorld, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MY_KEY", KEYS[7])
    return world.settings("monitor-0", keys={"monitor": KeySource(env="MY_KEY")})


async def test_examine__a_monitor_as_it_should_be__all_ok(world: MonitorWorld, monitor: Settings) -> None:
    world.sealed(ONE)
    names = [name for name in CHECKS if name != "clock"]  # the tests' chain keeps its own time
    findings = await found(monitor, *names)
    assert not said(findings, Outcome.NOT_OK)
    assert not said(findings, Outcome.WARNING)
    words = said(findings, Outcome.OK)
    assert "monitor: in the panel of model 1, model 2" in words
    assert "duckdb counts as it must" in words
    assert "enough for a month" in words
    assert "model 1: frame" in words


async def test_examine__everything_wrong_at_once__each_check_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "0x" + "5ec2e7" * 10)
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        keys={"monitor": KeySource(env="MY_KEY")}, store_url="sqlite:////nowhere/x.db", seal=["1/1"]
    )
    lines = await examine(settings, None)
    amiss = {line.check for line in lines if line.finding.outcome is Outcome.NOT_OK}
    of_the_chain = {"nodes", "clock", "contracts", "roles", "balance", "log", "replay"}
    assert amiss == {"parts", "keys", "store", *of_the_chain}
    assert not any("5ec2e7" in line.finding.says + line.finding.mend for line in lines)


async def test_examine__a_check_hangs_or_breaks__the_others_are_made() -> None:
    async def hangs(_: Patient) -> list[Finding]:
        await asyncio.sleep(60)
        return []

    async def breaks(_: Patient) -> list[Finding]:
        raise ZeroDivisionError("x")

    async def works(_: Patient) -> list[Finding]:
        return [ok("fine")]

    began = time.monotonic()
    lines = await examine(Settings(), None, made={"a": hangs, "b": breaks, "c": works}, limit_s=0.2)
    assert time.monotonic() - began < 5
    assert [(line.check, line.finding.outcome) for line in lines] == [
        ("a", Outcome.NOT_OK),
        ("b", Outcome.NOT_OK),
        ("c", Outcome.OK),
    ]


async def test_nodes__one_of_another_chain_and_one_silent__told_apart(monitor: Settings) -> None:
    with Anvil.start(chain_id=5) as other:
        urls = [other.http_url, "http://127.0.0.1:9"]
        chain = monitor.chain.model_copy(update={"fallback_urls": urls})
        findings = await found(monitor.model_copy(update={"chain": chain}), "nodes")
    assert [one.outcome for one in findings] == [Outcome.OK, Outcome.NOT_OK, Outcome.WARNING]
    assert "serves chain 5" in findings[1].says


async def test_clock__chain_ahead_of_this_machine__not_ok(world: MonitorWorld, monitor: Settings) -> None:
    world.until(int(time.time()) + 3600)
    assert "ahead of this machine's clock" in said(await found(monitor, "clock"), Outcome.NOT_OK)


async def test_roles__a_stranger__is_told_who_admits(
    monitor: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", STRANGER)
    findings = await found(monitor, "roles")
    assert "is not admitted. → Governance admits it" in said(findings, Outcome.NOT_OK)
    assert "is in no panel" in said(findings, Outcome.WARNING)


async def test_roles__panel_of_one__is_labelled(
    world: MonitorWorld, monitor: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = world.chain.holders[0]
    monkeypatch.setenv("MY_KEY", "0x" + bytes(alone.key).hex())
    assert "model 3 (one monitor, not independent)" in said(await found(monitor, "roles"), Outcome.OK)


async def test_roles__logger_that_nobody_named__not_ok(
    monitor: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {**monitor.keys, "logger": KeySource(env="MY_KEY")}
    changed = monitor.model_copy(update={"keys": keys, "seal": ["1/1", "9/1"]})
    words = said(await found(changed, "roles"), Outcome.NOT_OK)
    assert "may not anchor for model 1" in words
    assert "there is no version 9/1" in words


@pytest.mark.parametrize(
    ("wei", "outcome", "words"),
    [(0, Outcome.NOT_OK, "it can send nothing"), (10**15, Outcome.WARNING, "days of")],
)
async def test_balance__too_little__says_for_how_long(
    world: MonitorWorld, monitor: Settings, wei: int, outcome: Outcome, words: str
) -> None:
    world.chain.rpc("anvil_setBalance", world.chain.monitors[0].address, hex(wei))
    assert words in said(await found(monitor, "balance"), outcome)


async def test_store__of_a_newer_release__not_ok(monitor: Settings) -> None:
    from sqlalchemy import text

    from tribune.store.session import open_store

    with open_store(monitor.store_url) as store, store.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "of a newer release" in said(await found(monitor, "store"), Outcome.NOT_OK)


async def test_store__password_in_its_address__is_not_said(monitor: Settings) -> None:
    url = "postgresql://me:s3cretpass@127.0.0.1:9/x?connect_timeout=1"
    findings = await found(monitor.model_copy(update={"store_url": url}), "store")
    assert said(findings, Outcome.NOT_OK)
    assert "s3cretpass" not in str(findings)


async def test_evidence__a_store_that_cannot_be_written__not_ok(monitor: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    changes = {"evidence_urls": [str(tmp_path / "file")], "evidence_read_urls": [str(tmp_path / "none")]}
    findings = await found(monitor.model_copy(update=changes), "evidence")
    assert [one.outcome for one in findings] == [Outcome.NOT_OK, Outcome.WARNING]


async def test_log__anchored_frame_is_not_there__not_ok(world: MonitorWorld, monitor: Settings) -> None:
    frame = world.sealed(ONE)
    (frame_folder(log_folder(world.log, ONE, VERSION), frame) / "manifest.json").unlink()
    words = said(await found(monitor, "log"), Outcome.NOT_OK)
    assert f"frame {frame} is anchored and not in the log folder" in words


async def test_pages__public_address_without_https__not_ok(monitor: Settings) -> None:
    changed = Settings(web=WebSettings(public_url="http://dao.invalid"))
    findings = await found(changed, "pages")
    assert "is not https" in said(findings, Outcome.NOT_OK)
    assert "does not answer" in said(findings, Outcome.WARNING)


@pytest.mark.parametrize(
    ("secret", "mode", "outcome", "words"),
    [
        ("whsec_" + "a2tr" * 8, 0o600, Outcome.OK, "signed with the secret"),
        ("whsec_" + "a2tr" * 8, 0o604, Outcome.NOT_OK, "chmod o="),
        ("whsec_a2tr", 0o600, Outcome.NOT_OK, "wrong length"),
        ("a secret!", 0o600, Outcome.NOT_OK, "no webhook secret"),
        (None, 0o600, Outcome.NOT_OK, "cannot be read"),
    ],
)
async def test_webhooks__secret_of_each__is_looked_at(
    tmp_path: Path, secret: str | None, mode: int, outcome: Outcome, words: str
) -> None:
    file = tmp_path / "ops.secret"
    if secret is not None:
        file.write_text(secret)
        file.chmod(mode)
    hook = {"url": "https://ops.example/x", "secret_file": file}
    gate = {"hooks": {"webhook": "https://ops.example/gate", "webhook_secret_file": file}}
    settings = Settings.model_validate({"web": {"webhooks": {"ops": hook}}, "gate": gate})
    findings = await found(settings, "webhooks")
    assert [one.outcome for one in findings] == [outcome] * 2
    assert all(words in one.says + one.mend for one in findings)
    assert "a2tr" not in str(findings)


async def test_telemetry__port_taken_by_another_program__not_ok(monitor: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        changed = monitor.model_copy(update={"telemetry": TelemetrySettings(port=port)})
        answering = asyncio.create_task(asyncio.to_thread(hang_up, taken))
        words = said(await found(changed, "telemetry"), Outcome.NOT_OK)
        await answering
    assert f"monitor, port {port} is used by something else" in words
    assert "free" in said(await found(changed, "telemetry"), Outcome.OK)


@pytest.mark.parametrize(("late", "outcome"), [(False, Outcome.OK), (True, Outcome.WARNING)])
async def test_telemetry__a_part_that_runs__is_well_or_late(
    monitor: Settings, late: bool, outcome: Outcome
) -> None:
    telemetry = Telemetry()
    telemetry.health.expect("store", -1.0 if late else 60.0)
    async with listening(telemetry, "127.0.0.1", 0) as port:
        changed = monitor.model_copy(update={"telemetry": TelemetrySettings(port=port)})
        findings = await found(changed, "telemetry")
    assert [one.outcome for one in findings] == [outcome]
    assert ("late are store" in findings[0].says) is late


def hang_up(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.close()


async def test_settings__others_may_write_the_file__not_ok(tmp_path: Path, monitor: Settings) -> None:
    file = tmp_path / "tribune.toml"
    file.touch()
    file.chmod(0o666)
    assert "chmod go-w" in said(await found(monitor, "settings", file=file), Outcome.NOT_OK)


def test_doctor__as_a_command__says_lines_or_json_and_its_code(world: MonitorWorld) -> None:
    (world.root / "tribune.toml").write_text(
        f'deployments = "none"\n[chain]\nhttp_url = "{world.chain.anvil.http_url}"\n'
        '[keys.monitor]\nenv = "MY_KEY"\n'
    )
    command = [sys.executable, "-m", "tribune.cli", "doctor"]
    given = environment(MY_KEY=KEYS[7])
    plain = subprocess.run(command, cwd=world.root, env=given, capture_output=True, text=True, timeout=90)
    assert plain.returncode == 1, plain.stderr
    assert "ok       keys       monitor: 0x" in plain.stdout
    assert "not ok   contracts  Could not look: Nothing is deployed on chain 31337" in plain.stdout
    as_json = subprocess.run(
        [*command, "--json"], cwd=world.root, env=given, capture_output=True, text=True, timeout=90
    )
    found = json.loads(as_json.stdout)
    assert {"check", "outcome", "says", "mend"} == set(found[0])
    assert KEYS[7][2:] not in plain.stdout + plain.stderr + as_json.stdout


def test_doctor__settings_cannot_be_read__says_so_and_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "tribune.toml").write_text("[chain]\nid = 5\n")
    ran = subprocess.run(
        [sys.executable, "-m", "tribune.cli", "doctor"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "not ok   settings   The settings cannot be used: chain.id" in ran.stdout


def test_passed__warnings_only__yes() -> None:
    assert passed([Line("pages", warning("slow"))])
    assert not passed([Line("pages", warning("slow")), Line("nodes", not_ok("gone"))])
