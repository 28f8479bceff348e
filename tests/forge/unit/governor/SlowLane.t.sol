// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {OversightGovernor} from "../../../../contracts/governance/OversightGovernor.sol";
import {TimestampClock} from "../../../../contracts/governance/TimestampClock.sol";
import {BlockClockToken} from "../../../../contracts/mocks/BlockClockToken.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice The slow lane: what token holders decide goes through the timelock, and nobody goes around it.
contract GovernorSlowLaneTest is World {
    address[] private _targets;
    uint256[] private _values;
    bytes[] private _calls;
    string private constant _WHY = "Admit a monitor";

    function setUp() public override {
        super.setUp();
        _targets.push(address(monitorRegistry));
        _values.push(0);
        _calls.push(abi.encodeCall(monitorRegistry.admit, (STRANGER, "new", "")));
    }

    function test_proposal__passed_and_queued__isCarriedOutByTheTimelock() public {
        uint256 proposal = _passed();
        vm.assertTrue(slowLane.proposalNeedsQueuing(proposal));
        slowLane.queue(_targets, _values, _calls, keccak256(bytes(_WHY)));
        vm.expectRevert();
        slowLane.execute(_targets, _values, _calls, keccak256(bytes(_WHY)));
        vm.warp(block.timestamp + 100);
        slowLane.execute(_targets, _values, _calls, keccak256(bytes(_WHY)));
        vm.assertTrue(monitorRegistry.isAdmitted(STRANGER));
        vm.assertEq(uint256(slowLane.state(proposal)), uint256(IGovernor.ProposalState.Executed));
    }

    function test_proposal__pending__isCancelledByItsProposer() public {
        vm.prank(holders[0]);
        uint256 proposal = slowLane.propose(_targets, _values, _calls, _WHY);
        vm.prank(holders[0]);
        slowLane.cancel(_targets, _values, _calls, keccak256(bytes(_WHY)));
        vm.assertEq(uint256(slowLane.state(proposal)), uint256(IGovernor.ProposalState.Canceled));
    }

    function test_propose__below_the_threshold__isRefused() public {
        vm.assertEq(slowLane.proposalThreshold(), 1 ether);
        vm.prank(STRANGER);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        slowLane.propose(_targets, _values, _calls, _WHY);
    }

    function test_lateQuorum__extendsTheDeadline() public {
        vm.prank(holders[0]);
        uint256 proposal = slowLane.propose(_targets, _values, _calls, _WHY);
        uint256 deadline = slowLane.proposalDeadline(proposal);
        vm.warp(deadline - 1);
        vm.prank(holders[0]);
        slowLane.castVote(proposal, FOR);
        vm.assertEq(slowLane.proposalDeadline(proposal), block.timestamp + 100);
    }

    function test_settings__by_a_stranger__areRefused() public {
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, STRANGER));
        slowLane.setVotingDelay(1);
        vm.prank(admin);
        vm.expectRevert();
        slowLane.setVotingDelay(1);
    }

    function test_deployment__token_that_counts_blocks__isRefused() public {
        BlockClockToken blocks = new BlockClockToken();
        vm.expectRevert(
            abi.encodeWithSelector(TimestampClock.ClockNotTimestamp.selector, "mode=blocknumber&from=default")
        );
        new OversightGovernor(IVotes(address(blocks)), timelock, 10, 1000, 1 ether, 20, 100);
    }

    function _passed() private returns (uint256 proposal) {
        vm.prank(holders[0]);
        proposal = slowLane.propose(_targets, _values, _calls, _WHY);
        vm.warp(block.timestamp + 11);
        vm.prank(holders[0]);
        slowLane.castVote(proposal, FOR);
        vm.warp(slowLane.proposalDeadline(proposal) + 1);
    }
}
