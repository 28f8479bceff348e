// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Case, CaseKind, STALE_RULE} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {Oversight, State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {PolicyInput, Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {Attestation, Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {Watch} from "../../../../contracts/oversight/hub/Watch.sol";
import {PolicyBook} from "../../../../contracts/oversight/PolicyBook.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Silence and contradiction of monitors, and what they lead to.
contract HubWatchTest is World {
    bool private _suspends;

    function _policy() internal view override returns (PolicyInput memory policy) {
        policy = super._policy();
        policy.staleSuspends = _suspends;
    }

    function test_pokeStale__nobody_reported__opensACase() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        vm.expectEmit(address(hub));
        emit Watch.FrameStale(MODEL, 2, 1, 1);
        vm.prank(STRANGER);
        uint256 caseId = hub.pokeStale(MODEL, 2);
        Case memory case_ = _case(caseId);
        vm.assertEq(uint256(case_.kind), uint256(CaseKind.Stale));
        vm.assertEq(uint256(case_.severity), uint256(Severity.Vote));
        vm.assertEq(case_.modelId, MODEL);
        vm.assertEq(case_.version, 1);
        vm.assertEq(case_.frame, 2);
        vm.assertEq(case_.rule, STALE_RULE);
        vm.assertEq(case_.policy, policies.termsOf(MODEL, 2).digest);
        vm.assertEq(case_.bound, 0);
        _is(State.Active);
        vm.assertTrue(hub.frameOf(MODEL, 1, 2, case_.policy).stale);
        vm.assertEq(uint256(killSwitch.statusOf(MODEL).oversight), uint256(Oversight.Stale));
    }

    function test_pokeStale__policy_says_so__suspends() public {
        _suspends = true;
        vm.prank(admin);
        policies.setPolicy(MODEL, _policy());
        vm.warp(_frameEnd(3) + DEADLINE + 1);
        uint256 caseId = hub.pokeStale(MODEL, 3);
        _is(State.Suspended);
        vm.assertEq(_case(caseId).bound, block.timestamp + SUSPENSION);
        vm.assertEq(uint256(_case(caseId).severity), uint256(Severity.Trip));
        vm.assertEq(uint256(killSwitch.statusOf(MODEL).oversight), uint256(Oversight.Stale));
    }

    function test_pokeStale__twice__isRefused() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        hub.pokeStale(MODEL, 2);
        _notStale(2);
    }

    function test_pokeStale__before_the_deadline_is_over__isRefused() public {
        vm.warp(_frameEnd(2) + DEADLINE);
        _notStale(2);
    }

    function test_pokeStale__reported_in_time__isRefused() public {
        _judge(2, _healthy());
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        _notStale(2);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_pokeStale__reported_by_fewer_than_k__isStale() public {
        _anchor(MODEL, 1, 2);
        _submit(_report(MODEL, 1, 2, _healthy()), 1);
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        hub.pokeStale(MODEL, 2);
    }

    function test_pokeStale__newer_frame_reported__isACaseAllTheSame() public {
        _judge(3, _healthy());
        vm.warp(_frameEnd(3) + DEADLINE + 1);
        vm.assertEq(hub.pokeStale(MODEL, 2), 1);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_pokeStale__window_over__isRefused() public {
        uint48 last = _frameEnd(2) + DEADLINE + hub.STALE_WINDOW();
        vm.warp(last + 1);
        _notStale(2);
        vm.warp(last);
        vm.assertEq(hub.pokeStale(MODEL, 2), 1);
    }

    function test_pokeStale__not_in_service_throughout__isRefused() public {
        vm.warp(_frameEnd(1) + 1);
        vm.prank(admin);
        killSwitch.halt(_frameEnd(1) + 10);
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        _notStale(2);
        vm.warp(_frameEnd(3) + DEADLINE + 1);
        hub.pokeStale(MODEL, 3);
    }

    function test_pokeStale__not_in_service_now__isRefused() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        vm.prank(admin);
        killSwitch.halt(uint48(block.timestamp) + 10);
        _notStale(2);
    }

    function test_pokeStale__in_service_from_its_very_start__isStale() public {
        vm.warp(_frameEnd(1) - 5);
        vm.prank(admin);
        killSwitch.halt(_frameEnd(1));
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        hub.pokeStale(MODEL, 2);
    }

    function test_pokeStale__no_version_in_force_then__isRefused() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        _notStale(1);
    }

    function test_pokeStale__model_without_a_policy__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, 9));
        hub.pokeStale(9, 1);
    }

    function test_pokeStale__cooling_after_a_rejection__opensNothing() public {
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        uint256 caseId = hub.pokeStale(MODEL, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        uint64 frame = policies.lastFrameDue(MODEL) + 1;
        vm.warp(_frameEnd(frame) + DEADLINE + 1);
        vm.expectEmit(address(hub));
        emit Watch.FrameStale(MODEL, frame, 1, 0);
        vm.assertEq(hub.pokeStale(MODEL, frame), 0);
    }

    function test_oversight__silence__isStaleUntilANewerReport() public {
        vm.warp(_frameEnd(2) + DEADLINE);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
        vm.warp(_frameEnd(2) + DEADLINE + 1);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Stale));
        _judge(3, _healthy());
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_oversight__dispute__staysUntilANewerReport() public {
        _dispute(2);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Disputed));
        vm.assertEq(uint256(killSwitch.statusOf(MODEL).oversight), uint256(Oversight.Disputed));
        vm.assertTrue(killSwitch.isOperational(MODEL));
        _judge(3, _healthy());
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_oversight__older_frame_disputed_after_a_newer_report__staysHealthy() public {
        _allowLateReports();
        _judge(2, _healthy());
        _judge(4, _healthy());
        _dispute(3);
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Healthy));
    }

    function test_oversight__second_dispute_older__keepsTheNewest() public {
        _allowLateReports();
        vm.warp(_frameEnd(5) + GRACE);
        _dispute(5);
        _dispute(3);
        _judge(4, _healthy());
        vm.assertEq(uint256(hub.oversightOf(MODEL)), uint256(Oversight.Disputed));
    }

    function test_oversight__unknown_model__isHealthy() public view {
        vm.assertEq(uint256(hub.oversightOf(99)), uint256(Oversight.Healthy));
    }

    function test_dispute__is_told() public {
        _anchor(MODEL, 1, 2);
        for (uint8 i = 0; i < 3; ++i) {
            if (i == 2) {
                vm.expectEmit(address(hub));
                emit Watch.FrameDisputed(MODEL, 2, 1);
            }
            _contradict(2, i);
        }
    }

    function _dispute(uint64 frame) private {
        _anchor(MODEL, 1, frame);
        for (uint8 i = 0; i < 3; ++i) {
            _contradict(frame, i);
        }
    }

    function _contradict(uint64 frame, uint8 monitor) private {
        Report memory report = _report(MODEL, 1, frame, _healthy());
        report.evidence = keccak256(abi.encode(monitor));
        Attestation[] memory attestations = new Attestation[](1);
        attestations[0] = _signedBy(report, monitor);
        hub.submit(report, attestations);
    }

    function _notStale(uint64 frame) private {
        vm.expectRevert(abi.encodeWithSelector(Watch.ReportFrameNotStale.selector, MODEL, frame));
        hub.pokeStale(MODEL, frame);
    }
}
