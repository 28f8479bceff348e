"""How cases end without being carried out: rejected, without quorum, never opened, never executed."""

from __future__ import annotations

from contracts.calls import events, next_at, now, refused, warp_to
from contracts.kill_switch.breaches import open_breach_case, trip
from contracts.signing import ABSTAIN, AGAINST, FOR
from contracts.world import (
    BUDGET,
    COOLDOWN,
    EXECUTION_GRACE,
    HARD_CAP,
    REFILL,
    SUSPENSION,
    TRIP,
    World,
    hit,
)


def ended(world: World, **support: int) -> int:
    """Trip, vote as given (holder → support), let the deadline pass; return the proposal."""
    trip(world)
    proposal = world.open(1)
    for holder, choice in support.items():
        world.vote(proposal, int(holder[1:]), support=choice)
    world.end_vote(proposal)
    return proposal


def cooling(world: World) -> int:
    return int(world.switch.coolingUntil(1, 1, world.policy_digest(), 0))


def test_poke__rejected__cools_the_rule_down(world: World) -> None:
    ended(world, h0=AGAINST)
    receipt = world.switch.poke(1, sender=world.stranger)
    assert events(receipt, "CaseClosed")[0]["outcome"] == 2
    assert cooling(world) == receipt.timestamp + COOLDOWN


def test_poke__rejected__gives_the_rest_back(world: World) -> None:
    ended(world, h0=AGAINST)
    began = world.switch.caseOf(1).openedAt
    receipt = world.switch.poke(1, sender=world.stranger)
    passed = receipt.timestamp - began
    refilled = passed * REFILL // 1_000_000
    assert world.switch.budgetUsed(1) == SUSPENSION - refilled - (SUSPENSION - passed)


def test_poke__tie__rejected(world: World) -> None:
    world.token.transfer(world.stranger, 15, sender=world.holders[0])
    whole = 10**18
    assert world.token.getVotes(world.holders[1]) == 25 * whole
    world.token.transfer(world.stranger, 15 * whole - 15, sender=world.holders[0])
    ended(world, h0=AGAINST, h1=FOR)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Rejected"


def test_poke__abstain_makes_the_quorum__rejected(world: World) -> None:
    ended(world, h4=AGAINST, h2=ABSTAIN)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Rejected"


def test_poke__only_abstentions__rejected(world: World) -> None:
    ended(world, h0=ABSTAIN)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Rejected"


def test_poke__against_without_quorum__lapses_and_nothing_cools(world: World) -> None:
    ended(world, h2=AGAINST)
    until = world.switch.statusOf(1).until
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), cooling(world)) == ("Lapsed", 0)
    assert (world.state(), world.switch.statusOf(1).until) == ("Suspended", until)
    assert world.switch.budgetUsed(1) > SUSPENSION * 8 // 10


def test_poke__nobody_voted__lapses(world: World) -> None:
    ended(world)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Lapsed"


def test_poke__for_without_quorum__lapses(world: World) -> None:
    ended(world, h2=FOR)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.state()) == ("Lapsed", "Suspended")


def test_poke__vote_running__refused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger, caseId=1)


def test_poke__vote_pending__refused(world: World) -> None:
    trip(world)
    world.governor.openCase(1, sender=world.stranger)
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)


def test_poke__at_the_deadline_itself__refused(world: World) -> None:
    trip(world)
    proposal = world.open(1)
    world.vote(proposal, 0, support=AGAINST)
    warp_to(int(world.governor.proposalDeadline(proposal)))
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)


def test_poke__passed_and_executable__refused(world: World) -> None:
    ended(world, h0=FOR)
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)


def test_poke__passed_and_expired__lapses(world: World) -> None:
    proposal = ended(world, h0=FOR)
    warp_to(int(world.governor.proposalDeadline(proposal)) + EXECUTION_GRACE + 1)
    world.switch.poke(1, sender=world.stranger)
    assert world.outcome(1) == "Lapsed"


def test_poke__unopened_in_window__refused(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.caseOf(1).openUntil))
    refused("CaseVoteNotOver", world.switch.poke, 1, sender=world.stranger)


def test_poke__unopened_after_window__lapses_and_suspension_goes_on(world: World) -> None:
    trip(world)
    warp_to(int(world.switch.caseOf(1).openUntil) + 1)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.state()) == ("Lapsed", "Suspended")


def test_poke__twice__refused(world: World) -> None:
    ended(world, h0=AGAINST)
    world.switch.poke(1, sender=world.stranger)
    refused("CaseNotOpen", world.switch.poke, 1, sender=world.stranger, caseId=1, outcome=2)


def test_poke__upheld__refused(world: World) -> None:
    case = world.pause()
    refused("CaseNotOpen", world.switch.poke, case, sender=world.stranger, outcome=1)


def test_poke__unknown__refused(world: World) -> None:
    refused("CaseUnknown", world.switch.poke, 7, sender=world.stranger, caseId=7)


def test_poke__suspension_already_over__nothing_refunded(world: World) -> None:
    ended(world, h0=AGAINST)
    warp_to(int(world.switch.caseOf(1).bound) + 10)
    before = world.switch.budgetUsed(1)
    world.switch.poke(1, sender=world.stranger)
    assert before - world.switch.budgetUsed(1) <= 1
    assert world.outcome(1) == "Rejected"


def test_poke__kept_in_a_pocket__cooldown_counts_from_the_vote(world: World) -> None:
    ended(world, h0=AGAINST)
    ends = int(world.switch.caseOf(1).voteEnds)
    warp_to(ends + COOLDOWN + 100)
    world.switch.poke(1, sender=world.stranger)
    assert cooling(world) == ends + COOLDOWN
    trip(world, frame=5)
    assert world.state() == "Suspended"


def test_poke__milder_case_rejected__the_suspension_of_another_goes_on(world: World) -> None:
    open_breach_case(world, rule=1)
    proposal = world.open(1)
    trip(world)
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(1, sender=world.stranger)
    assert (world.outcome(1), world.state()) == ("Rejected", "Suspended")
    assert cooling(world) == 0


def test_poke__resume_rejected__still_paused_and_nothing_cools(world: World) -> None:
    world.pause()
    case, proposal = world.call_resume()
    world.vote(proposal, 0, support=AGAINST)
    world.end_vote(proposal)
    world.switch.poke(case, sender=world.stranger)
    assert (world.outcome(case), world.state(), cooling(world)) == ("Rejected", "Paused", 0)


def test_draw__chained_suspensions__budget_ends_them(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        assert world.state() == "Suspended"
        warp_to(int(world.switch.statusOf(1).until))
    receipt = trip(world, suspension=HARD_CAP)
    case = world.switch.caseOf(3)
    exhausted = events(receipt, "BudgetExhausted")[0]
    assert (world.state(), case.bound, case.severity) == ("Active", 0, 2)
    assert exhausted["used"] + exhausted["needed"] > BUDGET


def test_open_case__budget_exhausted__vote_can_still_pause(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    trip(world, suspension=HARD_CAP)
    world.vote(world.open(3), 0, 1)
    world.governor.executeCase(3, sender=world.stranger)
    assert world.state() == "Paused"


def test_trip__budget_exhausted_and_voted_on__joins_and_opens_no_chain_of_cases(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    trip(world, suspension=HARD_CAP)
    world.open(3)
    trip(world, frame=3)
    assert (world.switch.caseCount(), world.state()) == (3, "Active")


def test_trip__budget_exhausted_while_a_milder_case_is_voted_on__joins(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    open_breach_case(world, rule=1)
    world.open(3)
    trip(world, suspension=HARD_CAP)
    assert (world.switch.caseCount(), world.state()) == (3, "Active")


def test_trip__budget_refilled__suspends_again(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    warp_to(now() + 10 * BUDGET)
    assert world.switch.budgetUsed(1) == 0
    trip(world, suspension=HARD_CAP)
    assert world.state() == "Suspended"


def test_submit__budget_exhausted__case_without_suspension(world: World) -> None:
    for _ in range(2):
        trip(world, suspension=HARD_CAP)
        warp_to(int(world.switch.statusOf(1).until))
    frame = (now() - world.base) // 1000 + 1
    world.judge(frame, hit(TRIP))
    assert (world.switch.caseCount(), world.state()) == (3, "Active")


def test_budget_used__time_passes__flows_back(world: World) -> None:
    trip(world)
    drawn = int(world.switch.caseOf(1).openedAt)
    next_at(drawn + 1000)
    from contracts.calls import rpc

    rpc("evm_mine")
    assert world.switch.budgetUsed(1) == SUSPENSION - 1000 * REFILL // 1_000_000
