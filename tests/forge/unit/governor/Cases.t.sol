// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {CaseKind, IKillSwitch, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {PauseGovernor} from "../../../../contracts/governance/PauseGovernor.sol";
import {HolderCalls} from "../../../../contracts/governance/HolderCalls.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Votes on cases: how they open, pass, fail and expire.
contract GovernorCasesTest is World {
    function test_openCase__anyone__proposesToPauseThatModel() public {
        uint256 caseId = _breach(TRIP, 2);
        (address[] memory to, uint256[] memory values, bytes[] memory data, string memory text) =
            governor.proposalOf(caseId);
        vm.assertEq(to.length, 1);
        vm.assertEq(to[0], address(killSwitch));
        vm.assertEq(values[0], 0);
        vm.assertEq(keccak256(data[0]), keccak256(abi.encodeCall(IKillSwitch.pause, (MODEL, caseId, 0))));
        vm.assertEq(text, "tribune/1/pause/1");
        vm.prank(STRANGER);
        uint256 proposal = governor.openCase(caseId);
        vm.assertEq(proposal, governor.getProposalId(to, values, data, keccak256(bytes(text))));
        vm.assertEq(proposal, governor.proposalIdOf(caseId));
        vm.assertEq(governor.proposalProposer(proposal), address(governor));
        vm.assertEq(governor.proposalSnapshot(proposal), block.timestamp + DELAY);
        vm.assertEq(governor.proposalDeadline(proposal), block.timestamp + DELAY + PERIOD);
        vm.assertEq(governor.proposalEta(proposal), 0);
        vm.assertEq(governor.clock(), block.timestamp);
    }

    function test_openCase__twice__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        governor.openCase(caseId);
        vm.expectRevert();
        governor.openCase(caseId);
    }

    function test_callResume__steward__proposesToResumeThatVersion() public {
        _pause(2);
        vm.prank(STEWARD);
        (uint256 caseId, uint256 proposal) = governor.callResume(MODEL, 1, keccak256("conclusion"));
        (,, bytes[] memory data, string memory text) = governor.proposalOf(caseId);
        vm.assertEq(keccak256(data[0]), keccak256(abi.encodeCall(IKillSwitch.resume, (MODEL, 1, 1))));
        vm.assertEq(text, "tribune/1/resume/2");
        vm.assertEq(governor.proposalIdOf(caseId), proposal);
        vm.assertEq(_case(caseId).evidence, keccak256("conclusion"));
        vm.assertEq(uint256(_case(caseId).kind), uint256(CaseKind.HolderResume));
    }

    function test_callResume__stranger_or_no_conclusion__isRefused() public {
        _pause(2);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(PauseGovernor.PauseGovernorNotSteward.selector, MODEL, STRANGER)
        );
        governor.callResume(MODEL, 1, keccak256("conclusion"));
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(HolderCalls.CallEvidenceMissing.selector, MODEL));
        governor.callResume(MODEL, 1, 0);
    }

    function test_pauseVote__super_quorum__passesEarly() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 0, FOR);
        _stands(proposal, IGovernor.ProposalState.Active);
        _vote(proposal, 3, FOR);
        _stands(proposal, IGovernor.ProposalState.Succeeded);
        _execute(caseId);
        _stands(proposal, IGovernor.ProposalState.Executed);
        _is(State.Paused);
        vm.assertTrue(governor.isOver(caseId));
        vm.assertFalse(governor.isRejected(caseId));
    }

    function test_resumeVote__super_quorum__waitsForItsDeadline() public {
        _pause(2);
        (uint256 caseId, uint256 proposal) = _callResume(1);
        _voteAlike(proposal, FOR);
        _stands(proposal, IGovernor.ProposalState.Active);
        vm.expectRevert();
        governor.executeCase(caseId);
        _endVote(proposal);
        _execute(caseId);
        _is(State.Active);
    }

    function test_vote__quorum_without_super_quorum__passesAtTheDeadline() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 1, FOR);
        _stands(proposal, IGovernor.ProposalState.Active);
        _endVote(proposal);
        _stands(proposal, IGovernor.ProposalState.Succeeded);
        vm.assertFalse(governor.isOver(caseId));
        _execute(caseId);
        _is(State.Paused);
    }

    function test_vote__below_quorum__isDefeatedAndNotRejected() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        vm.assertFalse(governor.isOver(caseId));
        _vote(proposal, 2, FOR);
        _endVote(proposal);
        _stands(proposal, IGovernor.ProposalState.Defeated);
        vm.assertTrue(governor.isOver(caseId));
        vm.assertFalse(governor.isRejected(caseId));
    }

    function test_vote__nobody__isNotRejected() public {
        uint256 caseId = _breach(TRIP, 2);
        _endVote(_open(caseId));
        vm.assertFalse(governor.isRejected(caseId));
        vm.assertTrue(governor.isOver(caseId));
    }

    function test_vote__all_against_with_a_quorum__isRejected() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 1, AGAINST);
        vm.assertFalse(governor.isRejected(caseId));
        _endVote(proposal);
        vm.assertTrue(governor.isRejected(caseId));
    }

    function test_vote__against_and_abstain_make_the_quorum__isRejected() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 3, AGAINST);
        _vote(proposal, 3 + 1, ABSTAIN);
        _endVote(proposal);
        vm.assertFalse(governor.isRejected(caseId), "18 percent");
        caseId = _later();
        proposal = _open(caseId);
        _vote(proposal, 3, AGAINST);
        _vote(proposal, 2, ABSTAIN);
        _endVote(proposal);
        vm.assertTrue(governor.isRejected(caseId), "27 percent");
    }

    function test_vote__even__isRejected() public {
        vm.prank(holders[3]);
        token.transfer(holders[4], 1 ether);
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 3, FOR);
        _vote(proposal, 4, AGAINST);
        _vote(proposal, 2, ABSTAIN);
        _endVote(proposal);
        _stands(proposal, IGovernor.ProposalState.Defeated);
        vm.assertTrue(governor.isRejected(caseId));
    }

    function test_passedVote__carried_out_by_nobody__expires() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _voteAlike(proposal, FOR);
        uint256 last = governor.proposalDeadline(proposal) + EXECUTION_GRACE;
        vm.warp(last);
        _stands(proposal, IGovernor.ProposalState.Succeeded);
        vm.warp(last + 1);
        _stands(proposal, IGovernor.ProposalState.Expired);
        vm.assertTrue(governor.isOver(caseId));
        vm.expectRevert();
        governor.executeCase(caseId);
    }

    function test_lateQuorum__extendsTheDeadline() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        uint256 deadline = governor.proposalDeadline(proposal);
        vm.warp(deadline - 5);
        _vote(proposal, 1, FOR);
        vm.assertEq(governor.proposalDeadline(proposal), block.timestamp + EXTENSION);
        vm.assertLe(governor.proposalDeadline(proposal), _case(caseId).voteEnds);
    }

    function test_quorum__once_reached__staysReachedWhateverIsDecidedLater() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = _open(caseId);
        _vote(proposal, 1, FOR);
        vm.prank(admin);
        governor.updateQuorumNumerator(40);
        _endVote(proposal);
        _stands(proposal, IGovernor.ProposalState.Succeeded);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Open));
    }

    function test_doors__propose_queue_cancel_relay__areClosed() public {
        uint256 caseId = _breach(TRIP, 2);
        governor.openCase(caseId);
        (address[] memory to, uint256[] memory values, bytes[] memory data, string memory text) =
            governor.proposalOf(caseId);
        for (uint256 i = 0; i < 3; ++i) {
            vm.startPrank([STRANGER, admin, STEWARD][i]);
            vm.expectRevert(PauseGovernor.PauseGovernorClosed.selector);
            governor.propose(to, values, data, text);
            vm.expectRevert(PauseGovernor.PauseGovernorClosed.selector);
            governor.queue(to, values, data, keccak256(bytes(text)));
            vm.expectRevert(PauseGovernor.PauseGovernorClosed.selector);
            governor.cancel(to, values, data, keccak256(bytes(text)));
            vm.expectRevert(PauseGovernor.PauseGovernorClosed.selector);
            governor.relay(to[0], 0, data[0]);
            vm.stopPrank();
        }
    }

    /// @dev Lets the first case's episode pass, and opens another.
    function _later() private returns (uint256) {
        vm.warp(_case(1).bound + 1);
        uint64 frame = policies.lastFrameAt(MODEL, uint48(block.timestamp)) + 1;
        return _breach(TRIP, frame);
    }

    function _stands(uint256 proposal, IGovernor.ProposalState expected) private view {
        vm.assertEq(uint256(governor.state(proposal)), uint256(expected), "vote");
    }
}
