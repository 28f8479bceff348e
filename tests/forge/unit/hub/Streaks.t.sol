// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyInput, Stage} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {Judgement} from "../../../../contracts/oversight/hub/Judgement.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice How frames without a value are counted where policies change, reports come late or silence is long.
contract HubStreaksTest is World {
    function _policy() internal view override returns (PolicyInput memory policy) {
        policy = super._policy();
        (policy.rules[TRIP].naBudget, policy.rules[VOTE].naBudget) = (1, 255);
        policy.rules[TRIP].stage = Stage.Production;
    }

    function test_streak__first_frames_of_a_policy__count() public {
        _setPolicy(_another());
        vm.warp(_frameEnd(2) + 1);
        _judge(3, _without(TRIP));
        _expectHits(4, _without(TRIP), 1, 1);
    }

    function test_streak__same_policy_set_anew__goesOn() public {
        _setPolicy(_policy());
        _judge(2, _without(TRIP));
        _expectHits(3, _without(TRIP), 1, 1);
    }

    function test_streak__another_policy_between__beginsAnew() public {
        _setPolicy(_another());
        _judge(2, _without(TRIP));
        _setPolicy(_policy());
        _expectHits(4, _without(TRIP), 0, 0);
    }

    function test_streak__another_rule_absent_before__beginsWithItsOwn() public {
        _judge(2, _without(BELOW));
        _expectHits(3, _without(TRIP), 0, 0);
    }

    function test_streak__rule_that_bears_all__isNeverHit() public {
        _judge(2, _healthy());
        vm.warp(_frameEnd(400));
        _expectHits(400, _without(VOTE), 0, 0);
    }

    function test_streak__two_rules_beyond_their_budgets__areBothHit() public {
        _judge(2, _healthy());
        vm.warp(_frameEnd(6));
        int64[] memory values = _without(TRIP);
        values[BELOW] = NOT_AVAILABLE;
        _expectHits(6, values, 9, 1);
    }

    function test_streak__older_frame_with_newer_ones_due__standsForItself() public {
        _allowLateReports();
        vm.warp(_frameEnd(3) + GRACE);
        _setPolicy(_policy());
        _judge(4, _healthy());
        vm.warp(_frameEnd(5) + DEADLINE + 1);
        vm.assertEq(policies.lastFrameDue(MODEL), 5);
        _expectHits(3, _without(TRIP), 0, 0);
    }

    function test_judge__cooldown_over_this_second__opensACase() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, AGAINST);
        _endVote(proposal);
        killSwitch.poke(caseId);
        uint48 until = killSwitch.coolingUntil(MODEL, 1, _case(caseId).policy, TRIP);
        vm.warp(until);
        _expectHits(policies.lastFrameAt(MODEL, until), _hit(TRIP), 1, caseId + 1);
    }

    function _setPolicy(PolicyInput memory policy) private {
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
    }

    function _another() private view returns (PolicyInput memory policy) {
        policy = _policy();
        policy.suspension += 1;
    }

    /// @dev Judges a frame and expects these hits and this case to be told.
    function _expectHits(uint64 frame, int64[] memory values, uint256 hits, uint256 caseId) private {
        if (block.timestamp < _frameEnd(frame)) vm.warp(_frameEnd(frame));
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
