// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Anchor, Decision} from "../../../contracts/interfaces/IDecisionLog.sol";
import {Grid, PolicyInput} from "../../../contracts/interfaces/IPolicyBook.sol";
import {DecisionLog} from "../../../contracts/oversight/DecisionLog.sol";
import {PolicyBook} from "../../../contracts/oversight/PolicyBook.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice Anchors of sealed logs, and the proof that a decision is in one.
contract DecisionLogTest is World {
    bytes32 private constant _MANIFEST = keccak256("manifest");
    address private constant _LOGGER = address(0x1066E2);

    function test_anchor__sealed_frame__isKeptForGood() public {
        vm.assertEq(address(log.registry()), address(registry));
        vm.assertEq(address(log.policies()), address(policies));
        vm.warp(_frameEnd(2) + GRACE);
        vm.expectEmit(address(log));
        emit DecisionLog.FrameAnchored(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
        vm.startPrank(STEWARD);
        log.anchor(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
        vm.assertEq(log.anchorOf(MODEL, 1, 2), keccak256(abi.encode(_MANIFEST, ROOT, ROWS)));
        vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogAlreadyAnchored.selector, MODEL, 1, 2));
        log.anchor(MODEL, 1, 2, keccak256("another"), ROOT, ROWS);
        vm.stopPrank();
        vm.assertEq(log.anchorOf(MODEL, 2, 2), 0);
        vm.assertEq(log.anchorOf(MODEL, 1, 3), 0);
        vm.assertEq(log.anchorOf(MODEL + 1, 1, 2), 0);
    }

    function test_anchor__before_its_grace_is_over__isRefused() public {
        vm.warp(_frameEnd(2) + GRACE - 1);
        _refused(2, 1, abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, 2));
        _refused(1 << 50, 1, abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, 1 << 50));
        uint64 last = type(uint64).max;
        _refused(last, 1, abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, last));
    }

    function test_anchor__frame_zero__isRefused() public {
        _refused(0, 1, abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, MODEL));
    }

    function test_anchor__another_version__isRefused() public {
        vm.warp(_frameEnd(2) + GRACE);
        _refused(2, 2, abi.encodeWithSelector(DecisionLog.LogWrongVersion.selector, MODEL, 2, 2));
        _refused(1, 1, abi.encodeWithSelector(DecisionLog.LogWrongVersion.selector, MODEL, 1, 1));
        _refused(1, 0, abi.encodeWithSelector(DecisionLog.LogWrongVersion.selector, MODEL, 0, 1));
    }

    function test_anchor__version_in_force_at_the_end__counts() public {
        vm.prank(STEWARD);
        registry.registerVersion(MODEL, _version());
        _evaluate(2);
        _activate(2);
        vm.warp(_frameEnd(3) + GRACE);
        _refused(2, 2, abi.encodeWithSelector(DecisionLog.LogWrongVersion.selector, MODEL, 2, 2));
        _refused(3, 1, abi.encodeWithSelector(DecisionLog.LogWrongVersion.selector, MODEL, 1, 3));
        _anchor(MODEL, 1, 2);
        _anchor(MODEL, 2, 3);
    }

    function test_anchor__by_others__isRefused() public {
        vm.warp(_frameEnd(2) + GRACE);
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, admin, monitors[0]][i];
            vm.prank(who);
            vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogNotAuthorized.selector, MODEL, who));
            log.anchor(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
        }
    }

    function test_logger__named_by_the_steward__anchorsUntilTheModelIsHandedOn() public {
        vm.expectEmit(address(log));
        emit DecisionLog.LoggerChanged(MODEL, address(0), _LOGGER);
        vm.prank(STEWARD);
        log.setLogger(MODEL, _LOGGER);
        vm.assertEq(log.loggerOf(MODEL), _LOGGER);
        vm.warp(_frameEnd(3) + GRACE);
        vm.prank(_LOGGER);
        log.anchor(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
        vm.prank(STEWARD);
        registry.transferFrom(STEWARD, STRANGER, MODEL);
        vm.assertEq(log.loggerOf(MODEL), address(0));
        vm.prank(_LOGGER);
        vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogNotAuthorized.selector, MODEL, _LOGGER));
        log.anchor(MODEL, 1, 3, _MANIFEST, ROOT, ROWS);
    }

    function test_setLogger__by_others__isRefused() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogNotAuthorized.selector, MODEL, STRANGER));
        log.setLogger(MODEL, STRANGER);
    }

    function test_onPolicy__by_anyone_but_the_book__isRefused() public {
        for (uint256 i = 0; i < 2; ++i) {
            address who = [STRANGER, admin][i];
            vm.prank(who);
            vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogNotAuthorized.selector, MODEL, who));
            log.onPolicy(MODEL, Grid(1, 1, 1, 1));
        }
    }

    function test_anchor__over_a_new_grid__keepsEachFramesTimes() public {
        PolicyInput memory policy = _policy();
        (policy.step, policy.length, policy.grace) = (100, 100, 7);
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
        vm.warp(_frameEnd(2) + GRACE - 1);
        _refused(2, 1, abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, 2));
        vm.warp(_frameEnd(2) + GRACE);
        _anchor(MODEL, 1, 2);
        vm.warp(_frameEnd(2) + 106);
        _refused(3, 1, abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, 3));
        vm.warp(_frameEnd(2) + 107);
        _anchor(MODEL, 1, 3);
    }

    function test_anchor__log_that_was_told_nothing__asksTheBook() public {
        DecisionLog other = new DecisionLog(registry, policies);
        vm.warp(_frameEnd(2) + GRACE - 1);
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(DecisionLog.LogFrameNotOver.selector, MODEL, 2));
        other.anchor(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
        vm.warp(_frameEnd(2) + GRACE);
        vm.prank(STEWARD);
        other.anchor(MODEL, 1, 2, _MANIFEST, ROOT, ROWS);
    }

    function test_verify__decision_in_an_anchored_tree__isTrueAndNothingElse() public {
        Decision memory decision = Decision("id-1", 12345, keccak256("body"));
        bytes32 fields =
            keccak256(abi.encode(MODEL, uint32(1), keccak256("id-1"), uint64(12345), keccak256("body")));
        bytes32 leaf = keccak256(bytes.concat(fields));
        vm.assertEq(log.leafOf(MODEL, 1, decision), leaf);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = keccak256("sibling");
        bytes32 root = leaf < proof[0]
            ? keccak256(bytes.concat(leaf, proof[0]))
            : keccak256(bytes.concat(proof[0], leaf));
        vm.warp(_frameEnd(3) + GRACE);
        vm.startPrank(STEWARD);
        log.anchor(MODEL, 1, 2, _MANIFEST, root, 2);
        log.anchor(MODEL, 1, 3, _MANIFEST, root, 0);
        vm.stopPrank();
        Anchor memory anchored = Anchor(_MANIFEST, root, 2);
        vm.assertTrue(log.verify(MODEL, 1, 2, decision, anchored, proof));
        vm.assertFalse(log.verify(MODEL, 2, 2, decision, anchored, proof));
        vm.assertFalse(log.verify(MODEL, 1, 4, decision, anchored, proof));
        vm.assertFalse(log.verify(MODEL, 1, 3, decision, Anchor(_MANIFEST, root, 0), proof));
        vm.assertFalse(log.verify(MODEL, 1, 2, decision, Anchor(_MANIFEST, root, 3), proof));
        decision.id = "id-2";
        vm.assertFalse(log.verify(MODEL, 1, 2, decision, anchored, proof));
    }

    function test_verify__frame_not_anchored__isFalse() public view {
        Decision memory decision;
        vm.assertFalse(log.verify(MODEL, 1, 9, decision, Anchor(0, 0, 1), new bytes32[](0)));
    }

    function _refused(uint64 frame, uint32 version, bytes memory why) private {
        vm.prank(STEWARD);
        vm.expectRevert(why);
        log.anchor(MODEL, version, frame, _MANIFEST, ROOT, ROWS);
    }
}
