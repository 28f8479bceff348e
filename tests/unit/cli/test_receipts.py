"""`tribune gate receipt-key` as a process, against a chain: who may certify, and what is made."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from support.anvil import KEYS
from support.processes import environment
from tribune.decisions.proofs.receipt_key import ReceiptKey
from tribune.settings import Settings
from unit.chain.conftest import place, settings
from unit.chain.place import MODEL, STEWARD, Place, address

__all__ = ["place", "settings"]  # fixtures
LOGGER, STRANGER = 7, 8


async def _make(folder: Path, settings: Settings, role: str, who: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tribune.cli", "gate", "receipt-key", "receipt", "--json"]
    given = {
        "TRIBUNE_CHAIN__HTTP_URL": settings.chain.http_url,
        "TRIBUNE_DEPLOYMENTS": str(settings.deployments),
        f"TRIBUNE_KEYS__{role.upper()}__ENV": "ROLE_KEY",
        "ROLE_KEY": KEYS[who],
    }
    return await asyncio.to_thread(
        subprocess.run,
        [*command, "--role", role, "--model", str(MODEL), "--days", "2"],
        cwd=folder,
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=60,
    )


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


async def test_receipt_key__by_logger_and_steward__makes_a_key_that_they_certify(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    tribune = place.tribune
    await place.send(tribune.model_registry.register_model("acs"), STEWARD)
    await place.send(tribune.decision_log.set_logger(MODEL, address(LOGGER)), STEWARD)
    for role, who in (("logger", LOGGER), ("steward", STEWARD)):
        folder = tmp_path / role
        folder.mkdir()
        made = await _make(folder, settings, role, who)
        assert made.returncode == 0, made.stderr
        key = ReceiptKey.load(folder / "receipt", folder / "receipt.json")
        assert key.certificate.certifier() == address(who)
        assert key.certificate.contract.address == tribune.decision_log.address
        assert abs(key.certificate.not_after - time.time() - 2 * 86_400) < 60
        assert json.loads(made.stdout) == {
            **{"model": MODEL, "key": key.certificate.key, "not_after": key.certificate.not_after},
            **{"file": "receipt", "certificate": "receipt.json"},
        }
        assert (folder / "receipt").read_text().strip() not in made.stdout + made.stderr


async def test_receipt_key__by_a_stranger__says_whose_key_it_takes_and_makes_nothing(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    await place.send(place.tribune.model_registry.register_model("acs"), STEWARD)
    made = await _make(tmp_path, settings, "logger", STRANGER)
    assert made.returncode == 2
    assert address(STEWARD) in made.stderr
    assert _files(tmp_path) == {}


async def test_receipt_key__file_exists__is_left_as_it_is(
    place: Place, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "receipt.json").write_text("precious")
    made = await _make(tmp_path, settings, "steward", STEWARD)
    assert made.returncode == 2
    assert _files(tmp_path) == {"receipt.json": "precious"}
