// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IPolicyBook, Severity} from "../../interfaces/IPolicyBook.sol";
import {State} from "../../interfaces/IModelStatus.sol";
import {Case, CaseKind, IKillSwitch, Outcome} from "../../interfaces/IKillSwitch.sol";
import {SuspensionBudget} from "./SuspensionBudget.sol";
import {SwitchParameters, SwitchParametersLib} from "./SwitchParameters.sol";

/**
 * @title SwitchBase
 * @notice What the parts of {KillSwitch} share: where a model stands, its cases, and the parameters.
 *
 * Decisions
 * - Suspended ends by itself: the state is derived from the clock, nobody has to act.
 * - A case is live while its vote can still be opened or can still be running, by time alone: a trip never asks the
 *   governor.
 */
abstract contract SwitchBase is IKillSwitch, AccessManaged {
    using SwitchParametersLib for SwitchParameters;

    struct Model {
        /// Inactive stands for "not halted"; Active is derived from registry and policy.
        State state;
        /// True once the guardian has suspended the model, until governance re-arms it.
        bool guardianUsed;
        uint64 epoch;
        /// When the newest suspension ends or ended.
        uint48 until;
        /// Case that caused the suspension or pause, and the newest case that breaches may join.
        uint64 cause;
        uint64 live;
        SuspensionBudget.Bucket bucket;
        /// When a vote last freed the model.
        uint48 resumedAt;
        /// Newest calls of holders.
        uint64 pauseCall;
        uint64 resumeCall;
    }

    /// @dev A case as it is stored: what votes and transitions read is one slot, what a vote's opening writes another.
    struct Record {
        /// Of a registered model, so that it fits: {ModelRegistry} counts from 1.
        uint64 modelId;
        uint32 version;
        uint64 epoch;
        CaseKind kind;
        Severity severity;
        Outcome outcome;
        uint48 openUntil;
        address governor;
        uint48 openedAt;
        /// 0 until the vote opens.
        uint48 voteEnds;
        uint48 bound;
        uint64 frame;
        uint16 rule;
        int64 value;
        int64 limit;
        bytes32 policy;
        bytes32 evidence;
    }

    /// @notice Who knows which version of a model is in force.
    IModelRegistry public immutable registry;
    /// @notice Who knows whether a model has a policy.
    IPolicyBook public immutable policies;

    /// @notice How many cases there were; they are numbered from 1.
    uint256 public caseCount;
    /// @notice Longest time from the opening of a vote to its latest end, as the governor last told.
    uint48 public voteSpan;
    /// @notice End of the global halt in force, or of the last one; 0 if there was none.
    uint48 public haltedUntil;

    SwitchParameters internal _parameters;
    SwitchParameters internal _least;
    SwitchParameters internal _most;
    mapping(uint256 modelId => Model) internal _models;
    mapping(uint256 caseId => Record) internal _cases;

    /// @notice A model's state changed. `until` is 0 unless the new state is Suspended.
    event StateChanged(
        uint256 indexed modelId, State previous, State current, uint64 epoch, uint256 indexed caseId, uint48 until
    );
    /// @notice A case was opened.
    event CaseOpened(uint256 indexed caseId, uint256 indexed modelId, CaseKind kind, Severity severity, Case details);
    /// @notice A case ended.
    event CaseClosed(uint256 indexed caseId, uint256 indexed modelId, Outcome outcome);
    /// @notice A suspension did not happen, because the budget does not cover a whole one.
    event BudgetExhausted(uint256 indexed modelId, uint256 indexed caseId, uint48 needed, uint48 used);
    /// @notice The governor told another span.
    event VoteSpanChanged(uint48 previous, uint48 current);
    /// @notice Parameters changed.
    event ParametersChanged(SwitchParameters previous, SwitchParameters current);

    /// @notice The case does not exist, or is not of this model.
    error CaseUnknown(uint256 caseId);
    /// @notice The case has ended.
    error CaseNotOpen(uint256 caseId, Outcome outcome);
    /// @notice The case belongs to an earlier epoch than the model.
    error EpochStale(uint256 modelId, uint64 given, uint64 current);
    /// @notice That cannot be done in the model's present state.
    error StateInvalid(uint256 modelId, State state);

    constructor(
        address authority_,
        IModelRegistry registry_,
        IPolicyBook policies_,
        SwitchParameters memory least,
        SwitchParameters memory initial,
        SwitchParameters memory most
    ) AccessManaged(authority_) {
        (registry, policies) = (registry_, policies_);
        SwitchParametersLib.checkBounds(most);
        (_least, _most) = (least, most);
        _setParameters(initial);
    }

    /// @inheritdoc IKillSwitch
    function setVoteSpan(uint48 seconds_) external restricted {
        SwitchParametersLib.check(_parameters, _least, _most, seconds_);
        emit VoteSpanChanged(voteSpan, seconds_);
        voteSpan = seconds_;
    }

    /// @notice Changes the parameters within their hard bounds.
    function setParameters(SwitchParameters calldata parameters_) external restricted {
        _setParameters(parameters_);
    }

    /// @notice Parameters in force.
    function parameters() external view returns (SwitchParameters memory) {
        return _parameters;
    }

    /// @notice Hard bounds, given at deployment and for good.
    function bounds() external view returns (SwitchParameters memory least, SwitchParameters memory most) {
        return (_least, _most);
    }

    function _setParameters(SwitchParameters memory parameters_) private {
        SwitchParametersLib.check(parameters_, _least, _most, voteSpan);
        emit ParametersChanged(_parameters, parameters_);
        _parameters = parameters_;
    }

    function _open(Record memory record) internal returns (uint256 caseId) {
        caseId = ++caseCount;
        record.epoch = _models[record.modelId].epoch;
        record.openedAt = uint48(block.timestamp);
        record.openUntil = uint48(block.timestamp) + _parameters.openWindow;
        _cases[caseId] = record;
        emit CaseOpened(caseId, record.modelId, record.kind, record.severity, _toCase(record));
    }

    /// @dev All but the proposal id, which the governor knows.
    function _toCase(Record memory record) internal pure returns (Case memory case_) {
        (case_.modelId, case_.version, case_.epoch) = (record.modelId, record.version, record.epoch);
        (case_.kind, case_.severity, case_.outcome) = (record.kind, record.severity, record.outcome);
        (case_.openedAt, case_.openUntil, case_.bound) = (record.openedAt, record.openUntil, record.bound);
        (case_.frame, case_.rule, case_.policy) = (record.frame, record.rule, record.policy);
        (case_.value, case_.limit, case_.evidence) = (record.value, record.limit, record.evidence);
        (case_.governor, case_.voteEnds) = (record.governor, record.voteEnds);
    }

    function _close(uint256 caseId, Outcome outcome) internal {
        _cases[caseId].outcome = outcome;
        emit CaseClosed(caseId, _cases[caseId].modelId, outcome);
    }

    /// @dev `next` is Inactive to leave a halt; what that means is derived from registry and policy.
    function _enter(uint256 modelId, State previous, State next, uint64 epoch) internal {
        Model storage model = _models[modelId];
        (model.state, model.epoch) = (next, epoch);
        uint48 until = next == State.Suspended ? model.until : 0;
        if (next == State.Inactive) next = _state(modelId);
        emit StateChanged(modelId, previous, next, epoch, model.cause, until);
    }

    function _state(uint256 modelId) internal view returns (State) {
        Model storage model = _models[modelId];
        if (model.state == State.Retired || model.state == State.Paused) return model.state;
        if (model.state == State.Suspended && block.timestamp < model.until) return State.Suspended;
        return registry.activeVersion(modelId) != 0 && policies.hasPolicy(modelId) ? State.Active : State.Inactive;
    }

    function _isHalted() internal view returns (bool) {
        return block.timestamp < haltedUntil;
    }

    /// @dev Bounded by time alone, so that a trip never asks the governor.
    function _isLive(uint256 caseId) internal view returns (bool) {
        Record storage record = _cases[caseId];
        if (record.openUntil == 0 || record.outcome != Outcome.Open) return false;
        if (record.epoch != _models[record.modelId].epoch) return false;
        return block.timestamp <= (record.voteEnds == 0 ? record.openUntil : record.voteEnds);
    }
}
