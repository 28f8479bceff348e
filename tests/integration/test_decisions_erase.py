"""`tribune decisions erase` by the real command: refused while reports need the frame, proven afterwards."""

from __future__ import annotations

import json
from pathlib import Path

from integration.monitor_world import VERSION, MonitorWorld
from integration.test_cli import on_chain
from integration.test_decision_proofs import ONE, outside, ran
from support.processes import ran_at_terminal


def test_decisions_erase__one_decision__waits_for_reports_and_leaves_its_proof(
    world: MonitorWorld, tmp_path: Path
) -> None:
    frame = world.sealed(ONE, n=60)
    mine, other = (world.samples[frame].decisions[i].id for i in (17, 18))
    known = on_chain(world, TRIBUNE_EVIDENCE_READ_URLS=json.dumps([str(world.steward_store)]))
    erase = ("decisions", "erase", "--model", str(ONE), "--version", str(VERSION))
    early = ran(tmp_path, *erase, mine, **known)
    assert early.returncode == 3
    assert "looked back on" in early.stderr
    world.chain.warp(40 * 86_400)
    done = ran(tmp_path, *erase, mine, "--reason", "asked for", **known)
    assert done.returncode == 0, done.stderr
    assert "Erased 1 decision in sealed frames" in done.stdout
    for name, opened in ((mine, False), (other, True)):
        path = tmp_path / f"{name}.json"
        assert ran(tmp_path, "decisions", "prove", name, "-o", str(path), **known).returncode == 0
        assert (json.loads(path.read_bytes())["opened"] is not None) == opened
        checked = ran(tmp_path, "verify", "decision", str(path), **outside(world, tmp_path))
        assert checked.returncode == 0, checked.stdout
    printed, shown = ran_at_terminal(tmp_path, *erase, mine, **known)
    assert printed.startswith("Erased 0 decisions in sealed frames")
    assert "Looking through what came too late …" in shown
    rest = ran(tmp_path, *erase, "--older-than", "30", "--json", **known)
    assert json.loads(rest.stdout) == {"erased": 59, "erased_late": 0, "frames_still_needed": 0}
    nobody = ran(tmp_path, *erase, "nobody", **known)
    assert nobody.returncode == 1
    assert "No sealed frame holds nobody" in nobody.stderr
