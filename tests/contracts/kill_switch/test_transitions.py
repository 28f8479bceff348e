"""`pause`, `resume`, `openHolderCase`, `markVote`, called as the governor would, and with wrong arguments."""

from __future__ import annotations

from eth_utils.crypto import keccak

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.signing import FOR
from contracts.world import SPAN, World

CONCLUSION = keccak(text="conclusion")
HOLDER_PAUSE, HOLDER_RESUME = 3, 4


def test_pause__own_case_and_epoch__paused(world: World) -> None:
    trip(world)
    receipt = world.switch.pause(1, 1, 0, sender=world.as_governor)
    changed = events(receipt, "StateChanged")[0]
    assert (changed["previous"], changed["current"], changed["epoch"]) == (2, 3, 1)
    assert world.state() == "Paused"


def test_pause__stale_epoch__refused(world: World) -> None:
    trip(world)
    world.switch.pause(1, 1, 0, sender=world.as_governor)
    world.switch.resume(1, 1, 1, sender=world.as_governor)
    refused("EpochStale", world.switch.pause, 1, 1, 0, sender=world.as_governor, given=0, current=2)


def test_pause__future_epoch__refused(world: World) -> None:
    trip(world)
    refused("EpochStale", world.switch.pause, 1, 1, 1, sender=world.as_governor)


def test_pause__case_of_an_earlier_epoch__refused(world: World) -> None:
    open_breach_case(world)
    world.governor.openCase(1, sender=world.stranger)
    trip(world)
    world.switch.pause(1, 2, 0, sender=world.as_governor)
    world.switch.resume(1, 1, 1, sender=world.as_governor)
    refused("EpochStale", world.switch.pause, 1, 1, 2, sender=world.as_governor)


def test_pause__case_of_another_model__refused(world: World) -> None:
    trip(world)
    refused("CaseUnknown", world.switch.pause, 2, 1, 0, sender=world.as_governor, caseId=1)


def test_pause__unknown_case__refused(world: World) -> None:
    refused("CaseUnknown", world.switch.pause, 1, 7, 0, sender=world.as_governor)


def test_pause__case_already_closed__refused(world: World) -> None:
    open_breach_case(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    world.switch.poke(1, sender=world.stranger)
    refused("CaseNotOpen", world.switch.pause, 1, 1, 0, sender=world.as_governor, outcome=3)


def test_pause__resume_case__refused(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    refused("CaseUnknown", world.switch.pause, 1, case, 1, sender=world.as_governor)


def test_pause__already_paused__refused(world: World) -> None:
    trip(world)
    world.switch.pause(1, 1, 0, sender=world.as_governor)
    refused("EpochStale", world.switch.pause, 1, 1, 0, sender=world.as_governor)


def test_pause__model_zero_without_case__refused(world: World) -> None:
    refused("CaseUnknown", world.switch.pause, 0, 0, 0, sender=world.as_governor)


def test_resume__stale_epoch__refused(world: World) -> None:
    world.pause()
    refused("EpochStale", world.switch.resume, 1, 1, 0, sender=world.as_governor, current=1)


def test_resume__not_paused__refused(world: World) -> None:
    refused("StateInvalid", world.switch.resume, 1, 1, 0, sender=world.as_governor, state=1)


def test_resume__suspended__refused(world: World) -> None:
    trip(world)
    refused("StateInvalid", world.switch.resume, 1, 1, 0, sender=world.as_governor, state=2)


def test_resume__retired__refused(world: World) -> None:
    world.pause()
    world.switch.retire(1, sender=world.admin)
    refused("StateInvalid", world.switch.resume, 1, 1, 2, sender=world.as_governor, state=4)


def test_resume__other_version_than_the_active__refused(world: World) -> None:
    world.pause()
    world.next_version()
    refused("VersionNotActive", world.switch.resume, 1, 1, 1, sender=world.as_governor, given=1, active=2)


def test_open_holder_case__active_model__refused(world: World) -> None:
    refused(
        "StateInvalid",
        world.switch.openHolderCase,
        1,
        HOLDER_RESUME,
        1,
        CONCLUSION,
        sender=world.as_governor,
    )


def test_open_holder_case__other_version__refused(world: World) -> None:
    world.pause()
    refused(
        "VersionNotActive",
        world.switch.openHolderCase,
        1,
        HOLDER_RESUME,
        2,
        CONCLUSION,
        sender=world.as_governor,
    )


def test_open_holder_case__one_live__refused(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    refused(
        "CaseAlreadyOpen",
        world.switch.openHolderCase,
        1,
        HOLDER_RESUME,
        1,
        CONCLUSION,
        sender=world.as_governor,
        caseId=case,
    )


def test_open_holder_case__passed_vote_waits_to_be_carried_out__refused(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, support=FOR)
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    assert world.vote_state(proposal) == "Succeeded"
    refused("CaseAlreadyOpen", world.governor.callResume, 1, 1, CONCLUSION, sender=world.steward, caseId=case)


def test_open_holder_case__vote_failed_and_not_poked__another_may_open(world: World) -> None:
    world.pause()
    case, _ = world.call_resume()
    warp_to(int(world.switch.caseOf(case).voteEnds) + 1)
    world.resume()
    assert world.state() == "Active"
    assert (world.outcome(case), world.outcome(case + 1)) == ("Open", "Upheld")


def test_resume__newer_call_for_another_version__closes_its_own_case(world: World) -> None:
    world.pause()
    first, proposal = world.call_resume(1)
    world.vote(proposal, 0, support=FOR)
    warp_to(int(world.switch.caseOf(first).voteEnds) + 1)
    world.next_version()
    second, _ = world.call_resume(2)
    world.registry.activate(1, 1, sender=world.steward)
    warp_to(int(world.policies.boundaryAtOrAfter(1, now())))
    world.governor.executeCase(first, sender=world.stranger)
    assert (world.state(), world.outcome(first), world.outcome(second)) == ("Active", "Upheld", "Open")


def test_mark_vote__unknown_case__refused(world: World) -> None:
    refused("CaseUnknown", world.switch.markVote, 9, 1, sender=world.as_governor, caseId=9)


def test_mark_vote__twice__refused(world: World) -> None:
    trip(world)
    world.switch.markVote(1, 5, sender=world.as_governor)
    refused("CaseWindowOver", world.switch.markVote, 1, 6, sender=world.as_governor, caseId=1)


def test_mark_vote__last_second_of_window__marked(world: World) -> None:
    trip(world)
    next_at(int(world.switch.caseOf(1).openUntil))
    receipt = world.switch.markVote(1, 5, sender=world.as_governor)
    assert world.switch.caseOf(1).voteEnds == receipt.timestamp + SPAN


def test_mark_vote__window_over__refused(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    refused("CaseWindowOver", world.switch.markVote, 1, 5, sender=world.as_governor)


def test_mark_vote__closed_case__refused(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    world.switch.poke(1, sender=world.stranger)
    refused("CaseNotOpen", world.switch.markVote, 1, 5, sender=world.as_governor)


def test_mark_vote__case_of_an_earlier_epoch__refused(world: World) -> None:
    trip(world)
    world.switch.retire(1, sender=world.admin)
    refused("EpochStale", world.switch.markVote, 1, 5, sender=world.as_governor, given=0, current=1)
