"""The gate in one call, from settings."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tribune.exceptions import ConfigurationError
from tribune.gate import gated
from tribune.gate.configured import site_of, source_of
from tribune.gate.sidecar.client import SidecarSource
from tribune.gate.status import StatusView
from tribune.gate.watching.chain_source import ChainSource
from tribune.ids import ModelId
from tribune.settings import Settings, load_settings
from unit.gate.chain import MODEL, until


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"prediction"})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a gate whose chain nobody runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tribune.toml").write_text(
        '[gate]\nmodel = 1\nversion = 3\nname = "credit"\nopen_paths = ["/health"]\n'
        '[chain]\nhttp_url = "http://127.0.0.1:9"\n'
    )
    return load_settings()


async def test_gated__settings_of_this_folder__refuses_as_their_model_until_it_knows(
    settings: Settings,
) -> None:
    gate = gated(_app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gate), base_url="http://m") as client:
        refused, open_path = await client.get("/predict"), await client.get("/health")
    await gate._stop()
    document = refused.json()
    assert (refused.status_code, document["model"], document["version"]) == (503, "credit", 3)
    assert (open_path.status_code, open_path.text) == (200, "prediction")


def test_gated__no_model_named__error_says_where_to_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"\[gate\]"):
        gated(_app)


@pytest.mark.parametrize("line", ["model = 1", "version = 1", 'mode = "off"', 'sidecar = "127.0.0.1:1"'])
def test_gate_settings__half_given_or_wrong__configuration_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.toml").write_text(f"[gate]\n{line}\n")
    with pytest.raises(ConfigurationError, match="gate"):
        load_settings(tmp_path / "x.toml")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8651", "https://gate.example", "unix:/run/gate.sock"])
def test_gate_settings__address_of_a_sidecar__is_asked_in_place_of_the_chain(address: str) -> None:
    settings = load_settings(gate={"model": 1, "version": 1, "sidecar": address})
    assert isinstance(source_of(settings), SidecarSource)


def test_gate_settings__webhook_without_a_secret__configuration_error(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[gate.hooks]\nwebhook = "https://ops.example/halt"\n')
    with pytest.raises(ConfigurationError, match="webhook_secret_file"):
        load_settings(tmp_path / "x.toml")


def test_gate_settings__hook_in_the_environment__is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_GATE__HOOKS__ON_HALT", '["systemctl", "stop", "batch"]')
    assert load_settings().gate.hooks.on_halt == ["systemctl", "stop", "batch"]


def test_site_of__nobody_set_it__is_empty() -> None:
    assert site_of(Settings()) == ""
    assert site_of(load_settings(web={"public_url": "https://dao.example"})) == "https://dao.example"


async def test_chain_source__chain_unreachable__says_so_and_goes_on_trying(settings: Settings) -> None:
    view = StatusView(ModelId(MODEL))
    before = view.snapshot.fault
    task = asyncio.create_task(ChainSource(settings).run(view))
    await until(lambda: view.snapshot.fault != before, timeout_s=20)
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_import__of_the_gate__imports_nothing_of_the_chain() -> None:
    code = "import sys, tribune.gate; tribune.gate.gated, tribune.gate.ModelGate; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    loaded = done.stdout.split()
    assert "tribune.gate.configured" in loaded
    assert not {"web3", "sqlmodel", "pandas", "pyarrow", "eth_account", "starlette"} & set(loaded)
