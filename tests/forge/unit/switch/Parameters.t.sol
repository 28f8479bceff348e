// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KillSwitch} from "../../../../contracts/oversight/KillSwitch.sol";
import {SwitchBase} from "../../../../contracts/oversight/switch/SwitchBase.sol";
import {SwitchParameters, SwitchParametersLib} from "../../../../contracts/oversight/switch/SwitchParameters.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Parameters of the switch, their hard bounds, and the span that the governor tells.
contract SwitchParametersTest is World {
    function test_parameters__asDeployed() public view {
        vm.assertEq(keccak256(abi.encode(killSwitch.parameters())), keccak256(abi.encode(_parameters())));
        (SwitchParameters memory least, SwitchParameters memory most) = killSwitch.bounds();
        (SwitchParameters memory low, SwitchParameters memory high) = _bounds();
        vm.assertEq(keccak256(abi.encode(least, most)), keccak256(abi.encode(low, high)));
        vm.assertEq(killSwitch.voteSpan(), SPAN);
        vm.assertEq(address(killSwitch.registry()), address(registry));
        vm.assertEq(address(killSwitch.policies()), address(policies));
    }

    function test_setParameters__within_bounds__isTold() public {
        SwitchParameters memory value = _parameters();
        (value.budget, value.cooldown) = (30_000, 7);
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.ParametersChanged(_parameters(), value);
        vm.prank(admin);
        killSwitch.setParameters(value);
        vm.assertEq(keccak256(abi.encode(killSwitch.parameters())), keccak256(abi.encode(value)));
    }

    function test_setParameters__at_the_bounds__isTaken() public {
        (SwitchParameters memory least, SwitchParameters memory most) = _bounds();
        SwitchParameters memory value = _parameters();
        (value.budget, value.refill, value.hardCap) = (most.budget, most.refill, most.hardCap);
        (value.cooldown, value.guardianPeriod) = (most.cooldown, most.guardianPeriod);
        (value.guardianModels, value.haltBudget) = (most.guardianModels, most.haltBudget);
        (value.margin, value.openWindow) = (most.margin, SPAN);
        _set(value);
        (value.margin, value.openWindow, value.cooldown) = (least.margin, least.openWindow, least.cooldown);
        (value.refill, value.guardianPeriod) = (least.refill, least.guardianPeriod);
        (value.guardianModels, value.haltBudget) = (least.guardianModels, least.haltBudget);
        _set(value);
    }

    function test_setParameters__beyond_each_bound__isRefused() public {
        (SwitchParameters memory least, SwitchParameters memory most) = _bounds();
        for (uint256 i = 0; i < 9; ++i) {
            uint256 high = _field(most, i);
            _refused(_with(i, high + 1), i, high + 1, _field(least, i), high);
            uint256 low = _field(least, i);
            if (low > 0) _refused(_with(i, low - 1), i, low - 1, low, high);
        }
    }

    function test_setParameters__cap_shorter_than_a_vote__isRefused() public {
        SwitchParameters memory value = _parameters();
        uint256 needed = WINDOW + SPAN + MARGIN;
        value.hardCap = uint48(needed - 1);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(SwitchParametersLib.SuspensionShorterThanVote.selector, needed, needed - 1)
        );
        killSwitch.setParameters(value);
        value.hardCap = uint48(needed);
        _set(value);
    }

    function test_setParameters__budget_below_the_cap__isRefused() public {
        SwitchParameters memory value = _parameters();
        value.budget = HARD_CAP - 1;
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(
                SwitchParametersLib.BudgetShorterThanSuspension.selector, HARD_CAP, HARD_CAP - 1
            )
        );
        killSwitch.setParameters(value);
        value.budget = HARD_CAP;
        _set(value);
    }

    function test_setParameters__by_others__isRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            _unauthorized([STRANGER, GUARD, address(governor)][i]);
            killSwitch.setParameters(_parameters());
        }
    }

    function test_deployment__refill_as_fast_as_time__isRefused() public {
        (SwitchParameters memory least, SwitchParameters memory most) = _bounds();
        most.refill = 1e6;
        vm.expectRevert(abi.encodeWithSelector(SwitchParametersLib.RefillUnbounded.selector, uint32(1e6)));
        new KillSwitch(address(access), registry, policies, least, _parameters(), most);
        most.refill = 1e6 - 1;
        new KillSwitch(address(access), registry, policies, least, _parameters(), most);
    }

    function test_deployment__tellsItsParameters() public {
        (SwitchParameters memory least, SwitchParameters memory most) = _bounds();
        most.budget = BUDGET - 1;
        vm.expectRevert(
            abi.encodeWithSelector(
                SwitchParametersLib.ParameterOutOfBounds.selector, 0, BUDGET, least.budget, BUDGET - 1
            )
        );
        new KillSwitch(address(access), registry, policies, least, _parameters(), most);
    }

    function test_setVoteSpan__fits__isTold() public {
        vm.expectEmit(address(killSwitch));
        emit SwitchBase.VoteSpanChanged(SPAN, WINDOW);
        vm.prank(address(governor));
        killSwitch.setVoteSpan(WINDOW);
        vm.assertEq(killSwitch.voteSpan(), WINDOW);
    }

    function test_setVoteSpan__shorter_than_the_window__isRefused() public {
        vm.prank(address(governor));
        vm.expectRevert(abi.encodeWithSelector(SwitchParametersLib.WindowLongerThanVote.selector, WINDOW, WINDOW - 1));
        killSwitch.setVoteSpan(WINDOW - 1);
    }

    function test_setVoteSpan__longer_than_a_suspension__isRefused() public {
        uint48 most = HARD_CAP - WINDOW - MARGIN;
        vm.startPrank(address(governor));
        vm.expectRevert(
            abi.encodeWithSelector(
                SwitchParametersLib.SuspensionShorterThanVote.selector, HARD_CAP + 1, HARD_CAP
            )
        );
        killSwitch.setVoteSpan(most + 1);
        killSwitch.setVoteSpan(most);
        vm.stopPrank();
    }

    function _set(SwitchParameters memory value) private {
        vm.prank(admin);
        killSwitch.setParameters(value);
    }

    function _refused(SwitchParameters memory value, uint256 i, uint256 given, uint256 low, uint256 high) private {
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(SwitchParametersLib.ParameterOutOfBounds.selector, i, given, low, high)
        );
        killSwitch.setParameters(value);
    }

    function _with(uint256 i, uint256 given) private pure returns (SwitchParameters memory value) {
        value = _parameters();
        if (i == 0) value.budget = uint48(given);
        if (i == 1) value.refill = uint32(given);
        if (i == 2) value.hardCap = uint48(given);
        if (i == 3) value.margin = uint48(given);
        if (i == 4) value.openWindow = uint48(given);
        if (i == 5) value.cooldown = uint48(given);
        if (i == 6) value.guardianPeriod = uint48(given);
        if (i == 7) value.guardianModels = uint32(given);
        if (i == 8) value.haltBudget = uint48(given);
    }

    function _field(SwitchParameters memory value, uint256 i) private pure returns (uint256) {
        uint256[9] memory fields = [
            uint256(value.budget),
            value.refill,
            value.hardCap,
            value.margin,
            value.openWindow,
            value.cooldown,
            value.guardianPeriod,
            value.guardianModels,
            value.haltBudget
        ];
        return fields[i];
    }
}
