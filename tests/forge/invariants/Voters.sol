// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Case, CaseKind, Outcome} from "../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {Call} from "../../../contracts/governance/HolderCalls.sol";
import {PauseGovernor} from "../../../contracts/governance/PauseGovernor.sol";
import {SignedBallot} from "../../../contracts/governance/SignedBallots.sol";
import {Claim, Ghost} from "./Ghost.sol";
import {vm} from "../support/Vm.sol";

/// @notice Acts of the holders, of a whale that buys votes too late, and of the bot and strangers that carry them on.
abstract contract Voters is Ghost {
    struct Point {
        uint48 time;
        uint256 amount;
    }

    address internal constant WHALE = address(0x33A1E);

    uint256[] private _proposals;
    mapping(uint256 proposal => PauseGovernor) private _governorOf;
    mapping(uint256 proposal => uint256) private _caseOf;
    mapping(bytes32 urn => uint256[3]) private _tally;
    mapping(bytes32 urn => mapping(address voter => bool)) private _voted;
    mapping(bytes32 urn => bool) private _executed;
    mapping(address holder => Point[]) private _power;
    mapping(address holder => uint256) private _kept;

    /// @notice The bot opens the vote of a case.
    function openCase(uint256 seed) external acts("openCase", seed) {
        uint256 caseId = _recent();
        if (caseId == 0) return;
        for (uint256 i = killSwitch.caseCount(); i > 0 && i + 6 > killSwitch.caseCount() && !_isDue(caseId); --i) {
            caseId = i;
        }
        bool due = _isDue(caseId);
        bytes memory answer;
        (done, answer) = _try(STRANGER, address(governor), abi.encodeCall(governor.openCase, (caseId)));
        _claim(done == due, Claim.OneVote, done ? "opened twice or too late" : "could not be opened");
        if (done) _opened(caseId, abi.decode(answer, (uint256)));
    }

    /// @notice The bot relays a batch of ballots, one of them twice.
    function relay(uint256 seed) external acts("relay", seed) {
        uint256 proposal = _live();
        if (proposal == 0) return;
        uint256 count = 2 + _roll(4);
        SignedBallot[] memory ballots = new SignedBallot[](count);
        for (uint256 i = 0; i < count; ++i) {
            ballots[i] = _ballot(proposal, uint8(_roll(5)), _side(proposal), _chance(20) ? "a reason" : "");
        }
        uint256 expected;
        PauseGovernor where = _governorOf[proposal];
        (done,) = _try(STRANGER, address(where), abi.encodeCall(governor.castVotesBySig, (proposal, ballots)));
        if (!done) return;
        for (uint256 i = 0; i < count; ++i) {
            if (!where.hasVoted(proposal, ballots[i].voter)) continue;
            if (_note(proposal, ballots[i].voter, ballots[i].support)) ++expected;
        }
        _agree(proposal);
        done = expected > 0;
    }

    /// @notice A holder votes by itself, perhaps once more.
    function vote(uint256 seed) external acts("vote", seed) {
        uint256 proposal = _live();
        if (proposal == 0) return;
        _cast(proposal, holders[_roll(5)], _side(proposal));
    }

    /// @notice A whale buys or borrows votes, uses them at once, and may give them back.
    function whale(uint256 seed) external acts("whale", seed) {
        address seller = holders[_roll(5)];
        // What it kept from before goes back first, so that power stays where votes can reach a quorum.
        _move(WHALE, seller, _kept[seller]);
        uint256 amount = _kept[seller] = token.balanceOf(seller) / 2;
        _move(seller, WHALE, amount);
        uint256 proposal = _live();
        if (proposal != 0) _cast(proposal, WHALE, _side(proposal));
        if (_chance(30)) return;
        _move(WHALE, seller, amount);
        _kept[seller] = 0;
    }

    /// @notice Carries out a vote that passed, or tries to.
    function execute(uint256 seed) external acts("execute", seed) {
        uint256 proposal = _proposalIn(IGovernor.ProposalState.Succeeded);
        if (proposal == 0) return;
        PauseGovernor where = _governorOf[proposal];
        about = _caseOf[proposal];
        (done,) = _try(STRANGER, address(where), abi.encodeCall(governor.executeCase, (about)));
        if (!done) return;
        _claim(where == governor, Claim.OneHolder, "a former governor carried out a vote");
        _claim(!_executed[_urn(proposal)], Claim.OneEffect, "a vote had two effects");
        _executed[_urn(proposal)] = true;
        uint256 last = where.proposalDeadline(proposal) + EXECUTION_GRACE;
        _claim(block.timestamp <= last, Claim.OneEffect, "a vote was kept in a pocket");
        uint256[3] storage tally = _tally[_urn(proposal)];
        _claim(
            tally[FOR] > tally[AGAINST] && tally[FOR] + tally[ABSTAIN] >= 20 ether, Claim.NoLatePower, "carried unpassed"
        );
    }

    /// @notice Anyone records how a case ended.
    function poke(uint256 seed) external acts("poke", seed) {
        about = _recent();
        if (about == 0) return;
        if (_chance(20)) _awaitRejection();
        for (uint256 i = killSwitch.caseCount(); i > 0 && i + 6 > killSwitch.caseCount() && !_isRejected(about); --i) {
            about = i;
        }
        if (!_isRejected(about)) about = _recent();
        (done,) = _try(STRANGER, address(killSwitch), abi.encodeCall(killSwitch.poke, (about)));
        if (!done) return;
        Case memory case_ = killSwitch.caseOf(about);
        uint256[3] storage tally = _tally[_urn(case_.vote)];
        bool rejected = case_.vote != 0 && tally[AGAINST] >= tally[FOR]
            && tally[AGAINST] + tally[FOR] + tally[ABSTAIN] >= 20 ether;
        _claim((case_.outcome == Outcome.Rejected) == rejected, Claim.OneEffect, "another outcome than the vote's");
        _claim(case_.vote != 0 || block.timestamp > case_.openUntil, Claim.OneVote, "lapsed before its window");
    }

    /// @notice The steward calls for a resume, or holders do; others try to.
    function callResume(uint256 seed) external acts("callResume", seed) {
        uint256 model = _modelIn(State.Paused);
        if (_chance(40)) return _callTogether(model, CaseKind.HolderResume);
        address who = _chance(80) ? registry.stewardOf(model) : STRANGER;
        bytes memory data = abi.encodeWithSignature(
            "callResume(uint256,uint32,bytes32)", model, registry.activeVersion(model), keccak256("conclusion")
        );
        bytes memory answer;
        (done, answer) = _try(who, address(governor), data);
        if (!done) return;
        _claim(who != STRANGER, Claim.NoKey, "a stranger called for a resume");
        (uint256 caseId, uint256 proposal) = abi.decode(answer, (uint256, uint256));
        _opened(caseId, proposal);
    }

    /// @notice Holders call for a pause, of harm that no metric sees.
    function callPause(uint256 seed) external acts("callPause", seed) {
        _callTogether(_modelIn(State.Active), CaseKind.HolderPause);
    }

    function _callTogether(uint256 model, CaseKind kind) private {
        Call memory call = _newCall(model, kind);
        if (_chance(10)) call.epoch += 1;
        if (_chance(10)) call.round -= call.round == 0 ? 0 : 1;
        uint8 who = uint8(1 + _roll(31));
        string memory name = kind == CaseKind.HolderPause ? "callPause" : "callResume";
        bytes memory answer;
        (done, answer) = _try(
            STRANGER,
            address(governor),
            abi.encodeWithSignature(
                string.concat(
                    name, "((uint8,uint256,uint32,uint64,uint64,bytes32,uint48),(address,bytes)[])"
                ),
                call,
                _signedCall(call, who)
            )
        );
        if (!done) return;
        uint256 power;
        for (uint256 i = 0; i < 5; ++i) {
            if (who & (1 << i) != 0) power += _powerAt(holders[i], block.timestamp - 1);
        }
        _claim(power >= 9 ether, Claim.NoLatePower, "too few holders called");
        _claim(call.epoch == killSwitch.statusOf(model).epoch, Claim.OneEffect, "a call of another epoch");
        (uint256 caseId, uint256 proposal) = abi.decode(answer, (uint256, uint256));
        _opened(caseId, proposal);
    }

    /// @notice Somebody tries to cancel, propose, queue or relay.
    function meddle(uint256 seed) external acts("meddle", seed) {
        uint256 caseId = _recent();
        if (caseId == 0) return;
        (address[] memory to, uint256[] memory values, bytes[] memory data, string memory text) =
            governor.proposalOf(caseId);
        bytes32 hash = keccak256(bytes(text));
        bytes[5] memory attempts = [
            abi.encodeCall(governor.cancel, (to, values, data, hash)),
            abi.encodeCall(governor.propose, (to, values, data, text)),
            abi.encodeCall(governor.queue, (to, values, data, hash)),
            abi.encodeCall(governor.relay, (address(killSwitch), 0, data[0])),
            abi.encodeCall(governor.setVotingPeriod, (200))
        ];
        address[4] memory actors = [STRANGER, STEWARD, WHALE, holders[0]];
        (bool ok,) = _try(actors[_roll(4)], address(governor), attempts[_roll(5)]);
        _claim(!ok, Claim.OneVote, "a vote was meddled with");
        done = !ok;
    }

    /// @dev A vote can be opened on the case.
    function _isDue(uint256 caseId) private view returns (bool) {
        Case memory case_ = killSwitch.caseOf(caseId);
        if (case_.outcome != Outcome.Open || case_.epoch != killSwitch.statusOf(case_.modelId).epoch) return false;
        if (case_.vote == 0) return block.timestamp <= case_.openUntil;
        return case_.governor != address(governor) && !PauseGovernor(payable(case_.governor)).isOver(caseId);
    }

    /// @dev A case's vote has the same id in every governor.
    function _urn(uint256 proposal) private view returns (bytes32) {
        return keccak256(abi.encode(_governorOf[proposal], proposal));
    }

    /// @dev Waits for the end of a vote that holders are rejecting, if there is one among the newest.
    function _awaitRejection() private {
        for (uint256 i = killSwitch.caseCount(); i > 0 && i + 6 > killSwitch.caseCount(); --i) {
            Case memory case_ = killSwitch.caseOf(i);
            if (case_.vote == 0 || case_.outcome != Outcome.Open) continue;
            uint256[3] storage tally = _tally[_urn(case_.vote)];
            if (tally[AGAINST] < tally[FOR] || tally[AGAINST] + tally[FOR] + tally[ABSTAIN] < 20 ether) continue;
            uint256 ends = _governorOf[case_.vote].proposalDeadline(case_.vote);
            if (ends >= block.timestamp) return _elapse(ends + 1 - block.timestamp);
        }
    }

    function _isRejected(uint256 caseId) private view returns (bool) {
        Case memory case_ = killSwitch.caseOf(caseId);
        if (case_.vote == 0 || case_.outcome != Outcome.Open) return false;
        return PauseGovernor(payable(case_.governor)).isRejected(caseId);
    }

    function _opened(uint256 caseId, uint256 proposal) private {
        _claim(killSwitch.caseOf(caseId).vote == proposal, Claim.OneVote, "the switch knows another vote");
        _proposals.push(proposal);
        _caseOf[proposal] = caseId;
        _governorOf[proposal] = governor;
    }

    function _cast(uint256 proposal, address voter, uint8 support) private {
        bool again = _voted[_urn(proposal)][voter];
        address where = address(_governorOf[proposal]);
        (done,) = _try(voter, where, abi.encodeCall(governor.castVote, (proposal, support)));
        if (!done) return;
        _claim(!again, Claim.NoLatePower, "a holder voted twice");
        _note(proposal, voter, support);
        _agree(proposal);
    }

    /// @dev Counts a ballot by the power that its voter had at the snapshot, as seen here.
    function _note(uint256 proposal, address voter, uint8 support) private returns (bool) {
        if (_voted[_urn(proposal)][voter]) return false;
        _voted[_urn(proposal)][voter] = true;
        _tally[_urn(proposal)][support] += _powerAt(voter, _governorOf[proposal].proposalSnapshot(proposal));
        return true;
    }

    function _agree(uint256 proposal) private {
        (uint256 against, uint256 for_, uint256 abstain) = _governorOf[proposal].proposalVotes(proposal);
        uint256[3] storage tally = _tally[_urn(proposal)];
        _claim(
            tally[AGAINST] == against && tally[FOR] == for_ && tally[ABSTAIN] == abstain,
            Claim.NoLatePower,
            "votes count by another power than the snapshot's"
        );
    }

    function _move(address from, address to, uint256 amount) private {
        _try(from, address(token), abi.encodeCall(token.transfer, (to, amount)));
        _power[from].push(Point(uint48(block.timestamp), token.balanceOf(from)));
        _power[to].push(Point(uint48(block.timestamp), token.balanceOf(to)));
    }

    function _powerAt(address holder, uint256 time) private view returns (uint256) {
        Point[] storage points = _power[holder];
        for (uint256 i = points.length; i > 0; --i) {
            if (points[i - 1].time <= time) return points[i - 1].amount;
        }
        return 0;
    }

    function _startPower() internal {
        for (uint256 i = 0; i < 5; ++i) {
            _power[holders[i]].push(Point(0, token.balanceOf(holders[i])));
        }
        _try(WHALE, address(token), abi.encodeCall(token.delegate, (WHALE)));
    }

    /// @dev What most voters think of a case: for, against, or too little of either.
    function _side(uint256 proposal) private returns (uint8) {
        uint256 mood = uint256(keccak256(abi.encode(proposal))) % 100;
        if (_chance(10)) return uint8(_roll(3));
        return mood < 55 ? FOR : AGAINST;
    }

    /// @dev One of the newest cases.
    function _recent() private returns (uint256) {
        uint256 count = killSwitch.caseCount();
        uint256 span = count < 6 ? count : 6;
        return count == 0 ? 0 : count - _roll(span);
    }

    function _live() private returns (uint256) {
        return _proposalIn(IGovernor.ProposalState.Active);
    }

    /// @dev One of the newest proposals in a state if there is one, else any of them.
    function _proposalIn(IGovernor.ProposalState wanted) private returns (uint256) {
        uint256 count = _proposals.length;
        if (count == 0) return 0;
        uint256 span = count < 5 ? count : 5;
        uint256 first = _roll(span);
        for (uint256 i = 0; i < span; ++i) {
            uint256 proposal = _proposals[count - 1 - (first + i) % span];
            if (_governorOf[proposal].state(proposal) == wanted) return proposal;
        }
        return _proposals[count - 1 - first];
    }
}
