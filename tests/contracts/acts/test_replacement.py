"""Replacement of the PauseGovernor by one decision, and the check of roles before and after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.acts.conftest import Desk
from contracts.calls import now, warp_to
from contracts.world import LANE, World
from scripts.acts import proposals, replacement
from scripts.deployment import record
from scripts.deployment.ape_key import compiled, connected
from scripts.deployment.config import FastLane
from scripts.deployment.verify import UnsafeDeploymentError, verify
from tribune.exceptions import ConfigurationError, RevertedError
from tribune.ids import Address

OTHER = replace(LANE, voting_period_s=900)


def created(desk: Desk, lane: FastLane = OTHER) -> Address:
    key = desk.key(desk.world.stranger)
    found = replacement.create(desk.session, key, compiled("PauseGovernor"), lane)
    assert found is not None
    return found


def proposed(desk: Desk, new: Address, lane: FastLane = OTHER) -> Path:
    key = desk.key(desk.world.holders[0])
    found = replacement.replace(desk.session, key, new, lane, plan=None, folder=desk.folder)
    assert found is not None
    return found


def carried_out(desk: Desk) -> None:
    (path,) = (desk.folder / "proposals").glob("*.json")
    key = desk.key(desk.world.stranger)
    desk.pass_proposal(path)
    proposals.advance(desk.session, key, path)
    warp_to(now() + 101)
    proposals.advance(desk.session, key, path)


def checked(folder: Path) -> str:
    said: list[str] = []
    verify(connected(), record.read(folder, connected().chain_id)[0], said.append)
    return said[-1]


def test_replace__by_vote__old_one_out_new_one_in_and_the_switch_knows_its_span(
    desk: Desk, world: World
) -> None:
    new = created(desk)
    path = proposed(desk, new)
    carried_out(desk)
    assert not world.access.hasRole(1, world.governor)[0]
    assert world.access.hasRole(1, new)[0]
    assert world.switch.voteSpan() == LANE.voting_delay_s + 900 + LANE.late_extension_s
    assert checked(path.parent) == "Keys with admin rights: none"


def test_verify__replaced_but_the_old_record__says_which_to_use(desk: Desk) -> None:
    proposed(desk, created(desk))
    carried_out(desk)
    with pytest.raises(UnsafeDeploymentError, match="use the record that `replace_governor` wrote"):
        checked(desk.folder)


def test_replace__paused_by_the_old_one__resumed_through_the_new(
    desk: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.pause()
    new = created(desk, LANE)
    proposed(desk, new, LANE)
    carried_out(desk)
    successor = type(world.governor)(new, world.governor.contract_type)
    monkeypatch.setattr(world, "governor", successor)
    world.resume()
    assert world.state() == "Active"


def test_replace__not_yet_decided__old_record_still_holds(desk: Desk) -> None:
    proposed(desk, created(desk))
    assert checked(desk.folder) == "Keys with admin rights: none"


def test_replace__settings_of_another_file__refused(desk: Desk) -> None:
    new = created(desk)
    with pytest.raises(ConfigurationError, match="votingPeriod = 900, not 1000"):
        proposed(desk, new, LANE)


def test_replace__no_contract_there__refused(desk: Desk, world: World) -> None:
    with pytest.raises(ConfigurationError, match="no other PauseGovernor"):
        proposed(desk, Address(str(world.stranger)))


def test_replace__votes_that_outlast_a_suspension__refused_by_the_simulation(desk: Desk) -> None:
    long = replace(LANE, most_period_s=50_000, voting_period_s=40_000)
    with pytest.raises(RevertedError, match="SuspensionShorterThanVote"):
        proposed(desk, created(desk, long), long)
