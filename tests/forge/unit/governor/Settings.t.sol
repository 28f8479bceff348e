// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {FastLane, PauseGovernor} from "../../../../contracts/governance/PauseGovernor.sol";
import {HolderCalls} from "../../../../contracts/governance/HolderCalls.sol";
import {TimestampClock} from "../../../../contracts/governance/TimestampClock.sol";
import {SignerGas} from "../../../../contracts/libraries/SignerGas.sol";
import {BlockClockToken} from "../../../../contracts/mocks/BlockClockToken.sol";
import {SwitchParametersLib} from "../../../../contracts/oversight/switch/SwitchParameters.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Settings of the fast lane: who changes them, and within what.
contract GovernorSettingsTest is World {
    function test_deployment__keepsItsSettings() public view {
        vm.assertEq(address(governor.killSwitch()), address(killSwitch));
        vm.assertEq(address(governor.registry()), address(registry));
        vm.assertEq(governor.executive(), admin);
        vm.assertEq(governor.votingDelay(), DELAY);
        vm.assertEq(governor.votingPeriod(), PERIOD);
        vm.assertEq(governor.lateQuorumVoteExtension(), EXTENSION);
        vm.assertEq(governor.executionGrace(), EXECUTION_GRACE);
        vm.assertEq(governor.quorumNumerator(), 20);
        vm.assertEq(governor.superQuorumNumerator(), 50);
        vm.assertEq(governor.callThreshold(), CALL_THRESHOLD);
        vm.assertEq(governor.contractGas(), CONTRACT_GAS);
        vm.assertEq(governor.leastPeriod(), 100);
        vm.assertEq(governor.mostPeriod(), 5000);
        vm.assertEq(governor.proposalThreshold(), 0);
        vm.assertEq(governor.name(), "Tribune PauseGovernor");
        vm.assertEq(governor.CLOCK_MODE(), "mode=timestamp");
    }

    function test_deployment__settings_that_do_not_fit__areRefused() public {
        for (uint256 i = 0; i < 9; ++i) {
            FastLane memory lane = _lane();
            if (i == 0) lane.votingDelay = 0;
            if (i == 1) (lane.votingPeriod, lane.lateExtension) = (lane.leastPeriod - 1, 0);
            if (i == 2) lane.votingPeriod = lane.mostPeriod + 1;
            if (i == 3) lane.executionGrace = 0;
            if (i == 4) lane.callThreshold = type(uint32).max;
            if (i == 5) lane.superQuorumPercent = lane.quorumPercent;
            if (i == 6) (lane.quorumPercent, lane.callThreshold) = (0, 0);
            if (i == 7) lane.callThreshold = 0;
            if (i == 8) lane.callThreshold = 200_001;
            vm.expectRevert(PauseGovernor.PauseGovernorSettingsInvalid.selector);
            new PauseGovernor(token, killSwitch, registry, admin, lane);
        }
        vm.expectRevert(PauseGovernor.PauseGovernorSettingsInvalid.selector);
        new PauseGovernor(token, killSwitch, registry, address(0), _lane());
        FastLane memory late = _lane();
        late.lateExtension = PERIOD + 1;
        vm.expectRevert();
        new PauseGovernor(token, killSwitch, registry, admin, late);
        FastLane memory gasless = _lane();
        gasless.contractGas = 49_999;
        vm.expectRevert(abi.encodeWithSelector(SignerGas.ContractGasTooLow.selector, 49_999));
        new PauseGovernor(token, killSwitch, registry, admin, gasless);
    }

    function test_deployment__settings_at_their_bounds__areTaken() public {
        FastLane memory lane = _lane();
        (lane.votingDelay, lane.votingPeriod, lane.lateExtension) = (1, lane.leastPeriod, lane.leastPeriod);
        (lane.superQuorumPercent, lane.callThreshold, lane.executionGrace) = (21, 200_000, 1);
        lane.contractGas = 50_000;
        new PauseGovernor(token, killSwitch, registry, admin, lane);
        lane.votingPeriod = lane.mostPeriod;
        new PauseGovernor(token, killSwitch, registry, admin, lane);
    }

    function test_deployment__token_that_counts_blocks__isRefused() public {
        BlockClockToken blocks = new BlockClockToken();
        vm.expectRevert(
            abi.encodeWithSelector(TimestampClock.ClockNotTimestamp.selector, "mode=blocknumber&from=default")
        );
        new PauseGovernor(blocks, killSwitch, registry, admin, _lane());
    }

    function test_settings__by_the_executive__changeAndAreToldToTheSwitch() public {
        vm.startPrank(admin);
        governor.setVotingDelay(20);
        vm.assertEq(killSwitch.voteSpan(), 20 + PERIOD + EXTENSION);
        governor.setVotingPeriod(2000);
        vm.assertEq(killSwitch.voteSpan(), 20 + 2000 + EXTENSION);
        governor.setLateQuorumVoteExtension(300);
        vm.assertEq(killSwitch.voteSpan(), 20 + 2000 + 300);
        governor.updateQuorumNumerator(30);
        vm.assertEq(governor.quorumNumerator(), 30);
        governor.updateSuperQuorumNumerator(60);
        vm.assertEq(governor.superQuorumNumerator(), 60);
        vm.expectEmit(address(governor));
        emit HolderCalls.CallThresholdChanged(CALL_THRESHOLD, 50_000);
        governor.setCallThreshold(50_000);
        vm.assertEq(governor.callThreshold(), 50_000);
        vm.stopPrank();
    }

    function test_settings__that_do_not_fit__areRefused() public {
        bytes4 refusal = PauseGovernor.PauseGovernorSettingsInvalid.selector;
        vm.startPrank(admin);
        vm.expectRevert(refusal);
        governor.setVotingDelay(0);
        vm.expectRevert(refusal);
        governor.setVotingPeriod(99);
        vm.expectRevert(refusal);
        governor.setVotingPeriod(5001);
        vm.expectRevert();
        governor.setLateQuorumVoteExtension(uint48(PERIOD) + 1);
        vm.expectRevert(refusal);
        governor.updateQuorumNumerator(50);
        vm.expectRevert(refusal);
        governor.updateSuperQuorumNumerator(20);
        vm.expectRevert(refusal);
        governor.setCallThreshold(0);
        vm.expectRevert(refusal);
        governor.setCallThreshold(200_001);
        vm.expectRevert(refusal);
        governor.updateQuorumNumerator(8);
        vm.expectPartialRevert(SwitchParametersLib.SuspensionShorterThanVote.selector);
        governor.setVotingDelay(9000);
        vm.stopPrank();
    }

    function test_settings__by_others__areRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            address who = [STRANGER, address(governor), holders[0]][i];
            bytes memory refusal = abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, who);
            vm.startPrank(who);
            vm.expectRevert(refusal);
            governor.setVotingDelay(20);
            vm.expectRevert(refusal);
            governor.setVotingPeriod(200);
            vm.expectRevert(refusal);
            governor.setLateQuorumVoteExtension(1);
            vm.expectRevert(refusal);
            governor.updateQuorumNumerator(30);
            vm.expectRevert(refusal);
            governor.updateSuperQuorumNumerator(60);
            vm.expectRevert(refusal);
            governor.setCallThreshold(1);
            vm.stopPrank();
        }
    }

    function test_pushVoteSpan__by_anyone__tellsTheSwitch() public {
        vm.prank(address(governor));
        killSwitch.setVoteSpan(SPAN - 1);
        vm.prank(STRANGER);
        governor.pushVoteSpan();
        vm.assertEq(killSwitch.voteSpan(), SPAN);
    }
}
