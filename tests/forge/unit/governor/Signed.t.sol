// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {CaseKind, Outcome} from "../../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../../contracts/interfaces/IModelStatus.sol";
import {Call, HolderCalls, SignedCall} from "../../../../contracts/governance/HolderCalls.sol";
import {SignedBallot, SignedBallots} from "../../../../contracts/governance/SignedBallots.sol";
import {BurningWallet, OwnedWallet, TerseWallet, VerboseWallet} from "../../../../contracts/mocks/VoterWallets.sol";
import {CaseVotes} from "../../../../contracts/oversight/switch/CaseVotes.sol";
import {Signing} from "../../support/Signing.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice What holders sign: ballots that others relay, and calls for a vote.
contract GovernorSignedTest is World {
    uint8 private constant _FIRST = 1;
    uint8 private constant _ALL = 31;

    function test_ballots__plain_and_with_a_reason__count() public {
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot[] memory ballots = new SignedBallot[](3);
        ballots[0] = _ballot(proposal, 1, FOR, "");
        ballots[1] = _ballot(proposal, 2, AGAINST, "it harms");
        ballots[2] = _ballot(proposal, 3, ABSTAIN, "");
        vm.prank(STRANGER);
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 3);
        (uint256 against, uint256 for_, uint256 abstain) = governor.proposalVotes(proposal);
        vm.assertEq(for_, 25 ether);
        vm.assertEq(against, 17 ether);
        vm.assertEq(abstain, 10 ether);
    }

    function test_ballots__one_that_cannot_count__isSkippedAndNamed() public {
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot[] memory ballots = new SignedBallot[](5);
        ballots[0] = _ballot(proposal, 1, FOR, "");
        ballots[1] = _ballot(proposal, 1, AGAINST, "");
        ballots[2] = _ballot(proposal, 2, 3, "");
        ballots[3] = _ballot(proposal, 3, FOR, "");
        ballots[3].support = AGAINST;
        ballots[4] = _ballot(proposal, 4, FOR, "why");
        ballots[4].reason = "why not";
        for (uint256 i = 1; i < 5; ++i) {
            vm.expectEmit(address(governor));
            emit SignedBallots.BallotSkipped(proposal, ballots[i].voter);
        }
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 1);
        (uint256 against, uint256 for_,) = governor.proposalVotes(proposal);
        vm.assertEq(for_, 25 ether);
        vm.assertEq(against, 0);
    }

    function test_ballots__vote_ends_early_amid_the_batch__restIsSkipped() public {
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot[] memory ballots = new SignedBallot[](3);
        ballots[0] = _ballot(proposal, 0, FOR, "");
        ballots[1] = _ballot(proposal, 3, FOR, "");
        ballots[2] = _ballot(proposal, 1, AGAINST, "");
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 2);
    }

    function test_ballots__of_a_resume__doNotEndEarly() public {
        _pause(2);
        (, uint256 proposal) = _callResume(1);
        SignedBallot[] memory ballots = new SignedBallot[](3);
        ballots[0] = _ballot(proposal, 0, FOR, "");
        ballots[1] = _ballot(proposal, 1, FOR, "");
        ballots[2] = _ballot(proposal, 2, AGAINST, "");
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 3);
    }

    function test_ballots__more_against_than_the_super_quorum_for__goOn() public {
        vm.prank(holders[0]);
        token.transfer(holders[1], 25 ether);
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot[] memory ballots = new SignedBallot[](3);
        ballots[0] = _ballot(proposal, 0, AGAINST, "");
        ballots[1] = _ballot(proposal, 1, FOR, "");
        ballots[2] = _ballot(proposal, 2, AGAINST, "");
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 2);
    }

    function test_ballots__vote_not_active__isRefused() public {
        uint256 caseId = _breach(TRIP, 2);
        uint256 proposal = governor.openCase(caseId);
        SignedBallot[] memory ballots = new SignedBallot[](1);
        ballots[0] = _ballot(proposal, 0, FOR, "");
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governor.castVotesBySig(proposal, ballots);
    }

    function test_ballots__by_OpenZeppelins_own_functions__countToo() public {
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot memory ballot = _ballot(proposal, 1, FOR, "");
        governor.castVoteBySig(proposal, FOR, ballot.voter, ballot.signature);
        ballot = _ballot(proposal, 2, FOR, "why");
        governor.castVoteWithReasonAndParamsBySig(proposal, FOR, ballot.voter, "why", "", ballot.signature);
        (, uint256 for_,) = governor.proposalVotes(proposal);
        vm.assertEq(for_, 42 ether);
    }

    function test_ballots__contract_voters__countAndStopNoOther() public {
        OwnedWallet wallet = new OwnedWallet(holders[0], token);
        vm.prank(holders[0]);
        token.transfer(address(wallet), 15 ether);
        uint256 proposal = _open(_breach(TRIP, 2));
        SignedBallot[] memory ballots = new SignedBallot[](5);
        address[4] memory odd = [
            address(new BurningWallet()), address(new VerboseWallet()), address(new TerseWallet()), address(wallet)
        ];
        for (uint256 i = 0; i < 4; ++i) {
            bytes32 digest = Signing.ballot(address(governor), proposal, odd[i], FOR, "");
            ballots[i] = SignedBallot(odd[i], FOR, "", Signing.sign(holderKeys[0], digest));
        }
        ballots[4] = _ballot(proposal, 2, FOR, "");
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 2);
        (, uint256 for_,) = governor.proposalVotes(proposal);
        vm.assertEq(for_, 32 ether);
    }

    function test_ballots__account_with_code_of_its_own__signsWithItsKey() public {
        uint256 proposal = _open(_breach(TRIP, 2));
        vm.etch(holders[1], address(new TerseWallet()).code);
        SignedBallot[] memory ballots = new SignedBallot[](1);
        ballots[0] = _ballot(proposal, 1, FOR, "");
        vm.assertEq(governor.castVotesBySig(proposal, ballots), 1);
    }

    function test_hashCall__isTheTypedDatas() public view {
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        vm.assertEq(governor.hashCall(call), Signing.call(address(governor), call));
    }

    function test_callPause__enough_power__opensTheVote() public {
        vm.warp(block.timestamp + 1);
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        SignedCall[] memory signatures = _signedCall(call, 8 + 16);
        vm.expectEmit(address(governor));
        emit HolderCalls.HoldersCalled(MODEL, CaseKind.HolderPause, 0, 1, 18 ether);
        vm.prank(STRANGER);
        (uint256 caseId, uint256 proposal) = governor.callPause(call, signatures);
        vm.assertEq(governor.proposalIdOf(caseId), proposal);
        vm.assertEq(_case(caseId).evidence, keccak256("harm"));
        vm.assertEq(governor.roundOf(MODEL, CaseKind.HolderPause), 1);
        vm.assertEq(governor.roundOf(MODEL, CaseKind.HolderResume), 0);
        vm.warp(block.timestamp + DELAY + 1);
        _voteAlike(proposal, FOR);
        _execute(caseId);
        _is(State.Paused);
    }

    function test_callPause__exactly_the_threshold__isEnough() public {
        vm.prank(holders[3]);
        token.transfer(holders[0], 1 ether);
        vm.warp(block.timestamp + 1);
        _refusedCall(16, abi.encodeWithSelector(HolderCalls.CallBelowThreshold.selector, 8 ether, 9 ether));
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        governor.callPause(call, _signedCall(call, 8));
    }

    function test_callPause__power_bought_in_this_second__countsNothing() public {
        vm.prank(holders[0]);
        token.transfer(holders[4], 30 ether);
        _refusedCall(16, abi.encodeWithSelector(HolderCalls.CallBelowThreshold.selector, 8 ether, 9 ether));
    }

    function test_callPause__no_signer_or_none_valid__isRefused() public {
        _refusedCall(0, abi.encodeWithSelector(HolderCalls.CallBelowThreshold.selector, 0, 9 ether));
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        SignedCall[] memory signatures = _signedCall(call, _FIRST);
        call.evidence = keccak256("another");
        vm.expectRevert(abi.encodeWithSelector(HolderCalls.CallBelowThreshold.selector, 0, 9 ether));
        governor.callPause(call, signatures);
    }

    function test_callPause__signers_out_of_order_or_twice__isRefused() public {
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        SignedCall[] memory signatures = _signedCall(call, 3);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        vm.expectRevert(
            abi.encodeWithSelector(
                HolderCalls.CallSignersUnordered.selector, signatures[0].signer, signatures[1].signer
            )
        );
        governor.callPause(call, signatures);
        signatures[1] = signatures[0];
        vm.expectRevert(
            abi.encodeWithSelector(
                HolderCalls.CallSignersUnordered.selector, signatures[0].signer, signatures[0].signer
            )
        );
        governor.callPause(call, signatures);
    }

    function test_callPause__wrong_kind_epoch_round_or_time__isRefused() public {
        Call memory call = _newCall(MODEL, CaseKind.HolderResume);
        SignedCall[] memory signatures = _signedCall(call, _ALL);
        vm.expectRevert(abi.encodeWithSelector(HolderCalls.CallKindInvalid.selector, CaseKind.HolderResume));
        governor.callPause(call, signatures);
        call = _newCall(MODEL, CaseKind.HolderPause);
        vm.expectRevert(abi.encodeWithSelector(HolderCalls.CallKindInvalid.selector, CaseKind.HolderPause));
        governor.callResume(call, signatures);
        call.epoch = 1;
        _refusedCall(call, abi.encodeWithSelector(HolderCalls.CallEpochStale.selector, MODEL, 1, 0));
        (call.epoch, call.round) = (0, 1);
        _refusedCall(call, abi.encodeWithSelector(HolderCalls.CallRoundStale.selector, MODEL, 1, 0));
        (call.round, call.evidence) = (0, 0);
        _refusedCall(call, abi.encodeWithSelector(HolderCalls.CallEvidenceMissing.selector, MODEL));
        (call.evidence, call.deadline) = (keccak256("x"), uint48(block.timestamp) - 1);
        _refusedCall(call, abi.encodeWithSelector(HolderCalls.CallExpired.selector, call.deadline));
        call.deadline = uint48(block.timestamp);
        governor.callPause(call, _signedCall(call, _ALL));
    }

    function test_callPause__once_opened__isUsedUp() public {
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        SignedCall[] memory signatures = _signedCall(call, _ALL);
        governor.callPause(call, signatures);
        vm.expectRevert(abi.encodeWithSelector(HolderCalls.CallRoundStale.selector, MODEL, 0, 1));
        governor.callPause(call, signatures);
        call.round = 1;
        _refusedCall(call, abi.encodeWithSelector(CaseVotes.CaseAlreadyOpen.selector, MODEL, 1));
    }

    function test_callResume__by_holders__opensTheVote() public {
        _pause(2);
        Call memory call = _newCall(MODEL, CaseKind.HolderResume);
        (uint256 caseId, uint256 proposal) = governor.callResume(call, _signedCall(call, _FIRST));
        vm.warp(block.timestamp + DELAY + 1);
        _voteAlike(proposal, FOR);
        _endVote(proposal);
        _execute(caseId);
        _is(State.Active);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Upheld));
    }

    function _refusedCall(uint8 who, bytes memory why) private {
        Call memory call = _newCall(MODEL, CaseKind.HolderPause);
        SignedCall[] memory signatures = _signedCall(call, who);
        vm.expectRevert(why);
        governor.callPause(call, signatures);
    }

    function _refusedCall(Call memory call, bytes memory why) private {
        SignedCall[] memory signatures = _signedCall(call, _ALL);
        vm.expectRevert(why);
        governor.callPause(call, signatures);
    }
}
