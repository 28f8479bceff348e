// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FrameTimes, Op, PolicyInput, Rule, Severity, Terms} from "../../../contracts/interfaces/IPolicyBook.sol";
import {IDecisionLog} from "../../../contracts/interfaces/IDecisionLog.sol";
import {PolicyBook} from "../../../contracts/oversight/PolicyBook.sol";
import {PolicyCode} from "../../../contracts/oversight/PolicyCode.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice Policies, their frames, and when they take force.
contract PolicyBookTest is World {
    function test_setPolicy__first__takesForceAtOnce() public {
        PolicyInput memory policy = _policy();
        bytes32 digest = keccak256(abi.encode(policy));
        vm.expectEmit(address(policies));
        emit PolicyBook.PolicySet(7, 0, digest, 1, uint48(block.timestamp), policy);
        vm.prank(admin);
        vm.assertEq(policies.setPolicy(7, policy), digest);
        vm.assertTrue(policies.hasPolicy(7));
        vm.assertEq(policies.policyCount(7), 1);
        (PolicyInput memory kept, bytes32 known, uint64 first, uint48 begin) = policies.policyAt(7, 0);
        vm.assertEq(keccak256(abi.encode(kept)), digest);
        vm.assertEq(known, digest);
        vm.assertEq(first, 1);
        vm.assertEq(begin, block.timestamp);
    }

    function test_setPolicy__first_with_a_start__waitsForIt() public {
        PolicyInput memory policy = _policy();
        policy.start = uint48(block.timestamp) + 100;
        _set(7, policy);
        vm.assertFalse(policies.hasPolicy(7));
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, 7));
        policies.currentTerms(7);
        vm.warp(policy.start - 1);
        vm.assertFalse(policies.hasPolicy(7));
        vm.warp(policy.start);
        vm.assertTrue(policies.hasPolicy(7));
        vm.assertEq(policies.frameTimes(7, 1).end, policy.start + STEP);
    }

    function test_setPolicy__first_not_yet_in_force__isReplacedWhole() public {
        PolicyInput memory policy = _policy();
        policy.start = uint48(block.timestamp) + 100;
        _set(7, policy);
        policy.start += 50;
        _set(7, policy);
        vm.assertEq(policies.policyCount(7), 1);
        (,,, uint48 begin) = policies.policyAt(7, 0);
        vm.assertEq(begin, policy.start);
    }

    function test_setPolicy__further__takesForceAtTheNextBoundary() public {
        bytes32 before = policies.currentTerms(MODEL).digest;
        bytes32 digest = _set(MODEL, _changed());
        (,, uint64 first, uint48 begin) = policies.policyAt(MODEL, 1);
        vm.assertEq(first, 3);
        vm.assertEq(begin, _frameEnd(2));
        vm.assertEq(policies.currentTerms(MODEL).digest, before);
        vm.assertEq(policies.termsOf(MODEL, 2).digest, before);
        vm.assertEq(policies.termsOf(MODEL, 3).digest, digest);
        vm.warp(_frameEnd(2) - 1);
        vm.assertEq(policies.currentTerms(MODEL).digest, before);
        vm.warp(_frameEnd(2));
        vm.assertEq(policies.currentTerms(MODEL).digest, digest);
    }

    function test_setPolicy__further_not_yet_in_force__isReplaced() public {
        _set(MODEL, _changed());
        PolicyInput memory policy = _policy();
        policy.suspension = 9;
        bytes32 digest = _set(MODEL, policy);
        vm.assertEq(policies.policyCount(MODEL), 2);
        vm.assertEq(policies.termsOf(MODEL, 3).digest, digest);
        vm.warp(_frameEnd(2));
        _set(MODEL, _policy());
        vm.assertEq(policies.policyCount(MODEL), 3, "what is in force is not replaced");
    }

    function test_setPolicy__frames_longer_than_their_step__waitForAFrameThatBeginsLater() public {
        PolicyInput memory policy = _policy();
        policy.length = 3 * STEP;
        _set(MODEL, policy);
        (,, uint64 first, uint48 begin) = policies.policyAt(MODEL, 1);
        vm.assertEq(begin, _frameEnd(4));
        vm.assertEq(first, 5);
        FrameTimes memory times = policies.frameTimes(MODEL, 5);
        vm.assertGe(times.start, block.timestamp);
        vm.assertEq(times.start, _frameEnd(5) - 3 * STEP);
    }

    function test_terms__sayWhatTheHubNeeds() public {
        PolicyInput memory policy = _policy();
        policy.staleSuspends = true;
        bytes32 digest = _set(7, policy);
        Terms memory terms = policies.termsOf(7, 2);
        uint48 begin = uint48(block.timestamp);
        vm.assertEq(terms.digest, digest);
        vm.assertEq(terms.start, begin + STEP);
        vm.assertEq(terms.end, begin + 2 * STEP);
        vm.assertEq(terms.acceptUntil, begin + 2 * STEP + DEADLINE);
        vm.assertEq(terms.suspension, SUSPENSION);
        vm.assertTrue(terms.staleSuspends);
        vm.assertEq(terms.k, 2);
        vm.assertEq(terms.panelSize, 3);
        vm.assertEq(terms.ruleCount, 4);
        vm.assertTrue(terms.code.code.length > 0);
        Terms memory now_ = policies.currentTerms(7);
        vm.assertEq(now_.digest, digest);
        vm.assertEq(now_.end, 0);
        FrameTimes memory times = policies.frameTimes(7, 2);
        vm.assertEq(times.sealFrom, begin + 2 * STEP + GRACE);
        vm.assertEq(times.start, terms.start);
        vm.assertEq(times.end, terms.end);
        vm.assertEq(times.acceptUntil, terms.acceptUntil);
    }

    function test_frames__count_on_across_a_new_step() public {
        PolicyInput memory policy = _changed();
        (policy.step, policy.length) = (100, 100);
        _set(MODEL, policy);
        vm.assertEq(policies.frameTimes(MODEL, 2).end, _frameEnd(2));
        vm.assertEq(policies.frameTimes(MODEL, 3).end, _frameEnd(2) + 100);
        vm.warp(_frameEnd(2) + 250);
        vm.assertEq(policies.lastFrameAt(MODEL, uint48(block.timestamp)), 4);
        vm.assertEq(policies.boundaryAtOrAfter(MODEL, uint48(block.timestamp)), _frameEnd(2) + 300);
        vm.assertEq(policies.boundaryAtOrAfter(MODEL, _frameEnd(2) + 300), _frameEnd(2) + 300);
        vm.assertEq(policies.lastFrameAt(MODEL, _frameEnd(2)), 2);
        vm.assertEq(policies.lastFrameAt(MODEL, _frameEnd(1) - 1), 0);
    }

    function test_frameTimes__length_beyond_the_beginning_of_time__startsAtZero() public {
        PolicyInput memory policy = _policy();
        policy.length = type(uint32).max;
        _set(7, policy);
        vm.assertEq(policies.frameTimes(7, 1).start, 0);
    }

    function test_frameTimes__frame_zero_or_beyond_time__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, MODEL));
        policies.frameTimes(MODEL, 0);
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyFrameTooFar.selector, MODEL, type(uint64).max));
        policies.termsOf(MODEL, type(uint64).max);
        uint64 last = uint64((type(uint48).max - DEADLINE - base) / STEP);
        policies.frameTimes(MODEL, last);
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyFrameTooFar.selector, MODEL, last + 1));
        policies.frameTimes(MODEL, last + 1);
    }

    function test_lastFrameDue__followsTheDeadlines() public {
        vm.assertEq(policies.lastFrameDue(9), 0);
        vm.warp(_frameEnd(1) + DEADLINE);
        vm.assertEq(policies.lastFrameDue(MODEL), 0);
        vm.warp(_frameEnd(1) + DEADLINE + 1);
        vm.assertEq(policies.lastFrameDue(MODEL), 1);
        vm.warp(_frameEnd(4) + DEADLINE + 1);
        vm.assertEq(policies.lastFrameDue(MODEL), 4);
    }

    function test_lastFrameDue__over_a_new_policy__staysWithinTheOld() public {
        PolicyInput memory policy = _changed();
        policy.deadline = 5 * STEP;
        _set(MODEL, policy);
        vm.warp(_frameEnd(6));
        vm.assertEq(policies.lastFrameDue(MODEL), 2, "frames 3 and on are not due yet");
        vm.warp(_frameEnd(3) + 5 * STEP + 1);
        vm.assertEq(policies.lastFrameDue(MODEL), 3);
    }

    function test_policyAt__unknown__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, MODEL));
        policies.policyAt(MODEL, 1);
    }

    function test_setPolicy__rule_count__isBounded() public {
        PolicyInput memory policy = _policy();
        policy.rules = new Rule[](0);
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyRuleCountInvalid.selector, 0));
        policy.rules = new Rule[](25);
        for (uint256 i = 0; i < 25; ++i) {
            policy.rules[i] = _rule("m", Severity.Trip, 1);
        }
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyRuleCountInvalid.selector, 25));
        Rule[] memory most = new Rule[](24);
        for (uint256 i = 0; i < 24; ++i) {
            most[i] = policy.rules[i];
        }
        policy.rules = most;
        _set(7, policy);
    }

    function test_setPolicy__panel_and_k__areBounded() public {
        PolicyInput memory policy = _policy();
        for (uint8 k = 0; k < 5; ++k) {
            policy.k = k;
            if (k == 2 || k == 3) _set(7, policy);
            else _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyPanelInvalid.selector, 3, k));
        }
        (policy.panel, policy.k) = (new address[](0), 1);
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyPanelInvalid.selector, 0, 1));
        policy.panel = new address[](97);
        for (uint160 i = 0; i < 97; ++i) {
            policy.panel[i] = address(i + 1000);
            vm.prank(admin);
            monitorRegistry.admit(policy.panel[i], "m", "");
        }
        policy.k = 60;
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyPanelInvalid.selector, 97, 60));
        address[] memory most = new address[](96);
        for (uint256 i = 0; i < 96; ++i) {
            most[i] = policy.panel[i];
        }
        (policy.panel, policy.k) = (most, 48);
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyPanelInvalid.selector, 96, 48));
        policy.k = 49;
        _set(7, policy);
    }

    function test_setPolicy__panel_member_twice_or_not_admitted__isRefused() public {
        PolicyInput memory policy = _policy();
        policy.panel[2] = policy.panel[0];
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyMonitorInvalid.selector, monitors[0]));
        policy.panel[2] = STRANGER;
        _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyMonitorInvalid.selector, STRANGER));
        vm.prank(admin);
        monitorRegistry.dismiss(monitors[1]);
        _refused(_policy(), abi.encodeWithSelector(PolicyBook.PolicyMonitorInvalid.selector, monitors[1]));
    }

    function test_setPolicy__times_that_do_not_fit__areRefused() public {
        PolicyInput memory policy = _policy();
        (policy.step, policy.length) = (0, 0);
        _refusedTimes(policy);
        (policy.step, policy.length) = (STEP, STEP - 1);
        _refusedTimes(policy);
        (policy.length, policy.grace) = (STEP, policy.deadline);
        _refusedTimes(policy);
        policy.grace = policy.deadline - 1;
        _set(7, policy);
    }

    function test_setPolicy__rule_that_cannot_be__isRefused() public {
        for (uint256 i = 0; i < 6; ++i) {
            PolicyInput memory policy = _policy();
            Rule memory rule = policy.rules[1];
            if (i == 0) rule.metric = "";
            if (i == 1) rule.m = 0;
            if (i == 2) rule.m = rule.w + 1;
            if (i == 3) rule.limit = rule.lo - 1;
            if (i == 4) rule.limit = rule.hi + 1;
            if (i == 5) rule.lo = type(int64).min;
            _refused(policy, abi.encodeWithSelector(PolicyBook.PolicyRuleInvalid.selector, 1));
        }
        PolicyInput memory edge = _policy();
        edge.rules[1].limit = edge.rules[1].lo;
        edge.rules[2].limit = edge.rules[2].hi;
        (edge.rules[3].m, edge.rules[3].w) = (3, 3);
        _set(7, edge);
    }

    function test_setPolicy__by_others__isRefused() public {
        PolicyInput memory policy = _policy();
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, STEWARD, address(governor)][i];
            _unauthorized(who);
            policies.setPolicy(MODEL, policy);
            _unauthorized(who);
            policies.setLog(log);
        }
    }

    function test_setLog__again__isRefused() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyLogNamed.selector, address(log)));
        policies.setLog(IDecisionLog(STRANGER));
    }

    function test_setLog__once__isToldAndPoliciesNeedIt() public {
        PolicyBook book = new PolicyBook(address(access), monitorRegistry);
        PolicyInput memory policy = _policy();
        vm.startPrank(admin);
        vm.expectRevert(PolicyBook.PolicyLogMissing.selector);
        book.setPolicy(MODEL, policy);
        vm.expectEmit(address(book));
        emit PolicyBook.LogNamed(address(log));
        book.setLog(log);
        vm.stopPrank();
        vm.assertEq(address(book.log()), address(log));
    }

    function test_write__more_than_a_contract_holds__isRefused() public {
        vm.expectRevert(PolicyCode.PolicyCodeWriteFailed.selector);
        this.write{gas: 3_000_000}(new bytes(20_000));
        vm.assertEq(this.write(hex"0102").code.length, 3);
    }

    function write(bytes memory data) external returns (address) {
        return PolicyCode.write(data);
    }

    function _changed() private view returns (PolicyInput memory policy) {
        policy = _policy();
        policy.suspension = 5;
    }

    function _set(uint256 model, PolicyInput memory policy) private returns (bytes32) {
        vm.prank(admin);
        return policies.setPolicy(model, policy);
    }

    function _refused(PolicyInput memory policy, bytes memory why) private {
        vm.prank(admin);
        vm.expectRevert(why);
        policies.setPolicy(7, policy);
    }

    function _refusedTimes(PolicyInput memory policy) private {
        _refused(
            policy,
            abi.encodeWithSelector(
                PolicyBook.PolicyTimesInvalid.selector, policy.step, policy.length, policy.grace, policy.deadline
            )
        );
    }
}
