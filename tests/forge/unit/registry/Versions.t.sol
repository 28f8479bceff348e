// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {PolicyInput} from "../../../../contracts/interfaces/IPolicyBook.sol";
import {IReportHub} from "../../../../contracts/interfaces/IReportHub.sol";
import {Version} from "../../../../contracts/interfaces/IModelRegistry.sol";
import {ModelRegistry} from "../../../../contracts/oversight/ModelRegistry.sol";
import {PolicyBook} from "../../../../contracts/oversight/PolicyBook.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Models, their stewards, their versions and when these take force.
contract RegistryVersionsTest is World {
    address private constant HEIR = address(0x4E12);

    function test_registerModel__mintsItToItsSteward() public {
        vm.expectEmit(address(registry));
        emit ModelRegistry.ModelRegistered(2, STRANGER, "new");
        vm.prank(STRANGER);
        vm.assertEq(registry.registerModel("new"), 2);
        vm.assertEq(registry.modelCount(), 2);
        vm.assertEq(registry.stewardOf(2), STRANGER);
        vm.assertEq(registry.ownerOf(2), STRANGER);
        vm.assertEq(registry.nameOf(2), "new");
        vm.assertEq(registry.versionCount(2), 0);
        vm.assertEq(registry.activeVersion(2), 0);
        vm.assertEq(registry.activeSince(2), 0);
        vm.assertEq(registry.name(), "Tribune model");
        vm.assertEq(registry.symbol(), "TRIBUNE-MODEL");
        vm.assertEq(address(registry.policies()), address(policies));
    }

    function test_registerModel__no_name__isRefused() public {
        vm.expectRevert(ModelRegistry.ModelNameEmpty.selector);
        registry.registerModel("");
        vm.assertEq(registry.registerModel("x"), 2);
    }

    function test_stewardOf__unknown_model__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        registry.stewardOf(9);
    }

    function test_registerVersion__keepsItsDetailsAndTime() public {
        Version memory details = Version({
            artifact: keccak256("a"),
            profile: keccak256("p"),
            evaluationSet: keccak256("e"),
            trainingData: keccak256("t"),
            configuration: keccak256("c"),
            parent: 1,
            registeredAt: 5,
            uri: "ipfs://card"
        });
        Version memory kept = abi.decode(abi.encode(details), (Version));
        kept.registeredAt = uint48(block.timestamp);
        vm.expectEmit(address(registry));
        emit ModelRegistry.VersionRegistered(MODEL, 2, kept);
        vm.prank(STEWARD);
        vm.assertEq(registry.registerVersion(MODEL, details), 2);
        vm.assertEq(registry.versionCount(MODEL), 2);
        vm.assertEq(keccak256(abi.encode(registry.versionOf(MODEL, 2))), keccak256(abi.encode(kept)));
        vm.assertEq(registry.evaluationSetOf(MODEL, 2), keccak256("e"));
    }

    function test_registerVersion__something_missing__isRefused() public {
        for (uint256 i = 0; i < 4; ++i) {
            Version memory details = _version();
            if (i == 0) details.artifact = 0;
            if (i == 1) details.profile = 0;
            if (i == 2) details.evaluationSet = 0;
            if (i == 3) details.parent = 2;
            vm.prank(STEWARD);
            vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelVersionInvalid.selector, MODEL));
            registry.registerVersion(MODEL, details);
        }
    }

    function test_steward__alone__registersAndActivates() public {
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, admin, monitors[0]][i];
            bytes memory refusal = abi.encodeWithSelector(ModelRegistry.ModelNotSteward.selector, MODEL, who);
            Version memory details = _version();
            vm.startPrank(who);
            vm.expectRevert(refusal);
            registry.registerVersion(MODEL, details);
            vm.expectRevert(refusal);
            registry.activate(MODEL, 1);
            vm.stopPrank();
        }
    }

    function test_versionOf__unknown__isRefused() public {
        for (uint32 i = 0; i < 2; ++i) {
            bytes memory refusal =
                abi.encodeWithSelector(ModelRegistry.ModelVersionUnknown.selector, MODEL, i * 2);
            vm.expectRevert(refusal);
            registry.versionOf(MODEL, i * 2);
            vm.expectRevert(refusal);
            registry.evaluationSetOf(MODEL, i * 2);
            vm.prank(STEWARD);
            vm.expectRevert(refusal);
            registry.activate(MODEL, i * 2);
        }
    }

    function test_activate__takesForceAtTheNextBoundary() public {
        uint32 version = _evaluated();
        vm.expectEmit(address(registry));
        emit ModelRegistry.VersionActivated(MODEL, version, 1, _frameEnd(2));
        vm.prank(STEWARD);
        vm.assertEq(registry.activate(MODEL, version), _frameEnd(2));
        vm.assertEq(registry.activeVersion(MODEL), 1);
        vm.assertEq(registry.versionAt(MODEL, _frameEnd(2) - 1), 1);
        vm.assertEq(registry.versionAt(MODEL, _frameEnd(2)), 2);
        vm.assertEq(registry.versionAt(MODEL, _frameEnd(1)), 1);
        vm.assertEq(registry.versionAt(MODEL, _frameEnd(1) - 1), 0);
        vm.warp(_frameEnd(2) - 1);
        vm.assertEq(registry.activeVersion(MODEL), 1);
        vm.warp(_frameEnd(2));
        vm.assertEq(registry.activeVersion(MODEL), 2);
        vm.assertEq(registry.activeSince(MODEL), _frameEnd(1));
    }

    function test_versionAt__many_activations__findsEach() public {
        for (uint64 i = 2; i < 5; ++i) {
            _activate(_evaluated());
            vm.warp(_frameEnd(i) + 1);
        }
        for (uint32 i = 1; i < 5; ++i) {
            vm.assertEq(registry.versionAt(MODEL, _frameEnd(i)), i);
            vm.assertEq(registry.versionAt(MODEL, _frameEnd(i) - 1), i - 1);
            (address steward, uint32 version) = registry.stewardAndVersionAt(MODEL, _frameEnd(i));
            vm.assertEq(steward, STEWARD);
            vm.assertEq(version, i);
        }
    }

    function test_activate__earlier_version_again__takesForce() public {
        _activate(_evaluated());
        vm.warp(_frameEnd(2) + 1);
        vm.prank(STEWARD);
        registry.activate(MODEL, 1);
        vm.warp(_frameEnd(3));
        vm.assertEq(registry.activeVersion(MODEL), 1);
    }

    function test_activate__one_under_way__isRefused() public {
        _activate(_evaluated());
        uint32 next = _evaluated();
        vm.prank(STEWARD);
        vm.expectRevert(
            abi.encodeWithSelector(ModelRegistry.ModelActivationPending.selector, MODEL, _frameEnd(2))
        );
        registry.activate(MODEL, next);
        vm.warp(_frameEnd(2));
        vm.prank(STEWARD);
        vm.expectRevert(
            abi.encodeWithSelector(ModelRegistry.ModelActivationPending.selector, MODEL, _frameEnd(2))
        );
        registry.activate(MODEL, next);
        vm.warp(_frameEnd(2) + 1);
        _activate(next);
    }

    function test_activate__closer_than_the_distance__isRefused() public {
        vm.prank(admin);
        registry.setActivationDistance(3 * STEP);
        uint32 version = _evaluated();
        uint48 earliest = _frameEnd(1) + 3 * STEP;
        vm.prank(STEWARD);
        vm.expectRevert(
            abi.encodeWithSelector(
                ModelRegistry.ModelActivationTooSoon.selector, MODEL, _frameEnd(2), earliest
            )
        );
        registry.activate(MODEL, version);
        vm.warp(_frameEnd(3) + 1);
        _activate(version);
        vm.warp(earliest);
        vm.assertEq(registry.activeVersion(MODEL), version);
    }

    function test_activate__not_evaluated_under_the_policy_in_force__isRefused() public {
        uint32 version = _evaluated();
        PolicyInput memory policy = _policy();
        policy.suspension += 1;
        vm.prank(admin);
        policies.setPolicy(MODEL, policy);
        vm.warp(_frameEnd(2));
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelNotEvaluated.selector, MODEL, version));
        registry.activate(MODEL, version);
    }

    function test_activate__model_without_a_policy__isRefused() public {
        vm.startPrank(STEWARD);
        uint256 model = registry.registerModel("lawless");
        registry.registerVersion(model, _version());
        vm.expectRevert(abi.encodeWithSelector(PolicyBook.PolicyMissing.selector, model));
        registry.activate(model, 1);
        vm.stopPrank();
        vm.assertFalse(killSwitch.isOperational(model));
    }

    function test_transfer__movesStewardshipAndFreesNothing() public {
        _breach(TRIP, 2);
        vm.prank(STEWARD);
        registry.transferFrom(STEWARD, HEIR, MODEL);
        vm.assertEq(registry.stewardOf(MODEL), HEIR);
        (address steward,) = registry.stewardAndVersionAt(MODEL, uint48(block.timestamp));
        vm.assertEq(steward, HEIR);
        _is(State.Suspended);
        vm.prank(HEIR);
        registry.registerVersion(MODEL, _version());
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelNotSteward.selector, MODEL, STEWARD));
        registry.registerVersion(MODEL, _version());
    }

    function test_transfer__by_approval__movesStewardshipToo() public {
        vm.prank(STEWARD);
        registry.approve(STRANGER, MODEL);
        vm.prank(STRANGER);
        registry.safeTransferFrom(STEWARD, HEIR, MODEL);
        (address steward,) = registry.stewardAndVersionAt(MODEL, uint48(block.timestamp));
        vm.assertEq(steward, HEIR);
    }

    function test_setActivationDistance__isToldAndBounded() public {
        uint48 most = registry.MAX_ACTIVATION_DISTANCE();
        vm.assertEq(most, 30 days);
        vm.expectEmit(address(registry));
        emit ModelRegistry.ActivationDistanceChanged(0, most);
        vm.startPrank(admin);
        registry.setActivationDistance(most);
        vm.assertEq(registry.activationDistance(), most);
        vm.expectRevert(
            abi.encodeWithSelector(ModelRegistry.ModelActivationDistanceTooLong.selector, most + 1, most)
        );
        registry.setActivationDistance(most + 1);
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(ModelRegistry.ModelActivationDistanceTooLong.selector, most + 1, most)
        );
        new ModelRegistry(address(access), policies, most + 1);
        vm.assertEq(new ModelRegistry(address(access), policies, 7).activationDistance(), 7);
    }

    function test_setHub__isTold() public {
        vm.expectEmit(address(registry));
        emit ModelRegistry.HubChanged(address(hub), address(1));
        vm.prank(admin);
        registry.setHub(IReportHub(address(1)));
        vm.assertEq(address(registry.hub()), address(1));
    }

    function test_settings__by_others__areRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, STEWARD, address(governor)][i];
            _unauthorized(who);
            registry.setHub(hub);
            _unauthorized(who);
            registry.setActivationDistance(1);
        }
    }

    function _evaluated() private returns (uint32 version) {
        vm.prank(STEWARD);
        version = registry.registerVersion(MODEL, _version());
        _evaluate(version);
    }
}
