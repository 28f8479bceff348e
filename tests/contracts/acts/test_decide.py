"""Acts of the executive: through the slow lane from proposal to execution, or as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.acts.conftest import Desk
from contracts.calls import now, warp_to
from contracts.world import World
from scripts.acts import policies, proposals
from scripts.deployment.safe_batch import checksum
from tribune.exceptions import ConfigurationError, PolicyError, RevertedError
from tribune.ids import Address, ModelId

RULES = """
[[rule]]
metric = "quality.invalid_rate.max"
op = ">"
limit = 0.02
severity = "TRIP"
"""
FRAMES = (
    "[frames]\nstep_s = 2000\nlength_s = 2000\ngrace_s = 50\ndeadline_s = 500\nsuspension_s = 3000\nk = 2\n"
)


def admit(desk: Desk, world: World, plan: Path | None = None) -> Path:
    key = None if plan else desk.key(world.holders[0])
    who = Address(str(world.outsider))
    path = policies.admit_monitor(desk.session, key, who, "fourth", "", plan=plan, folder=desk.folder)
    assert path is not None
    return path


def policy(desk: Desk, world: World, frames: str = FRAMES, panel: list[Address] | None = None) -> Path | None:
    path = desk.folder / "policy.toml"
    path.write_text(frames + RULES)
    who = [Address(str(one)) for one in world.monitors] if panel is None else panel
    key = desk.key(world.holders[0])
    return policies.set_policy(desk.session, key, ModelId(1), path, who, plan=None, folder=desk.folder)


def test_admit_monitor__proposed_passed_queued_executed__admitted(desk: Desk, world: World) -> None:
    path, key = admit(desk, world), desk.key(world.stranger)
    desk.pass_proposal(path)
    proposals.advance(desk.session, key, path)
    with pytest.raises(ConfigurationError, match="waits in the timelock until"):
        proposals.advance(desk.session, key, path)
    warp_to(now() + 101)
    proposals.advance(desk.session, key, path)
    assert world.monitor_registry.isAdmitted(world.outsider)
    with pytest.raises(ConfigurationError, match="carried out before"):
        proposals.advance(desk.session, key, path)


def test_advance__vote_running__says_so(desk: Desk, world: World) -> None:
    path = admit(desk, world)
    with pytest.raises(ConfigurationError, match="has not begun"):
        proposals.advance(desk.session, desk.key(world.stranger), path)


def test_advance__never_proposed__names_the_mend(desk: Desk, world: World) -> None:
    path = admit(desk, world, plan=desk.folder / "plan")
    with pytest.raises(RevertedError, match="GovernorNonexistentProposal"):
        proposals.advance(desk.session, desk.key(world.stranger), path)


def test_admit_monitor__by_plan__files_and_nothing_sent(desk: Desk, world: World) -> None:
    path = admit(desk, world, plan=desk.folder / "plan")
    (safe,) = (desk.folder / "plan").glob("*.safe.json")
    batch, proposal = json.loads(safe.read_text()), json.loads(path.read_text())
    assert batch["meta"]["checksum"] == checksum(batch)
    assert batch["meta"]["createdFromSafeAddress"] == world.timelock.address
    (one,) = batch["transactions"]
    assert [one["to"], one["data"]] == [proposal["targets"][0], proposal["calldatas"][0]]
    assert (
        one["data"]
        == "0x" + bytes(world.monitor_registry.admit.encode_input(world.outsider, "fourth", "")).hex()
    )
    assert desk.said[-1].endswith("Nothing was sent.")


def test_admit_monitor__without_votes__names_the_mend(desk: Desk, world: World) -> None:
    who = Address(str(world.outsider))
    with pytest.raises(RevertedError, match="Delegate votes to this account"):
        policies.admit_monitor(
            desk.session, desk.key(world.stranger), who, "fourth", "", plan=None, folder=desk.folder
        )


def test_admit_monitor__empty_name__refused_by_the_simulation(desk: Desk, world: World) -> None:
    who = Address(str(world.outsider))
    with pytest.raises(RevertedError, match=r"MonitorInvalid.*a name"):
        policies.admit_monitor(
            desk.session, desk.key(world.holders[0]), who, "", "", plan=None, folder=desk.folder
        )


def test_dismiss_monitor__by_vote__barred(desk: Desk, world: World) -> None:
    who = Address(str(world.monitors[2]))
    key = desk.key(world.holders[0])
    path = policies.dismiss_monitor(desk.session, key, who, plan=None, folder=desk.folder)
    assert path is not None
    desk.pass_proposal(path)
    proposals.advance(desk.session, key, path)
    warp_to(now() + 101)
    proposals.advance(desk.session, key, path)
    assert not world.monitor_registry.isAdmitted(world.monitors[2])


def test_set_policy__by_vote__in_force_next(desk: Desk, world: World) -> None:
    path = policy(desk, world)
    assert path is not None
    assert "2 of 3 monitors must agree" in desk.text
    assert "quality.invalid_rate.max > 0.02: stops the model and opens a vote" in desk.text
    desk.pass_proposal(path)
    key = desk.key(world.stranger)
    proposals.advance(desk.session, key, path)
    warp_to(now() + 101)
    proposals.advance(desk.session, key, path)
    assert world.policies.policyCount(1) == 2
    assert world.policies.policyAt(1, 1)[0][1] == 2000


def test_set_policy__k_no_majority__refused_in_plain_words(desk: Desk, world: World) -> None:
    with pytest.raises(PolicyError, match=r"k = 1 of 3 monitors is no majority.*Set k to at least 2"):
        policy(desk, world, FRAMES.replace("k = 2", "k = 1"))


def test_set_policy__monitor_not_admitted__refused(desk: Desk, world: World) -> None:
    with pytest.raises(PolicyError, match=f"Not admitted as monitors: {world.stranger}"):
        policy(desk, world, panel=[Address(str(one)) for one in (world.stranger, world.monitors[0])])


def test_set_policy__suspension_beyond_the_cap__warned_of(desk: Desk, world: World) -> None:
    policy(desk, world, FRAMES.replace("suspension_s = 3000", "suspension_s = 999999"))
    assert "WARNING: suspensions are cut to" in desk.text
