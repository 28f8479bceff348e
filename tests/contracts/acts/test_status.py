"""What `status` says at each turn of a case."""

from __future__ import annotations

from contracts.acts.conftest import Desk
from contracts.calls import now, warp_to
from contracts.world import WINDOW, World
from scripts.acts.status import status
from tribune.ids import ModelId


def said(desk: Desk, only: int | None = None) -> str:
    desk.said.clear()
    status(desk.session, None if only is None else ModelId(only))
    return desk.text


def test_status__in_service__says_so(desk: Desk, world: World) -> None:
    text = said(desk)
    assert "Model 1 acs-employment: in service, version 1" in text
    assert "No case is open." in text
    assert "decided by token holders" in text


def test_status__suspended__names_the_case_and_the_next_command(desk: Desk, world: World) -> None:
    case = world.breach()
    text = said(desk)
    assert "Model 1 acs-employment: suspended" in text
    assert f"ape run open_case {case}" in text


def test_status__window_over__says_poke(desk: Desk, world: World) -> None:
    case = world.breach()
    warp_to(now() + WINDOW + 1)
    assert f"its window is over: ape run poke --case {case}" in said(desk)


def test_status__voting__says_until_when_and_how_it_stands(desk: Desk, world: World) -> None:
    world.vote(world.open(world.breach()), 2)
    assert "17 for, 0 against, quorum 20" in said(desk)


def test_status__passed__says_execute(desk: Desk, world: World) -> None:
    case = world.breach()
    world.vote(world.open(case), 0, 1)
    assert f"ape run execute {case}" in said(desk)


def test_status__another_model__its_own_only(desk: Desk, world: World) -> None:
    world.registry.registerModel("credit", sender=world.steward)
    text = said(desk, 2)
    assert "Model 2 credit: not in service, no version in force" in text
    assert "acs-employment" not in text
