// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseKind, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {Oversight, State, Status} from "../../../../contracts/interfaces/IModelStatus.sol";
import {IReportHub} from "../../../../contracts/interfaces/IReportHub.sol";
import {Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {KillSwitch} from "../../../../contracts/oversight/KillSwitch.sol";
import {CaseVotes} from "../../../../contracts/oversight/switch/CaseVotes.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice States of a model, and what leads from one to another.
contract SwitchStatesTest is World {
    function test_status__of_an_unknown_model__isInactive() public view {
        Status memory status = killSwitch.statusOf(99);
        vm.assertEq(uint256(status.state), uint256(State.Inactive));
        vm.assertFalse(killSwitch.isOperational(99));
    }

    function test_status__in_service__namesVersionAndNoCase() public view {
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(uint256(status.state), uint256(State.Active));
        vm.assertEq(status.version, 1);
        vm.assertEq(status.epoch, 0);
        vm.assertEq(status.caseId, 0);
        vm.assertEq(status.until, 0);
        vm.assertFalse(status.halted);
        vm.assertEq(uint256(status.oversight), uint256(Oversight.Healthy));
    }

    function test_isOperational__of_a_version__asksForTheOneInForce() public view {
        vm.assertTrue(killSwitch.isOperational(MODEL, 1));
        vm.assertFalse(killSwitch.isOperational(MODEL, 2));
    }

    function test_trip__covered__suspendsUntilTheBound() public {
        uint256 caseId = _breach(TRIP, 2);
        uint48 bound = uint48(block.timestamp) + SUSPENSION;
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(uint256(status.state), uint256(State.Suspended));
        vm.assertEq(status.until, bound);
        vm.assertEq(status.caseId, caseId);
        vm.assertEq(uint256(status.oversight), uint256(Oversight.Breached));
        vm.assertEq(_case(caseId).bound, bound);
        vm.assertFalse(killSwitch.isOperational(MODEL, 1));
        vm.warp(bound - 1);
        _is(State.Suspended);
        vm.warp(bound);
        _is(State.Active);
        vm.assertEq(killSwitch.statusOf(MODEL).until, 0);
        vm.assertTrue(killSwitch.isOperational(MODEL));
    }

    function test_trip__covered__tellsThatTheStateChanged() public {
        vm.warp(_frameEnd(2) + GRACE);
        _anchor(MODEL, 1, 2);
        uint48 until = uint48(block.timestamp) + SUSPENSION;
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Active, State.Suspended, 0, 1, until);
        _submit(_report(MODEL, 1, 2, _hit(TRIP)), 2);
    }

    function test_trip__hit_below_a_limit__suspendsToo() public {
        _breach(BELOW, 2);
        _is(State.Suspended);
    }

    function test_trip__short_policy__isAsLongAsItsVoteNeeds() public {
        vm.prank(address(hub));
        uint256 caseId = killSwitch.trip(_madeBreach(10));
        vm.assertEq(_case(caseId).bound, block.timestamp + WINDOW + SPAN + MARGIN);
    }

    function test_trip__long_policy__isCutAtTheHardCap() public {
        vm.prank(address(hub));
        uint256 caseId = killSwitch.trip(_madeBreach(1_000_000));
        vm.assertEq(_case(caseId).bound, block.timestamp + HARD_CAP);
    }

    function test_vote_rule__hit__opensACaseAndHaltsNothing() public {
        uint256 caseId = _breach(VOTE, 2);
        _is(State.Active);
        vm.assertEq(_case(caseId).bound, 0);
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(status.caseId, caseId);
        vm.assertEq(uint256(status.oversight), uint256(Oversight.Breached));
        vm.warp(_case(caseId).openUntil);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, caseId);
        vm.warp(_case(caseId).openUntil + 1);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, 0);
    }

    function test_warn_rule__hit__opensNothing() public {
        _breach(WARN, 2);
        vm.assertEq(killSwitch.caseCount(), 0);
    }

    function test_case__of_a_breach__saysWhatVotersMustKnow() public {
        uint256 caseId = _breach(TRIP, 2);
        Case memory case_ = _case(caseId);
        vm.assertEq(case_.modelId, MODEL);
        vm.assertEq(case_.version, 1);
        vm.assertEq(case_.epoch, 0);
        vm.assertEq(uint256(case_.kind), uint256(CaseKind.Breach));
        vm.assertEq(uint256(case_.severity), uint256(Severity.Trip));
        vm.assertEq(uint256(case_.outcome), uint256(Outcome.Open));
        vm.assertEq(case_.frame, 2);
        vm.assertEq(case_.rule, TRIP);
        vm.assertEq(case_.value, int256(50_000));
        vm.assertEq(case_.limit, int256(20_000));
        vm.assertEq(case_.policy, policies.currentTerms(MODEL).digest);
        vm.assertEq(case_.evidence, keccak256(abi.encode("evidence", uint64(2), _hit(TRIP))));
        vm.assertEq(case_.openedAt, block.timestamp);
        vm.assertEq(case_.openUntil, block.timestamp + WINDOW);
        vm.assertEq(case_.governor, address(0));
        vm.assertEq(case_.vote, 0);
        vm.assertEq(case_.voteEnds, 0);
    }

    function test_caseOf__unknown__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, 1));
        killSwitch.caseOf(1);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, 7));
        killSwitch.callOf(7);
    }

    function test_pause__from_suspended__lastsAndNamesItsCase() public {
        uint256 caseId = _pause(2);
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(uint256(status.state), uint256(State.Paused));
        vm.assertEq(status.epoch, 1);
        vm.assertEq(status.caseId, caseId);
        vm.assertEq(status.until, 0);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Upheld));
        vm.warp(block.timestamp + 1_000_000);
        _is(State.Paused);
    }

    function test_pause__from_suspended__givesTheRestBack() public {
        uint256 caseId = _breach(TRIP, 2);
        uint48 used = killSwitch.budgetUsed(MODEL);
        vm.assertEq(used, SUSPENSION);
        uint256 began = block.timestamp;
        _voteAlike(_open(caseId), FOR);
        _execute(caseId);
        uint256 spent = block.timestamp - began;
        vm.assertEq(killSwitch.budgetUsed(MODEL), spent - spent * REFILL / 1e6);
    }

    function test_pause__from_active__givesNothingBack() public {
        uint256 caseId = _breach(VOTE, 2);
        _voteAlike(_open(caseId), FOR);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Active, State.Paused, 1, caseId, 0);
        _execute(caseId);
        vm.assertEq(killSwitch.budgetUsed(MODEL), 0);
        _is(State.Paused);
    }

    function test_pause__after_the_bound__startsFromActive() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(block.timestamp + WINDOW);
        _voteAlike(_open(caseId), FOR);
        vm.warp(_case(caseId).bound);
        uint48 used = killSwitch.budgetUsed(MODEL);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Active, State.Paused, 1, caseId, 0);
        _execute(caseId);
        vm.assertEq(killSwitch.budgetUsed(MODEL), used);
    }

    function test_resume__vote_passed__activatesAndEndsTheCase() public {
        _pause(2);
        uint256 caseId = _resume();
        Status memory status = killSwitch.statusOf(MODEL);
        vm.assertEq(uint256(status.state), uint256(State.Active));
        vm.assertEq(status.epoch, 2);
        vm.assertEq(status.caseId, 0);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Upheld));
    }

    function test_resume__tells__fromPausedToActive() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, FOR);
        _endVote(proposal);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Paused, State.Active, 2, caseId, 0);
        _execute(caseId);
    }

    function test_resume__by_role_without_a_case__stillActivates() public {
        _pause(2);
        vm.prank(address(governor));
        killSwitch.resume(MODEL, 1, 1);
        _is(State.Active);
    }

    function test_resume__old_epoch_or_other_state__isRefused() public {
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.EpochStale.selector, MODEL, 1, 0));
        killSwitch.resume(MODEL, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, MODEL, State.Active));
        killSwitch.resume(MODEL, 1, 0);
        vm.stopPrank();
    }

    function test_resume__another_version_in_force__isRefused() public {
        _pause(2);
        _nextVersion();
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.VersionNotActive.selector, MODEL, 1, 2));
        killSwitch.resume(MODEL, 1, 1);
    }

    function test_activation__of_another_version__freesNothing() public {
        _pause(2);
        _nextVersion();
        _is(State.Paused);
        vm.assertEq(killSwitch.statusOf(MODEL).version, 2);
    }

    function test_retire__any_state__isForGood() public {
        uint256 caseId = _pause(2);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Paused, State.Retired, 2, 0, 0);
        vm.prank(admin);
        killSwitch.retire(MODEL);
        _is(State.Retired);
        vm.assertEq(killSwitch.statusOf(MODEL).epoch, 2);
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, 0);
        vm.assertEq(killSwitch.operationalSince(MODEL), type(uint48).max);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, MODEL, State.Retired));
        killSwitch.retire(MODEL);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Upheld));
    }

    function test_retire__suspended__namesNoCase() public {
        _breach(TRIP, 2);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.StateChanged(MODEL, State.Suspended, State.Retired, 1, 0, 0);
        vm.prank(admin);
        killSwitch.retire(MODEL);
    }

    function test_breach__of_a_retired_or_paused_model__hasNoEffect() public {
        _pause(2);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.trip(_madeBreach(1)), 0);
        vm.prank(admin);
        killSwitch.retire(MODEL);
        vm.prank(address(hub));
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(1)), 0);
        vm.assertEq(killSwitch.caseCount(), 1);
    }

    function test_operationalSince__followsWhatInterruptsService() public {
        vm.assertEq(killSwitch.operationalSince(MODEL), base + STEP);
        uint256 caseId = _breach(TRIP, 2);
        vm.assertEq(killSwitch.operationalSince(MODEL), type(uint48).max);
        vm.warp(_case(caseId).bound + 5);
        vm.assertEq(killSwitch.operationalSince(MODEL), _case(caseId).bound);
        vm.prank(admin);
        killSwitch.halt(uint48(block.timestamp) + 50);
        vm.assertEq(killSwitch.operationalSince(MODEL), type(uint48).max);
        vm.warp(block.timestamp + 60);
        vm.assertEq(killSwitch.operationalSince(MODEL), block.timestamp - 10);
    }

    function test_operationalSince__after_a_resume__isThatTime() public {
        _pause(2);
        _resume();
        vm.assertEq(killSwitch.operationalSince(MODEL), block.timestamp);
        vm.warp(block.timestamp + 10);
        vm.assertEq(killSwitch.operationalSince(MODEL), block.timestamp - 10);
    }

    function test_setHub__anotherHub__isAskedForOversight() public {
        vm.expectEmit(address(killSwitch));
        emit KillSwitch.HubChanged(address(hub), address(0));
        vm.prank(admin);
        killSwitch.setHub(IReportHub(address(0)));
        vm.assertEq(address(killSwitch.hub()), address(0));
        vm.warp(block.timestamp + 10 * STEP);
        vm.assertEq(uint256(killSwitch.statusOf(MODEL).oversight), uint256(Oversight.Healthy));
    }

    function test_silence__of_all_monitors__isSeenInTheStatus() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        vm.assertEq(uint256(killSwitch.statusOf(MODEL).oversight), uint256(Oversight.Stale));
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, 0);
        vm.assertTrue(killSwitch.isOperational(MODEL));
    }
}
