// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breach, Case, CaseKind} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {Oversight, State, Status} from "../../../../contracts/interfaces/IModelStatus.sol";
import {Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice What the switch tells of itself, and acts that meet in one second or one epoch.
contract SwitchBoundariesTest is World {
    function test_status__suspended_by_a_case_nobody_opened__stillNamesIt() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).openUntil + 1);
        _is(State.Suspended);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, caseId);
    }

    function test_status__guardians_case__saysNothingOfOversight() public {
        vm.prank(GUARD);
        uint256 caseId = killSwitch.guardianSuspend(MODEL, keccak256("harm"));
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(status.caseId, caseId);
        vm.assertEq(uint256(status.oversight), uint256(Oversight.Healthy));
    }

    function test_openHolderCase__is_for_a_vote() public {
        uint256 caseId = _call(CaseKind.HolderPause);
        vm.assertEq(uint256(_case(caseId).severity), uint256(Severity.Vote));
    }

    function test_pause__from_suspended__tellsThat() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Suspended, State.Paused, 1, caseId, 0);
        vm.prank(address(governor));
        killSwitch.pause(MODEL, caseId, 0);
    }

    function test_pause__in_the_second_of_a_trip__givesAllBack() public {
        uint256 called = _call(CaseKind.HolderPause);
        _breach(TRIP, 2);
        vm.assertEq(killSwitch.budgetUsed(MODEL), SUSPENSION);
        vm.prank(address(governor));
        killSwitch.pause(MODEL, called, 0);
        vm.assertEq(killSwitch.budgetUsed(MODEL), 0);
    }

    function test_resume__without_a_case__tellsTheStateAlone() public {
        _pause(2);
        vm.recordLogs();
        vm.prank(address(governor));
        killSwitch.resume(MODEL, 1, 1);
        vm.assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_rejection__of_its_own_vote__tellsThatTheStateChanged() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Suspended, State.Active, 0, caseId, 0);
        killSwitch.poke(caseId);
    }

    function test_openHolderCase__passed_in_an_earlier_epoch__isNotInTheWay() public {
        uint256 breached = _breach(TRIP, 2);
        uint256 earlier = _call(CaseKind.HolderPause);
        _voteAlike(_open(earlier), FOR);
        _voteAlike(_open(breached), FOR);
        _execute(breached);
        _is(State.Paused);
        vm.startPrank(address(governor));
        killSwitch.resume(MODEL, 1, 1);
        vm.warp(_case(earlier).voteEnds + 1);
        killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("more"));
        vm.stopPrank();
    }

    function test_breach__of_a_frame_that_ended_with_the_resume__hasNoEffect() public {
        _pause(2);
        vm.warp(_frameEnd(5));
        vm.prank(address(governor));
        killSwitch.resume(MODEL, 1, 1);
        Breach memory breach = _madeBreach(1);
        breach.frame = 5;
        vm.startPrank(address(hub));
        vm.assertEq(killSwitch.trip(breach), 0);
        breach.frame = 6;
        vm.assertTrue(killSwitch.trip(breach) != 0);
        vm.stopPrank();
    }

    function test_breach__live_case_of_an_earlier_epoch__hasACaseOfItsOwn() public {
        uint256 first = _breach(VOTE, 2);
        uint256 called = _call(CaseKind.HolderPause);
        vm.startPrank(address(governor));
        killSwitch.pause(MODEL, called, 0);
        killSwitch.resume(MODEL, 1, 1);
        vm.stopPrank();
        vm.assertTrue(block.timestamp <= _case(first).openUntil);
        vm.prank(address(hub));
        uint256 next = killSwitch.openBreachCase(_madeBreach(1));
        vm.assertEq(next, called + 1);
        vm.assertEq(_case(next).epoch, 2);
    }

    function test_case__opened__isToldWhole() public {
        Breach memory breach = _madeBreach(1);
        Case memory details;
        (details.modelId, details.version, details.kind) = (MODEL, 1, CaseKind.Breach);
        (details.openedAt, details.openUntil) = (uint48(block.timestamp), uint48(block.timestamp) + WINDOW);
        (details.frame, details.rule, details.policy) = (breach.frame, breach.rule, breach.policy);
        (details.evidence, details.severity) = (breach.evidence, Severity.Vote);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.CaseOpened(1, MODEL, CaseKind.Breach, Severity.Vote, details);
        vm.prank(address(hub));
        killSwitch.openBreachCase(breach);
    }

    function test_status__policy_without_a_version__isInactive() public {
        vm.prank(STEWARD);
        uint256 model = registry.registerModel("new");
        vm.prank(admin);
        policies.setPolicy(model, _policy());
        vm.assertTrue(policies.hasPolicy(model));
        vm.assertEq(uint256(killSwitch.statusOf(model).state), uint256(State.Inactive));
    }

    function _call(CaseKind kind) private returns (uint256) {
        vm.prank(address(governor));
        return killSwitch.openHolderCase(MODEL, kind, 1, keccak256("harm"));
    }
}
