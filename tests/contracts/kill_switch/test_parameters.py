"""Parameters of the switch: hard bounds, and what they must satisfy together."""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest

from contracts.calls import events, refused, refused_deployment
from contracts.world import (
    BUDGET,
    HARD_CAP,
    INITIAL,
    LEAST,
    MARGIN,
    MOST,
    SPAN,
    WINDOW,
    World,
)

NEEDED = WINDOW + SPAN + MARGIN


def test_parameters__fresh__as_deployed(world: World) -> None:
    assert tuple(world.switch.parameters()) == INITIAL.as_tuple()
    least, most = world.switch.bounds()
    assert (tuple(least), tuple(most)) == (LEAST.as_tuple(), MOST.as_tuple())


def test_set_parameters__within_bounds__changed_and_told(world: World) -> None:
    wanted = replace(INITIAL, cooldown_s=0, margin_s=200).as_tuple()
    receipt = world.switch.setParameters(wanted, sender=world.admin)
    assert tuple(world.switch.parameters()) == wanted
    assert len(events(receipt, "ParametersChanged")) == 1


OUTSIDE = {
    0: {"budget_s": MOST.budget_s + 1},
    1: {"refill_ppm": MOST.refill_ppm + 1},
    2: {"hard_cap_s": MOST.hard_cap_s + 1},
    3: {"margin_s": 0},
    4: {"open_window_s": 0},
    5: {"cooldown_s": MOST.cooldown_s + 1},
    6: {"guardian_period_s": LEAST.guardian_period_s - 1},
    7: {"guardian_models": MOST.guardian_models + 1},
    8: {"halt_budget_s": MOST.halt_budget_s + 1},
}


@pytest.mark.parametrize("index", OUTSIDE)
def test_set_parameters__outside_hard_bounds__refused(world: World, index: int) -> None:
    wanted = replace(INITIAL, **OUTSIDE[index]).as_tuple()
    refused("ParameterOutOfBounds", world.switch.setParameters, wanted, sender=world.admin, index=index)


def test_set_parameters__cap_under_a_vote__refused(world: World) -> None:
    wanted = replace(INITIAL, hard_cap_s=NEEDED - 1).as_tuple()
    refused(
        "SuspensionShorterThanVote", world.switch.setParameters, wanted, sender=world.admin, needed=NEEDED
    )


def test_set_parameters__cap_of_just_a_vote__accepted(world: World) -> None:
    world.switch.setParameters(replace(INITIAL, hard_cap_s=NEEDED).as_tuple(), sender=world.admin)


def test_set_parameters__budget_under_the_cap__refused(world: World) -> None:
    wanted = replace(INITIAL, budget_s=HARD_CAP - 1).as_tuple()
    refused(
        "BudgetShorterThanSuspension",
        world.switch.setParameters,
        wanted,
        sender=world.admin,
        hardCap=HARD_CAP,
    )


def test_set_vote_span__longer_than_a_suspension__refused(world: World) -> None:
    refused("SuspensionShorterThanVote", world.switch.setVoteSpan, HARD_CAP, sender=world.as_governor)


def test_set_vote_span__fits__told(world: World) -> None:
    receipt = world.switch.setVoteSpan(1100, sender=world.as_governor)
    assert events(receipt, "VoteSpanChanged")[0] == {"previous": SPAN, "current": 1100}


def test_deploy__initial_outside_bounds__refused(world: World) -> None:
    broken = replace(INITIAL, budget_s=MOST.budget_s + 1)
    parameters = [item.as_tuple() for item in (LEAST, broken, MOST)]
    refused_deployment(
        "ParameterOutOfBounds",
        "KillSwitch",
        world.access.address,
        world.registry.address,
        world.policies.address,
        *parameters,
        sender=world.stranger,
        value=MOST.budget_s + 1,
        most=MOST.budget_s,
    )


@pytest.mark.parametrize(("refill", "sound"), [(1_000_000, False), (2**32 - 1, False), (999_999, True)])
def test_deploy__budget_that_comes_back_as_fast_as_time__refused(
    world: World, refill: int, sound: bool
) -> None:
    """Else suspensions without a vote could follow each other for ever."""
    bounds = [item.as_tuple() for item in (LEAST, INITIAL, replace(MOST, refill_ppm=refill))]
    parts = (world.access.address, world.registry.address, world.policies.address, *bounds)
    if sound:
        assert world.stranger.deploy(ape.project.KillSwitch, *parts).parameters() is not None
    else:
        refused_deployment("RefillUnbounded", "KillSwitch", *parts, sender=world.stranger, refill=refill)


def test_vote_span__after_deployment__the_governors(world: World) -> None:
    assert world.switch.voteSpan() == SPAN
    assert world.switch.parameters().budget == BUDGET


def test_set_vote_span__shorter_than_the_open_window__refused(world: World) -> None:
    """Else a vote could be opened for longer than it runs."""
    refused(
        "WindowLongerThanVote",
        world.switch.setVoteSpan,
        WINDOW - 1,
        sender=world.as_governor,
        openWindow=WINDOW,
    )


def test_set_parameters__open_window_longer_than_a_vote__refused(world: World) -> None:
    longer = replace(INITIAL, open_window_s=SPAN + 1).as_tuple()
    refused("WindowLongerThanVote", world.switch.setParameters, longer, sender=world.admin, voteSpan=SPAN)
