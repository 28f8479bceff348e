"""What serves a model behind a sidecar, in an environment that has nothing of the chain."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from packages.environments import Environment
from unit.gate.chain import HandChain, until
from unit.gate.sidecars import sidecar

pytestmark = [pytest.mark.alone, pytest.mark.slow]

NOT_THERE = (
    "web3",
    "sqlmodel",
    "sqlalchemy",
    "pandas",
    "numpy",
    "pyarrow",
    "eth_account",
    "aiohttp",
    "discord",
)
SERVER = """
import asyncio, importlib.util, json, sys
from tribune.gate import gated
from tribune.log import configure

async def model(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"predicted"})

async def ask(app):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    await app({"type": "http", "path": "/predict", "method": "POST", "headers": []}, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent)

async def until(app, wanted):
    async with asyncio.timeout(20):
        while True:
            status, body = await ask(app)
            if status == wanted:
                return body
            await asyncio.sleep(0.01)

async def main():
    configure(process="gate", json=True, level="INFO")
    app = gated(model)
    print(json.dumps((await until(app, 200)).decode()), flush=True)
    print((await until(app, 503)).decode(), flush=True)

asyncio.run(main())
banned = sys.argv[1].split(",")
print(json.dumps([name for name in banned if name in sys.modules or importlib.util.find_spec(name)]))
"""
RECORDS = """
from tribune.decisions.keccak import keccak256
assert keccak256()(b"").hex().startswith("c5d2460186f7")
import tribune.decisions.log, tribune.decisions.proofs.receipts
import tribune.gate.recorder, tribune.gate.guard, tribune.gate.artifact, tribune.gate.sidecar.client
"""


@pytest.fixture
def clean(environment_of: Callable[[str], Environment]) -> Path:
    """The Python of a fresh environment with the extra `gate`."""
    return environment_of("gate").python


async def test_gated__behind_a_sidecar__needs_nothing_of_the_chain(clean: Path, tmp_path: Path) -> None:
    import asyncio

    chain = HandChain()
    async with sidecar(chain) as world:
        settings = f'[gate]\nmodel = 1\nversion = 1\nsidecar = "{world.url}"\n'
        (tmp_path / "tribune.toml").write_text(settings)
        process = await asyncio.create_subprocess_exec(
            str(clean), "-I", "-c", SERVER, ",".join(NOT_THERE),
            cwd=tmp_path, env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(40):
            first = await process.stdout.readline()
            assert first == b'"predicted"\n'
            chain.mine(state="Paused")
            problem = json.loads(await process.stdout.readline())
            assert (problem["status"], problem["state"]) == (503, "Paused")
            rest, said = await process.communicate()
        assert json.loads(rest) == [], said
        await until(lambda: world.sidecar.sockets == 0)


def test_tribune__command_of_another_part__says_what_is_lacking(clean: Path, tmp_path: Path) -> None:
    for command in (["gate", "serve"], ["monitor", "run"]):
        done = subprocess.run(
            [str(clean), "-I", "-m", "tribune.cli", *command],
            cwd=tmp_path, env={}, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert done.returncode == 2
        assert "is not installed" in done.stderr
        assert "tribune-dao[" in done.stderr
        assert "Traceback" not in done.stderr


def test_import__recording_and_batch_jobs__need_nothing_of_the_chain(clean: Path) -> None:
    subprocess.run([str(clean), "-I", "-c", RECORDS], check=True, timeout=30, capture_output=True)
