// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseCall, CaseKind, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {ModelRegistry} from "../../../../contracts/oversight/ModelRegistry.sol";
import {CaseVotes} from "../../../../contracts/oversight/switch/CaseVotes.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {PauseGovernor} from "../../../../contracts/governance/PauseGovernor.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Cases, their votes, and how they end.
contract SwitchCasesTest is World {
    function test_callOf__isWhatItsVoteWouldCarryOut() public {
        uint256 caseId = _breach(TRIP, 2);
        CaseCall memory call = killSwitch.callOf(caseId);
        vm.assertEq(call.modelId, MODEL);
        vm.assertEq(call.version, 1);
        vm.assertEq(call.epoch, 0);
        vm.assertEq(uint256(call.kind), uint256(CaseKind.Breach));
    }

    function test_markVote__in_its_window__notesGovernorAndEnd() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).openUntil);
        uint48 ends = uint48(block.timestamp) + SPAN;
        uint256 expected = governor.proposalIdOf(caseId);
        vm.expectEmit(address(killSwitch));
        emit CaseVotes.CaseVoteOpened(caseId, address(governor), expected, ends);
        uint256 proposal = governor.openCase(caseId);
        Case memory case_ = _case(caseId);
        vm.assertEq(case_.vote, proposal);
        vm.assertEq(case_.governor, address(governor));
        vm.assertEq(case_.voteEnds, ends);
    }

    function test_markVote__twice_late_unknown_or_ended__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, caseId + 1));
        killSwitch.markVote(caseId + 1, 1);
        vm.stopPrank();
        vm.warp(_case(caseId).openUntil + 1);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseWindowOver.selector, caseId));
        killSwitch.markVote(caseId, 1);
        killSwitch.poke(caseId);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseNotOpen.selector, caseId, Outcome.Lapsed));
        killSwitch.markVote(caseId, 1);
        vm.prank(address(hub));
        uint256 other = killSwitch.openBreachCase(_madeBreach(1));
        _open(other);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseWindowOver.selector, other));
        killSwitch.markVote(other, 1);
    }

    function test_markVote__case_of_an_earlier_epoch__isRefused() public {
        uint256 first = _breach(VOTE, 2);
        _voteAlike(_open(first), FOR);
        vm.prank(address(hub));
        uint256 second = killSwitch.trip(_madeBreach(1));
        _execute(first);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.EpochStale.selector, MODEL, 0, 1));
        killSwitch.markVote(second, 1);
    }

    function test_pause__wrong_model_kind_epoch_or_outcome__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, 9));
        killSwitch.pause(MODEL, 9, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, caseId));
        killSwitch.pause(2, caseId, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.EpochStale.selector, MODEL, 1, 0));
        killSwitch.pause(MODEL, caseId, 1);
        killSwitch.pause(MODEL, caseId, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.EpochStale.selector, MODEL, 0, 1));
        killSwitch.pause(MODEL, caseId, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.EpochStale.selector, MODEL, 1, 1));
        killSwitch.pause(MODEL, caseId, 1);
        uint256 resuming = killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("x"));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, resuming));
        killSwitch.pause(MODEL, resuming, 1);
        vm.stopPrank();
    }

    function test_pause__case_lapsed__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).openUntil + 1);
        killSwitch.poke(caseId);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseNotOpen.selector, caseId, Outcome.Lapsed));
        killSwitch.pause(MODEL, caseId, 0);
    }

    function test_poke__window_missed__lapses() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).openUntil);
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseVoteNotOver.selector, caseId));
        killSwitch.poke(caseId);
        vm.warp(_case(caseId).openUntil + 1);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.CaseClosed(caseId, MODEL, Outcome.Lapsed);
        killSwitch.poke(caseId);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseNotOpen.selector, caseId, Outcome.Lapsed));
        killSwitch.poke(caseId);
        _is(State.Suspended);
    }

    function test_poke__unknown_case__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.CaseUnknown.selector, 5));
        killSwitch.poke(5);
    }

    function test_poke__vote_running_or_passed__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseVoteNotOver.selector, caseId));
        killSwitch.poke(caseId);
        _voteAlike(proposal, FOR);
        _endVote(proposal);
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseVoteNotOver.selector, caseId));
        killSwitch.poke(caseId);
        vm.warp(governor.proposalDeadline(proposal) + EXECUTION_GRACE + 1);
        killSwitch.poke(caseId);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Lapsed));
    }

    function test_poke__without_quorum__lapsesAndCoolsNothing() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 3, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Lapsed));
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, _case(caseId).policy, TRIP), 0);
        _is(State.Suspended);
    }

    function test_poke__rejected_after_another_vote_decided__hasNoEffect() public {
        uint256 first = _breach(VOTE, 2);
        uint256 proposal = _open(first);
        vm.prank(address(hub));
        uint256 second = killSwitch.trip(_madeBreach(1));
        _voteAlike(_open(second), FOR);
        _execute(second);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(first);
        vm.assertEq(uint256(_case(first).outcome), uint256(Outcome.Rejected));
        vm.assertEq(killSwitch.coolingUntil(MODEL, 1, _case(first).policy, VOTE), 0);
        _is(State.Paused);
    }

    function test_openHolderCase__wrong_kind_or_state__isRefused() public {
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseKindInvalid.selector, CaseKind.Breach));
        killSwitch.openHolderCase(MODEL, CaseKind.Breach, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, MODEL, State.Active));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, 9, State.Inactive));
        killSwitch.openHolderCase(9, CaseKind.HolderPause, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelVersionUnknown.selector, MODEL, 2));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 2, 0);
        vm.stopPrank();
        _pause(2);
        vm.startPrank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchBase.StateInvalid.selector, MODEL, State.Paused));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.VersionNotActive.selector, MODEL, 2, 1));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 2, 0);
        vm.stopPrank();
    }

    function test_openHolderCase__pause_while_active_or_suspended__standsBesideABreach() public {
        uint256 breach = _breach(TRIP, 2);
        vm.startPrank(address(governor));
        uint256 called = killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("harm"));
        vm.assertEq(called, breach + 1);
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseAlreadyOpen.selector, MODEL, called));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("harm"));
        vm.stopPrank();
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, breach);
        vm.assertEq(_case(called).evidence, keccak256("harm"));
        vm.assertEq(uint256(_case(called).kind), uint256(CaseKind.HolderPause));
        vm.prank(address(hub));
        vm.assertEq(killSwitch.openBreachCase(_madeBreach(1)), breach, "breaches join breaches");
    }

    function test_openHolderCase__alone__isTheStatusCase() public {
        vm.prank(address(governor));
        uint256 called = killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("harm"));
        vm.assertEq(killSwitch.statusOf(MODEL).caseId, called);
        vm.warp(_case(called).openUntil + 1);
        vm.prank(address(governor));
        vm.assertEq(killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("more")), called + 1);
    }

    function test_openHolderCase__passed_and_not_carried_out__standsInTheWay() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, FOR);
        _endVote(proposal);
        vm.warp(_case(caseId).voteEnds + 1);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseAlreadyOpen.selector, MODEL, caseId));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("x"));
        vm.warp(governor.proposalDeadline(proposal) + EXECUTION_GRACE + 1);
        vm.prank(address(governor));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("x"));
    }

    function test_openHolderCase__passed_for_a_version_not_in_force__isNotInTheWay() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, FOR);
        _nextVersion();
        vm.warp(_case(caseId).voteEnds + 1);
        vm.prank(address(governor));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 2, keccak256("x"));
    }

    function test_rejection__of_a_call_for_a_pause__barsNoOther() public {
        vm.prank(address(governor));
        uint256 caseId = killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("sham"));
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        vm.assertEq(killSwitch.resumesFrom(MODEL), 0);
        vm.prank(address(governor));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, keccak256("harm"));
    }

    function test_rejection__of_a_call_for_a_resume__barsTheNextForAWhile() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        uint48 from = uint48(block.timestamp) + COOLDOWN;
        vm.assertEq(killSwitch.resumesFrom(MODEL), from);
        vm.warp(from - 1);
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.ResumeCooling.selector, MODEL, from));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("fixed"));
        vm.warp(from);
        vm.prank(address(governor));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("fixed"));
    }

    function test_newGovernor__vote_of_the_old_one_running__opensTheCaseAnew() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, FOR);
        PauseGovernor old = _replaceGovernor();
        vm.expectRevert();
        old.executeCase(caseId);
        _voteAlike(_open(caseId), FOR);
        _execute(caseId);
        _is(State.Paused);
        vm.assertEq(_case(caseId).governor, address(governor));
    }

    function test_newGovernor__vote_of_the_old_one_over__doesNotOpenItAnew() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _endVote(proposal);
        _replaceGovernor();
        vm.expectRevert(abi.encodeWithSelector(CaseVotes.CaseWindowOver.selector, caseId));
        governor.openCase(caseId);
    }

    function test_newGovernor__paused_by_the_old_one__resumes() public {
        _pause(2);
        _replaceGovernor();
        _resume();
        _is(State.Active);
    }

    function test_newGovernor__old_call_passed__isNotInTheWay() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, FOR);
        vm.warp(_case(caseId).voteEnds + 1);
        _replaceGovernor();
        vm.prank(address(governor));
        killSwitch.openHolderCase(MODEL, CaseKind.HolderResume, 1, keccak256("x"));
    }

    function test_votes__by_anyone_but_the_governor__areRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        for (uint256 i = 0; i < 4; ++i) {
            address who = [STRANGER, address(hub), GUARD, admin][i];
            _unauthorized(who);
            killSwitch.pause(MODEL, caseId, 0);
            _unauthorized(who);
            killSwitch.resume(MODEL, 1, 0);
            _unauthorized(who);
            killSwitch.openHolderCase(MODEL, CaseKind.HolderPause, 1, 0);
            _unauthorized(who);
            killSwitch.markVote(caseId, 1);
            _unauthorized(who);
            killSwitch.setVoteSpan(1);
        }
    }
}
