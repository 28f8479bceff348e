// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseKind, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {Guardian} from "../../../../contracts/oversight/switch/Guardian.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {SwitchParameters} from "../../../../contracts/oversight/switch/SwitchParameters.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice What a guardian may do, how seldom, and who arms it anew.
contract SwitchGuardianTest is World {
    bytes32 private constant _HARM = keccak256("harm");

    function test_guardianSuspend__in_service__suspendsByACaseOfItsOwn() public {
        vm.expectEmit(address(killSwitch));
        emit Guardian.GuardianSuspended(MODEL, 1, _HARM);
        uint256 caseId = _suspend(MODEL);
        Case memory case_ = _case(caseId);
        _is(State.Suspended);
        vm.assertEq(uint256(case_.kind), uint256(CaseKind.Guardian));
        vm.assertEq(uint256(case_.severity), uint256(Severity.Trip));
        vm.assertEq(case_.modelId, MODEL);
        vm.assertEq(case_.version, 1);
        vm.assertEq(case_.evidence, _HARM);
        vm.assertEq(case_.bound, block.timestamp + WINDOW + SPAN + MARGIN);
        vm.assertTrue(killSwitch.guardianUsed(MODEL));
        vm.assertEq(killSwitch.budgetUsed(MODEL), WINDOW + SPAN + MARGIN);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, caseId);
    }

    function test_guardianSuspend__twice__isRefused() public {
        uint256 caseId = _suspend(MODEL);
        vm.warp(_case(caseId).bound);
        vm.prank(GUARD);
        vm.expectRevert(abi.encodeWithSelector(Guardian.GuardianModelUsed.selector, MODEL));
        killSwitch.guardianSuspend(MODEL, _HARM);
    }

    function test_guardianSuspend__not_in_service_or_without_evidence__isRefused() public {
        vm.startPrank(GUARD);
        vm.expectRevert(abi.encodeWithSelector(Guardian.GuardianEvidenceMissing.selector, MODEL));
        killSwitch.guardianSuspend(MODEL, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, 9, State.Inactive));
        killSwitch.guardianSuspend(9, _HARM);
        killSwitch.guardianSuspend(MODEL, _HARM);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, MODEL, State.Suspended));
        killSwitch.guardianSuspend(MODEL, _HARM);
        vm.stopPrank();
    }

    function test_guardianSuspend__budget_gone__opensTheCaseAllTheSame() public {
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(address(hub));
            uint256 trip = killSwitch.trip(_madeBreach(HARD_CAP));
            vm.warp(_case(trip).bound);
        }
        uint256 caseId = _suspend(MODEL);
        _is(State.Active);
        vm.assertEq(_case(caseId).bound, 0);
        vm.assertTrue(killSwitch.guardianUsed(MODEL));
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, caseId);
    }

    function test_breach__guardians_case_live__joinsWithoutTakingItOver() public {
        uint256 caseId = _suspend(MODEL);
        vm.warp(_case(caseId).bound - 1);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(1)), 2, "window is over");
        Case memory case_ = _case(caseId);
        vm.assertEq(uint256(case_.kind), uint256(CaseKind.Guardian));
    }

    function test_trip__guardians_case_live_without_suspension__hasACaseOfItsOwn() public {
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(address(hub));
            uint256 trip = killSwitch.trip(_madeBreach(HARD_CAP));
            vm.warp(_case(trip).bound);
        }
        uint256 guarded = _suspend(MODEL);
        SwitchParameters memory value = _parameters();
        value.budget = 40_000;
        vm.prank(admin);
        killSwitch.setParameters(value);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(1)), guarded);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(_madeBreach(1)), guarded + 1);
        vm.assertEq(_case(guarded).bound, 0);
    }

    function test_rejection__of_the_guardians_case__endsItAndCoolsNothing() public {
        uint256 caseId = _suspend(MODEL);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        _is(State.Active);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Rejected));
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, 0, 0), 0);
        vm.assertEq(killSwitch.resumesFrom(MODEL), 0);
    }

    function test_guardianSuspend__more_models_than_a_period_allows__waits() public {
        _secondAndThird();
        _suspend(MODEL);
        uint256 first = block.timestamp;
        vm.warp(first + 100);
        _suspend(2);
        uint48 until = uint48(first) + GUARDIAN_PERIOD;
        vm.prank(GUARD);
        vm.expectRevert(abi.encodeWithSelector(Guardian.GuardianPeriodUsed.selector, until));
        killSwitch.guardianSuspend(3, _HARM);
        vm.warp(until - 1);
        vm.prank(GUARD);
        vm.expectRevert(abi.encodeWithSelector(Guardian.GuardianPeriodUsed.selector, until));
        killSwitch.guardianSuspend(3, _HARM);
        vm.warp(until);
        _suspend(3);
    }

    function test_guardianSuspend__no_models_allowed__isRefusedForGood() public {
        SwitchParameters memory value = _parameters();
        value.guardianModels = 0;
        vm.prank(admin);
        killSwitch.setParameters(value);
        vm.prank(GUARD);
        vm.expectRevert(abi.encodeWithSelector(Guardian.GuardianPeriodUsed.selector, type(uint48).max));
        killSwitch.guardianSuspend(MODEL, _HARM);
    }

    function test_rearm__armsPeriodHaltAndNamedModels() public {
        _secondAndThird();
        uint256 caseId = _suspend(MODEL);
        _suspend(2);
        vm.prank(GUARD);
        killSwitch.guardianHalt();
        uint256[] memory named = new uint256[](1);
        named[0] = MODEL;
        vm.expectEmit(address(killSwitch));
        emit Guardian.GuardianRearmed(named);
        vm.prank(admin);
        killSwitch.rearm(named);
        vm.assertFalse(killSwitch.guardianUsed(MODEL));
        vm.assertTrue(killSwitch.guardianUsed(2));
        vm.assertFalse(killSwitch.haltUsed());
        vm.warp(_case(caseId).bound + HALT_BUDGET);
        _suspend(MODEL);
        _suspend(3);
        vm.prank(GUARD);
        killSwitch.guardianHalt();
    }

    function test_guardianHalt__stopsAllForTheHaltBudgetOnce() public {
        vm.expectEmit(address(killSwitch));
        emit Guardian.HaltChanged(0, uint48(block.timestamp) + HALT_BUDGET);
        vm.prank(GUARD);
        killSwitch.guardianHalt();
        vm.assertTrue(killSwitch.haltUsed());
        vm.assertTrue(killSwitch.statusOf(MODEL).halted);
        vm.assertFalse(killSwitch.isOperational(MODEL));
        vm.assertFalse(killSwitch.isOperational(MODEL, 1));
        _is(State.Active);
        vm.warp(block.timestamp + HALT_BUDGET - 1);
        vm.assertFalse(killSwitch.isOperational(MODEL));
        vm.warp(block.timestamp + 1);
        vm.assertTrue(killSwitch.isOperational(MODEL));
        vm.assertFalse(killSwitch.statusOf(MODEL).halted);
        vm.prank(GUARD);
        vm.expectRevert(Guardian.GuardianHaltUsed.selector);
        killSwitch.guardianHalt();
    }

    function test_guardianHalt__longer_halt_in_force__shortensNothing() public {
        uint48 until = uint48(block.timestamp) + 10 * HALT_BUDGET;
        vm.prank(admin);
        killSwitch.halt(until);
        vm.prank(GUARD);
        killSwitch.guardianHalt();
        vm.assertEq(killSwitch.haltedUntil(), until);
    }

    function test_halt__by_governance__beginsMovesAndEnds() public {
        uint48 now_ = uint48(block.timestamp);
        vm.startPrank(admin);
        killSwitch.halt(now_ + 100);
        vm.assertEq(killSwitch.haltedUntil(), now_ + 100);
        vm.warp(now_ + 10);
        vm.expectEmit(address(killSwitch));
        emit Guardian.HaltChanged(now_ + 100, now_ + 10);
        killSwitch.halt(0);
        vm.assertTrue(killSwitch.isOperational(MODEL));
        vm.warp(now_ + 50);
        killSwitch.halt(now_ + 50);
        vm.assertEq(killSwitch.haltedUntil(), now_ + 10, "an ended halt keeps its end");
        vm.stopPrank();
    }

    function test_trip__all_halted__suspendsToo() public {
        vm.warp(_frameEnd(2));
        vm.prank(GUARD);
        killSwitch.guardianHalt();
        _breach(TRIP, 2);
        _is(State.Suspended);
    }

    function test_acts__by_others__areRefused() public {
        for (uint256 i = 0; i < 4; ++i) {
            address who = [STRANGER, address(hub), address(governor), admin][i];
            _unauthorized(who);
            killSwitch.guardianSuspend(MODEL, _HARM);
            _unauthorized(who);
            killSwitch.guardianHalt();
            if (who == admin) continue;
            _unauthorized(who);
            killSwitch.halt(0);
            _unauthorized(who);
            killSwitch.rearm(new uint256[](0));
            _unauthorized(who);
            killSwitch.retire(MODEL);
            _unauthorized(who);
            killSwitch.setHub(hub);
        }
        _unauthorized(GUARD);
        killSwitch.halt(0);
        _unauthorized(GUARD);
        killSwitch.rearm(new uint256[](0));
    }

    function _suspend(uint256 model) private returns (uint256) {
        vm.prank(GUARD);
        return killSwitch.guardianSuspend(model, _HARM);
    }

    function _secondAndThird() private {
        _takeUp("second");
        _takeUp("third");
    }
}
