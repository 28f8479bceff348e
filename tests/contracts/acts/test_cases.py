"""What anyone does about a case, on the deployed system."""

from __future__ import annotations

import pytest

from contracts.acts.conftest import Desk
from contracts.calls import now, warp_to
from contracts.signing import AGAINST
from contracts.world import WINDOW, World
from scripts.acts import cases
from tribune.exceptions import ConfigurationError, RevertedError
from tribune.ids import CaseId, FrameIndex, ModelId


def breach(world: World) -> CaseId:
    return CaseId(world.breach())


def test_open_case__a_breach__says_what_and_opens_its_vote(desk: Desk, world: World) -> None:
    case = breach(world)
    cases.open_case(desk.session, desk.key(world.stranger), case)
    assert world.proposal(case) != 0
    assert "about model 1 (acs-employment) v1: a rule that was broken" in desk.text
    assert "stays stopped until another vote" in desk.text


def test_open_case__answer_no__sends_nothing(desk: Desk, world: World) -> None:
    case = breach(world)
    desk.answer = False
    cases.open_case(desk.session, desk.key(world.stranger), case)
    assert (world.proposal(case), desk.said[-1]) == (0, "Nothing was sent.")


def test_open_case__window_over__names_the_mend(desk: Desk, world: World) -> None:
    case = breach(world)
    warp_to(now() + WINDOW + 1)
    with pytest.raises(RevertedError, match=r"CaseWindowOver.*or the window for opening it is over"):
        cases.open_case(desk.session, desk.key(world.stranger), case)


def test_open_case__unknown_case__names_the_mend(desk: Desk, world: World) -> None:
    with pytest.raises(RevertedError, match="CaseUnknown"):
        cases.open_case(desk.session, desk.key(world.stranger), CaseId(77))


def test_execute_case__passed__pauses(desk: Desk, world: World) -> None:
    case = breach(world)
    world.vote(world.open(case), 0, 1)
    cases.execute_case(desk.session, desk.key(world.stranger), case)
    assert world.state() == "Paused"


def test_execute_case__not_passed__names_the_mend(desk: Desk, world: World) -> None:
    case = breach(world)
    world.open(case)
    with pytest.raises(RevertedError, match="Its vote has not passed"):
        cases.execute_case(desk.session, desk.key(world.stranger), case)


def test_execute_case__without_vote__says_how_to_open_it(desk: Desk, world: World) -> None:
    case = breach(world)
    with pytest.raises(ConfigurationError, match=f"ape run open_case {case}"):
        cases.execute_case(desk.session, desk.key(world.stranger), case)


def test_poke_case__rejected__ends_the_suspension(desk: Desk, world: World) -> None:
    case = breach(world)
    proposal = world.open(case)
    world.vote(proposal, 0, 1, support=AGAINST)
    world.end_vote(proposal)
    cases.poke_case(desk.session, desk.key(world.stranger), case)
    assert (world.outcome(case), world.state()) == ("Rejected", "Active")


def test_poke_case__vote_not_over__names_the_mend(desk: Desk, world: World) -> None:
    case = breach(world)
    world.open(case)
    with pytest.raises(RevertedError, match="Wait until its vote"):
        cases.poke_case(desk.session, desk.key(world.stranger), case)


def test_poke_stale__nobody_reported__makes_a_case(desk: Desk, world: World) -> None:
    warp_to(world.frame_end(3) + 600)
    cases.poke_stale(desk.session, desk.key(world.stranger), ModelId(1), FrameIndex(3))
    assert world.switch.caseOf(world.switch.caseCount()).kind == 2


def test_poke_stale__deadline_not_passed__refused(desk: Desk, world: World) -> None:
    with pytest.raises(RevertedError):
        cases.poke_stale(desk.session, desk.key(world.stranger), ModelId(1), FrameIndex(3))
