// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PolicyInput, Rule, Severity} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {Report} from "../../../../contracts/interfaces/IReportHub.sol";
import {Judgement} from "../../../../contracts/oversight/hub/Judgement.sol";
import {World} from "../../support/World.sol";
import {Vm, vm} from "../../support/Vm.sol";

/// @notice How many frames without a value a report stands for: its own, and those skipped in service.
/// @dev From frame 3 on rule i bears i frames, so that the number of rules hit is the number of frames counted.
contract HubUnseenTest is World {
    uint8 private constant _RULES = 8;

    function test_unseen__next_frame__isItsOwn() public {
        _begin(DEADLINE);
        vm.assertEq(_counted(4), 1);
    }

    function test_unseen__one_skipped__countsToo() public {
        _begin(DEADLINE);
        vm.assertEq(_counted(5), 2);
    }

    function test_unseen__skipped_and_not_yet_due__doNotCount() public {
        _begin(1500);
        vm.assertEq(_counted(6), 2, "6 and 4; 5 may still be reported");
    }

    function test_unseen__nothing_due_since_the_newest__isItsOwn() public {
        _begin(2500);
        _judgeAll(5, 0);
        vm.assertEq(_counted(7), 1);
    }

    function test_unseen__frames_of_a_newer_policy_due__doNotCount() public {
        _begin(2500);
        vm.warp(_frameEnd(5) + 1);
        _setPolicy(DEADLINE + 1);
        vm.warp(_frameEnd(7) + DEADLINE + 2);
        vm.assertEq(policies.lastFrameDue(MODEL), 7);
        vm.assertEq(_counted(6), 3, "4, 5 and 6");
    }

    function test_unseen__out_of_service_when_it_began__countsNothing() public {
        _begin(DEADLINE);
        _haltUntil(_frameEnd(4) + 10);
        vm.assertEq(_counted(5), 0);
    }

    function test_unseen__in_service_as_it_began__isItsOwn() public {
        _begin(DEADLINE);
        _haltUntil(_frameEnd(4));
        vm.assertEq(_counted(5), 1);
    }

    function test_unseen__back_in_service_amid_the_skipped__countsWholeFramesOnly() public {
        uint48[4] memory back = [_frameEnd(4), _frameEnd(4) + 1, _frameEnd(4) + 500, _frameEnd(5)];
        uint8[4] memory counted = [4, 3, 3, 3];
        for (uint64 i = 0; i < 4; ++i) {
            uint256 before = vm.snapshotState();
            _begin(DEADLINE);
            _haltUntil(back[i]);
            vm.assertEq(_counted(8), counted[i]);
            vm.revertToState(before);
        }
    }

    function test_unseen__back_in_service_within_the_last_skipped__isItsOwn() public {
        _begin(DEADLINE);
        _haltUntil(_frameEnd(6) + 500);
        vm.assertEq(_counted(8), 1);
    }

    /// @dev A policy of that deadline in force from frame 3 on, and frame 3 judged with all values there.
    function _begin(uint32 deadline) private {
        _setPolicy(deadline);
        _judgeAll(3, 0);
    }

    function _setPolicy(uint32 deadline) private {
        PolicyInput memory policy = _policy();
        policy.deadline = deadline;
        policy.rules = new Rule[](_RULES);
        for (uint8 i = 0; i < _RULES; ++i) {
            policy.rules[i] = _rule("quality.missing", Severity.Warn, 100_000);
            policy.rules[i].naBudget = i;
        }
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
    }

    function _haltUntil(uint48 until) private {
        vm.prank(admin);
        killSwitch.halt(until);
    }

    function _counted(uint64 frame) private returns (uint256 rules) {
        vm.recordLogs();
        _judgeAll(frame, NOT_AVAILABLE);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != Judgement.ReportJudged.selector) continue;
            (, uint256 hits) = abi.decode(logs[i].data, (bytes32, uint256));
            for (; hits != 0; hits >>= 1) {
                rules += hits & 1;
            }
        }
    }

    function _judgeAll(uint64 frame, int64 value) private {
        int64[] memory values = new int64[](_RULES);
        for (uint256 i = 0; i < _RULES; ++i) {
            values[i] = value;
        }
        if (block.timestamp < _frameEnd(frame)) vm.warp(_frameEnd(frame));
        _anchor(MODEL, 1, frame);
        _submit(_report(MODEL, 1, frame, values), 2);
    }
}
