"""A deployment whose process is killed in the middle, on a chain of its own with a block a second."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from web3 import HTTPProvider, Web3

from support.anvil import ROOT, Anvil

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
STEPS_BEFORE, LIMIT_S = 3, 60.0


def command(folder: Path) -> list[str]:
    code = "from scripts.deploy import cli; cli()"
    given = ["--network", "ethereum:local:foundry", "--folder", str(folder / "records")]
    return [sys.executable, "-c", code, *given, "--holders", str(folder / "holders.json")]


def environment(chain: Anvil) -> dict[str, str]:
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "monitors", "bot"))
    return {
        **os.environ,
        "APE_FOUNDRY_HOST": chain.http_url,
        "PYTHONPATH": paths,
        "SOLCX_BINARY_PATH": str(ROOT / "scripts" / "solc"),
    }


def done(path: Path) -> int:
    try:
        return len(json.loads(path.read_text())["done"])
    except FileNotFoundError:
        return 0


def test_deploy__killed_between_steps__a_second_run_finishes(tmp_path: Path) -> None:
    (tmp_path / "holders.json").write_text(json.dumps([{"address": DEPLOYER, "tokens": 5}]))
    partial = tmp_path / "records" / "31337.partial.json"
    with Anvil.start(block_time=1) as chain:
        web3 = Web3(HTTPProvider(chain.http_url))
        first = subprocess.Popen(
            command(tmp_path),
            cwd=ROOT,
            env=environment(chain),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + LIMIT_S
        while done(partial) < STEPS_BEFORE and time.monotonic() < deadline:
            assert first.poll() is None, "the deployment ended by itself"
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        assert done(partial) >= STEPS_BEFORE
        web3.provider.make_request("evm_setAutomine", [True])  # type: ignore[arg-type]
        second = subprocess.run(
            command(tmp_path), cwd=ROOT, env=environment(chain), capture_output=True, text=True, timeout=120
        )
        assert second.returncode == 0, second.stdout + second.stderr
        assert "Going on after" in second.stdout
        assert "Keys with admin rights: none" in second.stdout
        assert not partial.exists()
        addresses = json.loads((tmp_path / "records" / "31337.json").read_text())["addresses"]
        assert all(len(web3.eth.get_code(address)) > 100 for address in addresses.values())
