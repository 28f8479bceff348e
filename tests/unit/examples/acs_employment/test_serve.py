"""The served model as a process behind its gate, on a real chain that suspends it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from examples.acs_employment.app import GATED_HEALTH, HEALTH
from examples.acs_employment.model import Card
from examples.acs_employment.rows import load_spec, stream
from support.anvil import ROOT, Anvil, find_binary
from support.chain import BUILD, TestChain, deploy
from support.voting import RULE, documents
from tribune.decisions.waiting.wal import read_segment
from tribune.reports.canonical import canonical_bytes
from tribune.reports.evidence_store import write_evidence
from unit.examples.acs_employment.conftest import World

LIMIT_S = 30.0
STEP_S = 10
EVALUATION_SET = b"\2" * 32


@dataclass
class Place:
    """A chain with an active model, and the folder that everything else is in."""

    chain: TestChain
    folder: Path
    policy: bytes
    evidence: bytes
    value: int

    def environment(self) -> dict[str, str]:
        anvil = self.chain.anvil
        return {
            **os.environ,
            "TRIBUNE_CHAIN__HTTP_URL": anvil.http_url,
            "TRIBUNE_CHAIN__WS_URL": anvil.ws_url,
            "TRIBUNE_DEPLOYMENTS": str(self.folder),
            "TRIBUNE_LOG_FOLDER": str(self.folder / "log"),
            "TRIBUNE_EVIDENCE_URLS": json.dumps([str(self.folder / "evidence")]),
        }

    def command(self, card: Path, ready: Path) -> list[str]:
        return [sys.executable, "-m", "examples.acs_employment.serve", str(card), "1", "1", "0", str(ready)]

    def trip(self) -> None:
        contracts = self.chain.contracts
        hub = contracts["ReportHub"].address
        self.chain.rpc("anvil_impersonateAccount", hub)
        self.chain.rpc("anvil_setBalance", hub, hex(10**18))
        breach = (0, 1, 1, 2, 0, self.value, RULE.limit, self.policy, self.evidence, 60)
        sent = contracts["KillSwitch"].functions.trip(breach).transact({"from": hub})
        assert self.chain.web3.eth.wait_for_transaction_receipt(sent, timeout=20)["status"] == 1


@pytest.fixture(scope="module")
def place(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if find_binary() is None or not BUILD.exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    folder = tmp_path_factory.mktemp("served")
    with Anvil.start(timestamp=int(time.time()) - 3 * STEP_S) as anvil:  # what `activate` lets pass
        chain = deploy(anvil)
        chain.write_record(folder)
        yield activate(chain, folder, Card.load(world.v1).digest)


def activate(chain: TestChain, folder: Path, artifact: bytes) -> Place:
    profile, evidence, value = documents()
    for document in (profile, evidence):
        write_evidence(folder / "evidence", document)
    digests = [hashlib.sha256(canonical_bytes(document)).digest() for document in (profile, evidence)]
    names = ("ModelRegistry", "PolicyBook", "ReportHub")
    registry, policies, hub = (chain.contracts[name].functions for name in names)
    for monitor in chain.monitors:
        chain.as_timelock(chain.contracts["MonitorRegistry"].functions.admit(monitor.address, "monitor", ""))
    chain.send(registry.registerModel("acs-employment"), chain.steward)
    version = (artifact, digests[0], EVALUATION_SET, bytes(32), bytes(32), 0, 0, "")
    chain.send(registry.registerVersion(1, version), chain.steward)
    panel = [monitor.address for monitor in chain.monitors]
    rules = [RULE.on_chain()]
    chain.as_timelock(
        policies.setPolicy(1, (chain.now + 2, STEP_S, STEP_S, 1, 8, 60, False, 2, panel, rules))
    )
    chain.warp(5)
    policy = policies.currentTerms(1).call()[0]
    report = (1, 1, 0, policy, EVALUATION_SET, digests[1], [0])
    struct = hub.hashReport(report).call()
    signed = [m.unsafe_sign_hash(hub.hashAttestation(struct, bytes(32)).call()) for m in chain.monitors[:2]]
    chain.send(hub.submit(report, [(i, bytes(32), s.signature) for i, s in enumerate(signed)]))
    chain.send(registry.activate(1, 1), chain.steward)
    chain.warp(2 * STEP_S)
    chain.rpc("evm_setIntervalMining", 1)
    return Place(chain, folder, policy, digests[1], value)


def wait_for(client: httpx.Client, path: str, status: int) -> httpx.Response:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        answer = client.get(path)
        if answer.status_code == status:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{path} never said {status}; last: {answer.status_code} {answer.text}")


def test_serve__another_artifact_than_registered__ends_with_a_plain_error(place: Place, world: World) -> None:
    command = place.command(world.v2, place.folder / "never.ready")
    ended = subprocess.run(
        command, cwd=ROOT, env=place.environment(), capture_output=True, text=True, timeout=LIMIT_S
    )
    assert ended.returncode != 0
    assert "is not the registered one" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_serve__suspended_while_it_serves__answers_then_refuses_in_plain_words(
    place: Place, world: World
) -> None:
    ready = place.folder / "ready"
    with (place.folder / "served.log").open("wb") as log:
        process = subprocess.Popen(
            place.command(world.v1, ready), cwd=ROOT, env=place.environment(), stderr=log
        )
        try:
            deadline = time.monotonic() + LIMIT_S
            while not ready.exists():
                assert process.poll() is None, (place.folder / "served.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            with httpx.Client(base_url=f"http://127.0.0.1:{int(ready.read_text())}", timeout=5) as client:
                wait_for(client, GATED_HEALTH, 200)
                row = next(stream(load_spec()))
                answer = client.post("/predict", json={"rows": [{"id": row.id, **row.features}]})
                assert [decision["id"] for decision in answer.json()["decisions"]] == [row.id]
                place.trip()
                wait_for(client, GATED_HEALTH, 503)
                refusal = client.post("/predict", json={"rows": []})
                assert refusal.status_code == 503
                assert refusal.json()["state"] == "Suspended"
                assert client.get(HEALTH).status_code == 200
                while "women" not in (detail := client.get(GATED_HEALTH).json()["detail"]):
                    assert time.monotonic() < deadline, detail
                    time.sleep(0.05)
                assert "53 of 100 men and 6 of 100 women" in detail
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
            process.wait(LIMIT_S)
    segments = list((place.folder / "log" / "1" / "1" / "wal").glob("*/*.wal"))
    assert [record.id for path in segments for record in read_segment(path)[1]] == [row.id]
