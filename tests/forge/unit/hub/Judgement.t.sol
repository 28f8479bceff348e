// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyInput, Severity, Stage} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {Judgement} from "../../../../contracts/oversight/hub/Judgement.sol";
import {ModelRegistry} from "../../../../contracts/oversight/ModelRegistry.sol";
import {ReportHub} from "../../../../contracts/oversight/ReportHub.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice How rules are applied to a report on which a quorum agrees.
contract HubJudgementTest is World {
    bool private _long;

    function _policy() internal view override returns (PolicyInput memory policy) {
        policy = super._policy();
        if (_long) policy.rules[BELOW].stage = Stage.Evaluation;
        if (_long) policy.rules[TRIP].stage = Stage.Production;
    }

    function test_judge__at_the_limit__isNoHit() public {
        int64[] memory values = _healthy();
        (values[TRIP], values[VOTE], values[BELOW]) = (20_000, 100_000, 500_000);
        _expectHits(2, values, 0, 0);
        vm.assertEq(killSwitch.caseCount(), 0);
    }

    function test_judge__just_beyond_each_limit__isAHit() public {
        int64[] memory values = _healthy();
        (values[TRIP], values[VOTE], values[WARN], values[BELOW]) = (20_001, 100_001, 100_001, 499_999);
        _expectHits(2, values, 15, 1);
        vm.assertEq(_case(1).rule, TRIP, "the first of the most severe");
    }

    function test_judge__warn_alone__isToldAndOpensNothing() public {
        _expectHits(2, _hit(WARN), 4, 0);
        vm.assertFalse(hub.frameOf(MODEL, 1, 2, policies.termsOf(MODEL, 2).digest).breached);
    }

    function test_judge__vote_before_trip__casesOnTheTrip() public {
        int64[] memory values = _hit(VOTE);
        values[BELOW] = 0;
        _judge(2, values);
        vm.assertEq(_case(1).rule, BELOW);
        vm.assertEq(_case(1).value, 0);
        vm.assertEq(_case(1).limit, 500_000);
        vm.assertEq(uint256(_case(1).severity), uint256(Severity.Trip));
        _is(State.Suspended);
    }

    function test_judge__most_severe_rule_cools__casesOnTheNext() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        int64[] memory values = _hit(VOTE);
        values[TRIP] = 50_000;
        uint64 frame = policies.lastFrameAt(MODEL, uint48(block.timestamp)) + 1;
        _judge(frame, values);
        vm.assertEq(_case(caseId + 1).rule, VOTE);
        _is(State.Active);
    }

    function test_judge__all_that_was_hit_cools__opensNothing() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        uint64 frame = policies.lastFrameAt(MODEL, uint48(block.timestamp)) + 1;
        _expectHits(frame, _hit(TRIP), 1, 0);
        vm.assertTrue(hub.frameOf(MODEL, 1, frame, policies.termsOf(MODEL, frame).digest).breached);
    }

    function test_notAvailable__within_the_budget__isNoHit() public {
        _expectHits(2, _without(BELOW), 0, 0);
        _expectHits(3, _without(BELOW), 0, 0);
    }

    function test_notAvailable__beyond_the_budget__isAHit() public {
        _judge(2, _without(BELOW));
        _judge(3, _without(BELOW));
        _expectHits(4, _without(BELOW), 8, 1);
        vm.assertEq(_case(1).value, NOT_AVAILABLE);
    }

    function test_notAvailable__no_budget__isAHitAtOnce() public {
        _expectHits(2, _without(TRIP), 1, 1);
    }

    function test_notAvailable__available_between__beginsAnew() public {
        _judge(2, _without(BELOW));
        _judge(3, _without(BELOW));
        _judge(4, _healthy());
        _expectHits(5, _without(BELOW), 0, 0);
    }

    function test_notAvailable__rules__countApart() public {
        int64[] memory values = _without(BELOW);
        values[VOTE] = NOT_AVAILABLE;
        _expectHits(2, values, 0, 0);
        _expectHits(3, values, 2, 1);
    }

    function test_notAvailable__frames_skipped_in_service__count() public {
        _judge(2, _healthy());
        _expectHits(4, _without(BELOW), 0, 0);
        vm.warp(_frameEnd(5));
        _judge(7, _without(BELOW));
        vm.assertEq(killSwitch.caseCount(), 1, "two in 4, three in 7");
    }

    function test_notAvailable__skipped_while_out_of_service__doNotCount() public {
        uint256 caseId = _breach(TRIP, 2);
        vm.warp(_case(caseId).bound + 1);
        uint64 frame = policies.lastFrameAt(MODEL, uint48(block.timestamp)) + 1;
        _expectHits(frame, _without(BELOW), 0, 0);
    }

    function test_notAvailable__partly_out_of_service__countsThatPart() public {
        _judge(2, _healthy());
        vm.prank(admin);
        killSwitch.halt(_frameEnd(5));
        _expectHits(8, _without(BELOW), 8, 1);
    }

    function test_notAvailable__older_frame_after_a_newer__movesNothing() public {
        _allowLateReports();
        vm.warp(_frameEnd(4) + GRACE);
        _anchor(MODEL, 1, 3);
        _anchor(MODEL, 1, 4);
        _submit(_report(MODEL, 1, 4, _healthy()), 2);
        _submit(_report(MODEL, 1, 3, _without(VOTE)), 2);
        vm.assertEq(killSwitch.caseCount(), 0);
        _expectHits(5, _without(VOTE), 0, 0);
    }

    function test_notAvailable__older_frame_and_no_budget__isAHit() public {
        _allowLateReports();
        vm.warp(_frameEnd(4) + GRACE);
        _anchor(MODEL, 1, 3);
        _anchor(MODEL, 1, 4);
        _submit(_report(MODEL, 1, 4, _healthy()), 2);
        _submit(_report(MODEL, 1, 3, _without(TRIP)), 2);
        vm.assertEq(_case(1).rule, TRIP);
    }

    function test_notAvailable__long_silence__saturates() public {
        _judge(2, _healthy());
        vm.warp(_frameEnd(400));
        _expectHits(400, _without(BELOW), 8, 1);
    }

    function test_notAvailable__over_an_activation__goesOn() public {
        _judge(2, _without(BELOW));
        _judge(3, _without(BELOW));
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _evaluate(2);
        _activate(2);
        _judge(4, _without(BELOW));
        vm.assertEq(killSwitch.caseCount(), 1);
    }

    function test_stages__evaluation_and_production__judgeTheirOwn() public {
        _long = true;
        vm.prank(admin);
        policies.setPolicy(MODEL, _policy());
        vm.warp(_frameEnd(2) + 1);
        vm.startPrank(STEWARD);
        registry.registerVersion(MODEL, _version());
        registry.registerVersion(MODEL, _version());
        vm.stopPrank();
        _submit(_report(MODEL, 2, 0, _hit(TRIP)), 2);
        vm.assertTrue(hub.evaluationPassed(MODEL, 2), "TRIP is for production");
        _submit(_report(MODEL, 3, 0, _hit(BELOW)), 2);
        vm.assertFalse(hub.evaluationPassed(MODEL, 3), "BELOW is for evaluation");
        _expectHits(3, _hit(BELOW), 0, 0);
        _expectHits(4, _without(BELOW), 0, 0);
        _expectHits(5, _hit(TRIP), 1, 1);
    }

    function test_evaluation__met__passesAndOpensNothing() public {
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        vm.assertFalse(hub.evaluationPassed(MODEL, 2));
        _submit(_report(MODEL, 2, 0, _healthy()), 1);
        vm.assertFalse(hub.evaluationPassed(MODEL, 2));
        _evaluate(2);
        vm.assertTrue(hub.evaluationPassed(MODEL, 2));
        vm.assertEq(killSwitch.caseCount(), 0);
    }

    function test_evaluation__rule_hit_or_not_available__doesNotPass() public {
        int64[][3] memory bad = [_hit(TRIP), _hit(VOTE), _without(BELOW)];
        for (uint32 i = 0; i < 3; ++i) {
            vm.prank(STEWARD);
            registry.registerVersion(MODEL, _version());
            _submit(_report(MODEL, 2 + i, 0, bad[i]), 2);
            vm.assertFalse(hub.evaluationPassed(MODEL, 2 + i));
            vm.prank(STEWARD);
            vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelNotEvaluated.selector, MODEL, 2 + i));
            registry.activate(MODEL, 2 + i);
        }
        vm.assertEq(killSwitch.caseCount(), 0);
        _is(State.Active);
    }

    function test_evaluation__warning__passes() public {
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _submit(_report(MODEL, 2, 0, _hit(WARN)), 2);
        vm.assertTrue(hub.evaluationPassed(MODEL, 2));
    }

    function test_onActivate__retired_model__isRefused() public {
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _evaluate(2);
        vm.prank(admin);
        killSwitch.retire(MODEL);
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(ReportHub.ReportModelRetired.selector, MODEL));
        registry.activate(MODEL, 2);
    }

    function test_onActivate__by_anyone_but_the_registry__isRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            _unauthorized([STRANGER, STEWARD, admin][i]);
            hub.onActivate(MODEL, 1, 0);
        }
    }

    /// @dev Judges a frame and expects these hits and this case to be told.
    function _expectHits(uint64 frame, int64[] memory values, uint256 hits, uint256 caseId) private {
        uint48 ready = _frameEnd(frame) + GRACE;
        if (block.timestamp < ready) vm.warp(ready);
        _anchor(MODEL, 1, frame);
        Report memory report = _report(MODEL, 1, frame, values);
        vm.expectEmit(address(hub));
        emit Judgement.ReportJudged(MODEL, frame, 1, hub.hashReport(report), hits, caseId, report);
        _submit(report, 2);
    }

    function _without(uint8 rule) private pure returns (int64[] memory values) {
        values = _healthy();
        values[rule] = NOT_AVAILABLE;
    }
}
