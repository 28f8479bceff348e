// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breach, Case, CaseKind, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {Suspensions} from "../../../../contracts/oversight/switch/Suspensions.sol";
import {SwitchParameters} from "../../../../contracts/oversight/switch/SwitchParameters.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Breaches that join, the budget that bounds them, and what a rejection cools.
contract SwitchSuspensionsTest is World {
    function test_trip__live_case_unopened__suspendsByThatCaseAndRetellsIt() public {
        uint256 caseId = _breach(VOTE, 2);
        Breach memory breach = _madeBreach(2000);
        (breach.frame, breach.rule, breach.value, breach.limit) = (3, BELOW, 1, 2);
        (breach.evidence, breach.policy) = (keccak256("new"), keccak256("policy"));
        vm.expectEmit(address(killSwitch));
        emit Suspensions.CaseJoined(caseId, MODEL, Severity.Trip, breach);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(breach), caseId);
        Case memory case_ = _case(caseId);
        vm.assertEq(uint256(case_.severity), uint256(Severity.Trip));
        vm.assertEq(case_.frame, 3);
        vm.assertEq(case_.rule, BELOW);
        vm.assertEq(case_.value, 1);
        vm.assertEq(case_.limit, 2);
        vm.assertEq(case_.evidence, keccak256("new"));
        vm.assertEq(case_.policy, keccak256("policy"));
        vm.assertEq(case_.bound, block.timestamp + WINDOW + SPAN + MARGIN);
        _is(State.Suspended);
    }

    function test_breach__while_suspended__joinsAndMovesNoBound() public {
        uint256 caseId = _breach(TRIP, 2);
        uint48 bound = _case(caseId).bound;
        vm.startPrank(address(hub));
        vm.assertEq(killSwitch.trip(_madeBreach(9000)), caseId);
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(9000)), caseId);
        vm.stopPrank();
        vm.assertEq(_case(caseId).bound, bound);
        vm.assertEq(_case(caseId).rule, TRIP);
        vm.assertEq(killSwitch.caseCount(), 1);
        vm.assertEq(killSwitch.budgetUsed(MODEL), SUSPENSION);
    }

    function test_vote_breach__live_vote_case__joinsAndKeepsWhatItIsAbout() public {
        uint256 caseId = _breach(VOTE, 2);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(1)), caseId);
        vm.assertEq(_case(caseId).rule, VOTE);
        vm.assertEq(uint256(_case(caseId).severity), uint256(Severity.Vote));
    }

    function test_trip__vote_already_open__suspendsByACaseOfItsOwn() public {
        uint256 first = _breach(VOTE, 2);
        _open(first);
        vm.prank(address(hub));
        uint256 second = killSwitch.trip(_madeBreach(1));
        vm.assertEq(second, first + 1);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, second);
        vm.assertEq(_case(first).bound, 0);
        _is(State.Suspended);
    }

    function test_trip__second_suspension_in_an_episode__hasACaseOfItsOwn() public {
        uint256 first = _breach(TRIP, 2);
        _open(first);
        _endVote(_case(first).vote);
        vm.warp(_case(first).bound);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(_madeBreach(1)), first + 1);
    }

    function test_trip__not_covered__opensACaseAndSaysSo() public {
        _spend();
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.BudgetExhausted(MODEL, killSwitch.caseCount() + 1, 9000, killSwitch.budgetUsed(MODEL));
        vm.prank(address(hub));
        uint256 caseId = killSwitch.trip(_madeBreach(9000));
        _is(State.Active);
        vm.assertEq(_case(caseId).bound, 0);
        vm.assertEq(uint256(_case(caseId).severity), uint256(Severity.Trip));
    }

    function test_trip__not_covered_with_a_live_case__joinsIt() public {
        _spend();
        vm.prank(address(hub));
        uint256 caseId = killSwitch.openBreachCase(_madeBreach(1));
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(_madeBreach(9000)), caseId);
        vm.assertEq(uint256(_case(caseId).severity), uint256(Severity.Trip));
        vm.assertEq(_case(caseId).bound, 0);
    }

    function test_trip__exactly_what_is_left__isCovered() public {
        vm.prank(address(hub));
        uint256 first = killSwitch.trip(_madeBreach(HARD_CAP));
        vm.warp(_case(first).bound);
        uint48 left = BUDGET - killSwitch.budgetUsed(MODEL);
        vm.assertEq(left, BUDGET - HARD_CAP + HARD_CAP / 10);
        vm.prank(admin);
        killSwitch.setParameters(_capped(left));
        vm.prank(address(hub));
        killSwitch.trip(_madeBreach(left));
        _is(State.Suspended);
        vm.assertEq(killSwitch.budgetUsed(MODEL), BUDGET);
    }

    function test_trip__one_second_more_than_is_left__isNotCovered() public {
        vm.prank(address(hub));
        uint256 first = killSwitch.trip(_madeBreach(HARD_CAP));
        vm.warp(_case(first).bound);
        uint48 left = BUDGET - killSwitch.budgetUsed(MODEL);
        vm.prank(admin);
        killSwitch.setParameters(_capped(left + 1));
        vm.prank(address(hub));
        killSwitch.trip(_madeBreach(left + 1));
        _is(State.Active);
    }

    function test_budget__with_time__comesBack() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).openedAt + 1000);
        vm.assertEq(killSwitch.budgetUsed(MODEL), SUSPENSION - 100);
        vm.warp(_case(caseId).openedAt + 100_000);
        vm.assertEq(killSwitch.budgetUsed(MODEL), 0);
    }

    function test_budget__of_one_model__isNotAnothers() public {
        _breach(TRIP, 2);
        vm.assertEq(killSwitch.budgetUsed(MODEL + 1), 0);
    }

    function test_rejection__of_its_own_vote__endsTheSuspensionAndRefunds() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 began = block.timestamp;
        _reject(caseId);
        _is(State.Active);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Rejected));
        uint256 spent = block.timestamp - began;
        vm.assertEq(killSwitch.budgetUsed(MODEL), spent - spent * REFILL / 1e6);
        vm.assertEq(killSwitch.statusOf(MODEL).epoch, 0);
        vm.assertEq(killSwitch.operationalSince(MODEL), block.timestamp);
    }

    function test_rejection__cools__onlyThatRuleOfThatPolicyAndVersion() public {
        uint256 caseId = _breach(TRIP, 2);
        _reject(caseId);
        bytes32 policy = _case(caseId).policy;
        uint48 until = uint48(block.timestamp) + COOLDOWN;
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, policy, TRIP), until);
        vm.assertEq(killSwitch.coolingUntil(MODEL, 2, policy, TRIP), 0);
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, policy, BELOW), 0);
        vm.assertEq(killSwitch.coolingUntil(MODEL + 1, 1, policy, TRIP), 0);
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, keccak256("x"), TRIP), 0);
        Breach memory breach = _madeBreach(1);
        (breach.policy, breach.rule) = (policy, TRIP);
        vm.expectEmit(address(killSwitch));
        emit Suspensions.BreachCooling(MODEL, 1, policy, TRIP, until);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(breach), 0);
        vm.warp(until);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(breach), caseId + 1);
    }

    function test_rejection__poked_late__coolsFromTheVotesLatestEnd() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        vm.warp(block.timestamp + 5000);
        killSwitch.poke(caseId);
        vm.assertEq(
            killSwitch.coolingUntil(MODEL, 1, _case(caseId).policy, TRIP), _case(caseId).voteEnds + COOLDOWN
        );
    }

    function test_rejection__of_another_case__leavesTheSuspension() public {
        uint256 first = _breach(VOTE, 2);
        uint256 proposal = _open(first);
        vm.prank(address(hub));
        killSwitch.trip(_madeBreach(5000));
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(first);
        vm.assertEq(uint256(_case(first).outcome), uint256(Outcome.Rejected));
        _is(State.Suspended);
    }

    function test_breach__of_a_frame_before_the_resume__hasNoEffect() public {
        _pause(2);
        _resume();
        Breach memory breach = _madeBreach(1);
        breach.frame = policies.lastFrameAt(MODEL, uint48(block.timestamp));
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(breach), 0);
        breach.frame += 1;
        vm.prank(address(hub));
        vm.assertTrue(killSwitch.trip(breach) != 0);
    }

    function test_breach__by_anyone_but_the_hub__isRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, admin, address(governor)][i];
            Breach memory breach = _madeBreach(1);
            _unauthorized(who);
            killSwitch.trip(breach);
            _unauthorized(who);
            killSwitch.openBreachCase(breach);
        }
    }

    function _capped(uint48 cap) private pure returns (SwitchParameters memory value) {
        value = _parameters();
        value.hardCap = cap;
    }

    /// @dev Uses the budget up until less than the hard cap is left.
    function _spend() private {
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(address(hub));
            uint256 caseId = killSwitch.trip(_madeBreach(9000));
            vm.warp(_case(caseId).bound);
        }
        _is(State.Active);
    }

    function _reject(uint256 caseId) private {
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
    }
}
