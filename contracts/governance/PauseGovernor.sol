// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorSuperQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorSuperQuorum.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from
    "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {GovernorVotesSuperQuorumFraction} from
    "@openzeppelin/contracts/governance/extensions/GovernorVotesSuperQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {CaseCall, CaseKind, ICaseVote, IKillSwitch} from "../interfaces/IKillSwitch.sol";
import {HolderCalls} from "./HolderCalls.sol";
import {SignerGas} from "../libraries/SignerGas.sol";
import {SignedBallots} from "./SignedBallots.sol";
import {TimestampClock} from "./TimestampClock.sol";

/// @notice How the fast lane votes, in seconds and percent of the supply.
struct FastLane {
    uint48 votingDelay;
    uint32 votingPeriod;
    uint48 lateExtension;
    uint48 executionGrace;
    uint256 quorumPercent;
    uint256 superQuorumPercent;
    /// Share of the supply, in millionths, whose holders can call for a vote.
    uint32 callThreshold;
    /// Gas that an ERC-1271 signer gets.
    uint32 contractGas;
    /// Hard bounds of the period, for good.
    uint32 leastPeriod;
    uint32 mostPeriod;
}

/**
 * @title PauseGovernor
 * @notice The fast lane: a vote is about one case of {KillSwitch}, and what it carries out is one pause or resume.
 *
 * Problem. A public proposer can cancel, squat or outrun; a vote on a halt must be open to all and stoppable by none.
 *
 * Solution. This contract proposes to itself. Anyone may open a case's vote, once; there is nothing to choose in it.
 *
 * Decisions
 * - `propose`, `queue`, `cancel` and `relay` revert: the only proposals are those of cases.
 * - A super-quorum ends a pause vote early, never a resume vote: halting may be quick, freeing must not be.
 * - A passed vote that nobody carries out expires, so that it cannot be kept in a pocket.
 *
 * Assumptions
 * - It is the only holder of PAUSE. `executive` is the timelock, Safe or DAO that decides in the slow lane.
 */
contract PauseGovernor is
    GovernorSettings,
    SignedBallots,
    GovernorVotesSuperQuorumFraction,
    GovernorPreventLateQuorum,
    HolderCalls,
    ICaseVote
{
    /// @notice The only contract that a vote can call.
    IKillSwitch public immutable killSwitch;
    /// @notice Who knows the stewards, who may call for a resume.
    IModelRegistry public immutable registry;
    /// @notice Who alone may change settings: timelock, Safe or DAO.
    address public immutable executive;
    /// @notice How long after its end a passed vote can be executed (seconds).
    uint48 public immutable executionGrace;
    /// @notice Hard bounds of the voting period (seconds).
    uint32 public immutable leastPeriod;
    /// @notice Hard bounds of the voting period (seconds).
    uint32 public immutable mostPeriod;

    /// @dev Votes only add up and the quorum is that of the snapshot, so that once reached it stays so.
    mapping(uint256 proposalId => bool) private _hadQuorum;

    /// @notice Proposals come from cases only.
    error PauseGovernorClosed();
    /// @notice Only the model's steward may call for this.
    error PauseGovernorNotSteward(uint256 modelId, address caller);
    /// @notice Delay at least 1, extension at most the period, grace above 0, super-quorum above quorum, the threshold
    /// of calls above 0 and at most the quorum, period within its hard bounds.
    error PauseGovernorSettingsInvalid();

    constructor(IVotes token_, IKillSwitch killSwitch_, IModelRegistry registry_, address executive_, FastLane memory lane)
        Governor("Tribune PauseGovernor")
        GovernorSettings(lane.votingDelay, lane.votingPeriod, 0)
        GovernorVotes(token_)
        GovernorVotesQuorumFraction(lane.quorumPercent)
        GovernorVotesSuperQuorumFraction(lane.superQuorumPercent)
        GovernorPreventLateQuorum(lane.lateExtension)
        SignerGas(lane.contractGas)
    {
        TimestampClock.check(token_);
        (killSwitch, registry, executive) = (killSwitch_, registry_, executive_);
        (executionGrace, leastPeriod, mostPeriod) = (lane.executionGrace, lane.leastPeriod, lane.mostPeriod);
        require(lane.executionGrace > 0 && executive_ != address(0), PauseGovernorSettingsInvalid());
        _setCallThreshold(lane.callThreshold);
        _checkSettings();
    }

    // ── Cases ───────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Opens the vote of a case. Anyone may call it, once a case, within the case's window.
    function openCase(uint256 caseId) public returns (uint256 proposalId) {
        CaseCall memory call = killSwitch.callOf(caseId);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory description) =
            _proposal(caseId, call);
        address proposer = call.kind == CaseKind.HolderResume ? address(killSwitch) : address(this);
        proposalId = _propose(targets, values, calldatas, description, proposer);
        killSwitch.markVote(caseId, proposalId);
    }

    /// @notice The steward's own call for a paused model to run again in the named version, which must be in force.
    /// @param conclusion SHA-256 of the incident's conclusion: cause and fix.
    function callResume(uint256 modelId, uint32 version, bytes32 conclusion)
        external
        returns (uint256 caseId, uint256 proposalId)
    {
        require(registry.stewardOf(modelId) == msg.sender, PauseGovernorNotSteward(modelId, msg.sender));
        require(conclusion != 0, CallEvidenceMissing(modelId));
        return _openCall(CaseKind.HolderResume, modelId, version, conclusion);
    }

    /// @notice Carries out the passed vote of a case. Anyone may call it.
    function executeCase(uint256 caseId) external returns (uint256 proposalId) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory description) =
            proposalOf(caseId);
        return execute(targets, values, calldatas, keccak256(bytes(description)));
    }

    /// @notice What a case's vote would carry out, as OpenZeppelin's governor takes it.
    function proposalOf(uint256 caseId)
        public
        view
        returns (
            address[] memory targets,
            uint256[] memory values,
            bytes[] memory calldatas,
            string memory description
        )
    {
        return _proposal(caseId, killSwitch.callOf(caseId));
    }

    /// @inheritdoc ICaseVote
    function proposalIdOf(uint256 caseId) public view returns (uint256) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas, string memory description) =
            proposalOf(caseId);
        return getProposalId(targets, values, calldatas, keccak256(bytes(description)));
    }

    /// @inheritdoc ICaseVote
    function isRejected(uint256 caseId) external view returns (bool) {
        uint256 proposalId = proposalIdOf(caseId);
        if (state(proposalId) != ProposalState.Defeated) return false;
        (uint256 against, uint256 for_, uint256 abstain) = proposalVotes(proposalId);
        uint256 took = against + for_ + abstain;
        // A supply too small for its percentage has a quorum of 0, which silence must not meet.
        return took > 0 && against >= for_ && took >= quorum(proposalSnapshot(proposalId));
    }

    /// @inheritdoc ICaseVote
    function isOver(uint256 caseId) external view returns (bool) {
        ProposalState current = state(proposalIdOf(caseId));
        return current == ProposalState.Defeated || current == ProposalState.Executed
            || current == ProposalState.Expired || current == ProposalState.Canceled;
    }

    // ── Closed doors ────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Always reverts: proposals come from cases only.
    function propose(address[] memory, uint256[] memory, bytes[] memory, string memory)
        public
        pure
        override
        returns (uint256)
    {
        revert PauseGovernorClosed();
    }

    /// @notice Always reverts: nothing is queued.
    function queue(address[] memory, uint256[] memory, bytes[] memory, bytes32)
        public
        pure
        override
        returns (uint256)
    {
        revert PauseGovernorClosed();
    }

    /// @notice Always reverts: nobody can cancel a case's vote.
    function cancel(address[] memory, uint256[] memory, bytes[] memory, bytes32)
        public
        pure
        override
        returns (uint256)
    {
        revert PauseGovernorClosed();
    }

    /// @notice Always reverts: this contract calls nothing but the switch.
    function relay(address, uint256, bytes calldata) public payable override {
        revert PauseGovernorClosed();
    }

    /// @notice Always 0: nothing is queued.
    function proposalEta(uint256) public pure override returns (uint256) {
        return 0;
    }

    // ── Settings ────────────────────────────────────────────────────────────────────────────────────────────

    /// @notice Tells the switch how long a vote can take. Anyone may call it.
    function pushVoteSpan() public {
        killSwitch.setVoteSpan(SafeCast.toUint48(votingDelay() + votingPeriod() + lateQuorumVoteExtension()));
    }

    /// @inheritdoc GovernorSettings
    function setVotingDelay(uint48 newVotingDelay) public override {
        super.setVotingDelay(newVotingDelay);
        _settingsChanged();
    }

    /// @inheritdoc GovernorSettings
    function setVotingPeriod(uint32 newVotingPeriod) public override {
        super.setVotingPeriod(newVotingPeriod);
        _settingsChanged();
    }

    /// @inheritdoc GovernorPreventLateQuorum
    function setLateQuorumVoteExtension(uint48 newVoteExtension) public override {
        super.setLateQuorumVoteExtension(newVoteExtension);
        _settingsChanged();
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function updateQuorumNumerator(uint256 newQuorumNumerator) public override {
        super.updateQuorumNumerator(newQuorumNumerator);
        _checkSettings();
    }

    /// @inheritdoc GovernorVotesSuperQuorumFraction
    function updateSuperQuorumNumerator(uint256 newSuperQuorumNumerator) public override {
        super.updateSuperQuorumNumerator(newSuperQuorumNumerator);
        _checkSettings();
    }

    /// @notice Changes the share of the supply, in millionths, whose holders can call for a vote.
    function setCallThreshold(uint32 millionths) external onlyGovernance {
        _setCallThreshold(millionths);
        _checkSettings();
    }

    /// @inheritdoc Governor
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorVotesSuperQuorumFraction)
        returns (ProposalState current)
    {
        current = _isResume(proposalId) ? Governor.state(proposalId) : super.state(proposalId);
        if (current == ProposalState.Succeeded && clock() > proposalDeadline(proposalId) + executionGrace) {
            return ProposalState.Expired;
        }
    }

    /// @inheritdoc GovernorPreventLateQuorum
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    /// @inheritdoc GovernorCountingSimple
    function proposalVotes(uint256 proposalId)
        public
        view
        override(GovernorCountingSimple, GovernorSuperQuorum)
        returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes)
    {
        return super.proposalVotes(proposalId);
    }

    /// @inheritdoc GovernorSettings
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @dev Seconds; the constructor refused a token that counts otherwise.
    function clock() public view override(Governor, GovernorVotes) returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @dev The executive alone, directly: there is no proposal here that could change a setting.
    function _checkGovernance() internal view override {
        require(msg.sender == executive, GovernorOnlyExecutor(msg.sender));
    }

    function _validateVoteSig(uint256 proposalId, uint8 support, address voter, bytes memory signature)
        internal
        view
        override(Governor, SignedBallots)
        returns (bool)
    {
        return super._validateVoteSig(proposalId, support, voter, signature);
    }

    function _validateExtendedVoteSig(
        uint256 proposalId,
        uint8 support,
        address voter,
        string memory reason,
        bytes memory params,
        bytes memory signature
    ) internal view override(Governor, SignedBallots) returns (bool) {
        return super._validateExtendedVoteSig(proposalId, support, voter, reason, params, signature);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
        if (!_hadQuorum[proposalId] && super._quorumReached(proposalId)) _hadQuorum[proposalId] = true;
    }

    function _quorumReached(uint256 proposalId)
        internal
        view
        override(Governor, GovernorCountingSimple)
        returns (bool)
    {
        return _hadQuorum[proposalId] || super._quorumReached(proposalId);
    }

    function _earlyEnd(uint256 proposalId) internal view override returns (uint256) {
        return _isResume(proposalId) ? type(uint256).max : superQuorum(proposalSnapshot(proposalId));
    }

    /// @dev A resume is proposed in the switch's name. A proposer has no right here: it only tells the two apart.
    function _isResume(uint256 proposalId) private view returns (bool) {
        return proposalProposer(proposalId) == address(killSwitch);
    }

    function _openCall(CaseKind kind, uint256 modelId, uint32 version, bytes32 evidence)
        internal
        override
        returns (uint256 caseId, uint256 proposalId)
    {
        caseId = killSwitch.openHolderCase(modelId, kind, version, evidence);
        proposalId = openCase(caseId);
    }

    function _epochOf(uint256 caseId) internal view override returns (uint64) {
        return killSwitch.callOf(caseId).epoch;
    }

    function _proposal(uint256 caseId, CaseCall memory call)
        private
        view
        returns (
            address[] memory targets,
            uint256[] memory values,
            bytes[] memory calldatas,
            string memory description
        )
    {
        bool resuming = call.kind == CaseKind.HolderResume;
        (targets, values, calldatas) = (new address[](1), new uint256[](1), new bytes[](1));
        targets[0] = address(killSwitch);
        calldatas[0] = resuming
            ? abi.encodeCall(IKillSwitch.resume, (call.modelId, call.version, call.epoch))
            : abi.encodeCall(IKillSwitch.pause, (call.modelId, caseId, call.epoch));
        description = string.concat("tribune/1/", resuming ? "resume/" : "pause/", Strings.toString(caseId));
    }

    function _settingsChanged() private {
        _checkSettings();
        pushVoteSpan();
    }

    function _checkSettings() private view {
        uint256 period = votingPeriod();
        require(
            votingDelay() >= 1 && period >= leastPeriod && period <= mostPeriod && lateQuorumVoteExtension() <= period
                && superQuorumNumerator() > quorumNumerator() && quorumNumerator() > 0 && callThreshold() > 0
                && callThreshold() <= quorumNumerator() * 1e4,
            PauseGovernorSettingsInvalid()
        );
    }
}
