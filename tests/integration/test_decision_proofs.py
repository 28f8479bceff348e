"""Proofs of decisions by the real commands: made by whoever has the log, checked by whoever has not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration.monitor_world import MonitorWorld
from integration.test_cli import on_chain
from support.anvil import ROOT
from support.processes import environment
from tribune.decisions.proofs.proof import DecisionProof, read_proof
from tribune.decisions.typed import LogContract
from tribune.ids import Address, Digest, FrameIndex, ModelId

ONE = ModelId(1)


def ran(folder: Path, *arguments: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a command; whatever it does, it shows no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "tribune.cli", *arguments],
        cwd=folder, env=environment(**given), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def outside(world: MonitorWorld, folder: Path) -> dict[str, str]:
    """Return what a stranger knows: a node and the deployment record. No log, no key."""
    known = on_chain(world)
    return {name: known[name] for name in ("TRIBUNE_CHAIN__HTTP_URL", "TRIBUNE_DEPLOYMENTS")} | {
        "TRIBUNE_LOG_FOLDER": str(folder / "nothing")
    }


@pytest.fixture
def proven(world: MonitorWorld, tmp_path: Path) -> tuple[Path, DecisionProof]:
    """The proof of a decision of an anchored frame, made by the command."""
    frame = world.sealed(ONE, n=60)
    id_ = world.samples[frame].decisions[17].id
    path = tmp_path / "proof.json"
    done = ran(tmp_path, "decisions", "prove", id_, "--model", "1", "-o", str(path), **on_chain(world))
    assert done.returncode == 0, done.stderr
    return path, read_proof(path)


def verified(world: MonitorWorld, path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = ran(path.parent, "verify", "decision", str(path), "--json", *more, **outside(world, path.parent))
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def test_verify_decision__of_an_anchored_frame__proven_by_the_contract_too(
    world: MonitorWorld, proven: tuple[Path, DecisionProof]
) -> None:
    path, proof = proven
    code, said = verified(world, path)
    assert (code, said["proven"], said["checked_on_chain"]) == (0, True, True)
    given = next(d for d in world.samples[proof.frame].decisions if d.id == proof.id)
    assert said["opened"]["body"]["prediction"] == given.prediction
    assert said["opened"]["body"]["features"]["age"] == float(given.features["age"]).hex()  # type: ignore[arg-type]
    anchored = (proof.manifest, proof.root, proof.rows)
    decided = (proof.id, proof.time, proof.body)
    verify = world.chain.contracts["DecisionLog"].functions.verify
    assert verify(ONE, proof.version, proof.frame, decided, anchored, list(proof.path)).call()


def test_verify_decision__offline__says_that_the_chain_was_not_asked(
    proven: tuple[Path, DecisionProof],
) -> None:
    path, _ = proven
    done = ran(path.parent, "verify", "decision", str(path), "--offline")
    assert done.returncode == 0, done.stderr
    assert "On the chain: not asked" in done.stdout


def test_verify_decision__changed_or_about_something_else__refused_with_the_reason(
    world: MonitorWorld, proven: tuple[Path, DecisionProof]
) -> None:
    path, proof = proven
    contract = proof.contract
    lies = {
        "another body": (replace(proof, opened=None, body=Digest(bytes(32))), "does not lead"),
        "chain 5": (replace(proof, contract=LogContract(5, contract.address)), "chain 5"),
        "contract": (
            replace(proof, contract=LogContract(contract.chain_id, Address("0x" + "11" * 20))),
            "another contract",
        ),
        "next frame": (replace(proof, frame=FrameIndex(proof.frame + 1)), "is not anchored"),
        "no frame": (replace(proof, frame=FrameIndex(2**50)), "no frame"),
    }
    for lie, reason in lies.values():
        path.write_bytes(lie.canonical())
        code, said = verified(world, path)
        assert (code, said["proven"]) == (1, False)
        assert reason in said["why"]


def test_verify_decision__frame_anchored_again_elsewhere__its_time_gives_it_away(
    world: MonitorWorld, proven: tuple[Path, DecisionProof]
) -> None:
    """The contract cannot see it: it compares a word, and a steward may anchor any word."""
    path, proof = proven
    frame = world.current_frame(ONE)
    world.until(world.grid(ONE).due_at(frame) // 1_000_000)
    log = world.chain.contracts["DecisionLog"].functions
    anchored = (proof.manifest, proof.root, proof.rows)
    world.chain.send(log.anchor(ONE, 1, frame, *anchored), world.chain.steward)
    decided = (proof.id, proof.time, proof.body)
    assert log.verify(ONE, 1, frame, decided, anchored, list(proof.path)).call()
    path.write_bytes(replace(proof, frame=frame).canonical())
    code, said = verified(world, path)
    assert (code, said["proven"]) == (1, False)
    assert "does not hold the time" in said["why"]


def test_verify_decision__no_file__could_not_look(tmp_path: Path) -> None:
    done = ran(tmp_path, "verify", "decision", "nowhere.json")
    assert done.returncode == 3
    assert "nowhere.json cannot be read" in done.stderr


def test_decisions_prove__nothing_deployed__says_so(tmp_path: Path) -> None:
    done = ran(tmp_path, "decisions", "prove", "x", TRIBUNE_DEPLOYMENTS=str(ROOT / "nowhere"))
    assert done.returncode == 2
    assert "Nothing is deployed" in done.stderr
