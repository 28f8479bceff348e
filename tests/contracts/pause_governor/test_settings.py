"""Settings of the fast lane: only the executive, directly, within bounds, told to the switch at once."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import ape
import pytest

from contracts.calls import refused, refused_deployment, rpc
from contracts.world import DELAY, EXTENSION, LANE, PERIOD, World

SETTERS = {
    "setVotingDelay": 20,
    "setVotingPeriod": 900,
    "setLateQuorumVoteExtension": 100,
    "updateQuorumNumerator": 15,
    "updateSuperQuorumNumerator": 60,
    "setProposalThreshold": 1,
}


@pytest.mark.parametrize("name", SETTERS)
def test_setters__anyone_but_the_executive__refused(world: World, name: str) -> None:
    for sender in (world.stranger, world.steward, world.deployer, world.holders[0], world.as_governor):
        refused("GovernorOnlyExecutor", getattr(world.governor, name), SETTERS[name], sender=sender)


@pytest.mark.parametrize("name", SETTERS)
def test_setters__executive__accepted(world: World, name: str) -> None:
    getattr(world.governor, name)(SETTERS[name], sender=world.admin)
    assert world.switch.voteSpan() == sum(
        (
            world.governor.votingDelay(),
            world.governor.votingPeriod(),
            world.governor.lateQuorumVoteExtension(),
        )
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("setVotingDelay", 0),
        ("setVotingPeriod", LANE.least_period_s - 1),
        ("setVotingPeriod", LANE.most_period_s + 1),
        ("setVotingPeriod", EXTENSION - 1),
        ("updateQuorumNumerator", 0),
        ("updateQuorumNumerator", 50),
        ("updateSuperQuorumNumerator", 20),
    ],
)
def test_setters__out_of_bounds__refused(world: World, name: str, value: int) -> None:
    refused("PauseGovernorSettingsInvalid", getattr(world.governor, name), value, sender=world.admin)


def test_set_late_extension__longer_than_the_period__refused(world: World) -> None:
    refused(
        "GovernorPreventLateQuorumVoteExtensionTooLarge",
        world.governor.setLateQuorumVoteExtension,
        PERIOD + 1,
        sender=world.admin,
    )


def test_set_voting_period__suspension_could_not_outlast_it__refused(world: World) -> None:
    world.switch.setParameters((3000, 0, 2400, 100, 1000, 0, 100, 0, 0), sender=world.admin)
    refused("SuspensionShorterThanVote", world.governor.setVotingPeriod, 1100, sender=world.admin)


def test_set_voting_delay__span_beyond_48_bits__refused(world: World) -> None:
    delay = 2**48 - PERIOD - EXTENSION + DELAY
    refused("SafeCastOverflowedUintDowncast", world.governor.setVotingDelay, delay, sender=world.admin)


def test_push_vote_span__anyone__told(world: World) -> None:
    world.switch.setVoteSpan(1100, sender=world.as_governor)
    world.governor.pushVoteSpan(sender=world.stranger)
    assert world.switch.voteSpan() == DELAY + PERIOD + EXTENSION


def lane(**changes: int) -> tuple[int, ...]:
    return astuple(replace(LANE, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"voting_delay_s": 0},
        {"voting_period_s": 99, "late_extension_s": 50},
        {"voting_period_s": 5001},
        {"execution_grace_s": 0},
        {"quorum_percent": 0},
        {"quorum_percent": 50},
    ],
)
def test_deploy__unsafe_lane__refused(world: World, changes: dict[str, int]) -> None:
    arguments = (world.token.address, world.switch.address, world.registry.address, world.timelock.address)
    refused_deployment(
        "PauseGovernorSettingsInvalid", "PauseGovernor", *arguments, lane(**changes), sender=world.stranger
    )


def test_deploy__no_executive__refused(world: World) -> None:
    arguments = (world.token.address, world.switch.address, world.registry.address, "0x" + "00" * 20)
    refused_deployment(
        "PauseGovernorSettingsInvalid", "PauseGovernor", *arguments, lane(), sender=world.stranger
    )


def test_deploy__super_quorum_under_quorum__refused(world: World) -> None:
    arguments = (world.token.address, world.switch.address, world.registry.address, world.timelock.address)
    refused_deployment(
        "GovernorInvalidSuperQuorumTooSmall",
        "PauseGovernor",
        *arguments,
        lane(super_quorum_percent=19),
        sender=world.stranger,
    )


@pytest.mark.parametrize("name", ["PauseGovernor", "OversightGovernor"])
def test_deploy__token_that_counts_blocks__refused(world: World, name: str) -> None:
    token = world.stranger.deploy(ape.project.BlockClockToken).address
    arguments: tuple[Any, ...]
    if name == "PauseGovernor":
        arguments = (token, world.switch.address, world.registry.address, world.timelock.address, lane())
    else:
        arguments = (token, world.timelock.address, 1, 1000, 0, 10, 10)
    refused_deployment(
        "ClockNotTimestamp",
        name,
        *arguments,
        sender=world.stranger,
        mode="mode=blocknumber&from=default",
    )


def test_replaced_governor__new_holder_of_pause__resumes_what_the_old_paused(world: World) -> None:
    world.pause()
    new = world.stranger.deploy(
        ape.project.PauseGovernor, world.token, world.switch, world.registry, world.timelock, lane()
    )
    world.access.revokeRole(1, world.governor, sender=world.admin)
    world.access.grantRole(1, new, 0, sender=world.admin)
    refused("AccessManagedUnauthorized", world.governor.callResume, 1, 1, b"\x01" * 32, sender=world.steward)
    new.callResume(1, 1, b"\x01" * 32, sender=world.steward)
    case = world.switch.caseCount()
    proposal = world.switch.caseOf(case).vote
    rpc("evm_increaseTime", DELAY + 1)
    for holder in world.holders[:2]:
        new.castVote(proposal, 1, sender=holder)
    rpc("evm_increaseTime", PERIOD + EXTENSION)
    new.executeCase(case, sender=world.stranger)
    assert world.state() == "Active"
