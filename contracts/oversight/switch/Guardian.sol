// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Severity} from "../../interfaces/IPolicyBook.sol";
import {State} from "../../interfaces/IModelStatus.sol";
import {CaseKind} from "../../interfaces/IKillSwitch.sol";
import {Suspensions} from "./Suspensions.sol";
import {SwitchParameters, SwitchParametersLib} from "./SwitchParameters.sol";

/**
 * @title Guardian
 * @notice Halts by people who can act within minutes, before any report or vote.
 *
 * Problem. Some harm cannot wait for a vote, and whoever may act at once may be captured.
 *
 * Solution. A guardian's act is bounded in time, opens a vote where it is about one model, and is used up: each model
 * once, few models a period, one global halt. Only governance re-arms it.
 */
abstract contract Guardian is Suspensions {
    using SwitchParametersLib for SwitchParameters;

    /// @notice True once the guardian has halted all models, until governance re-arms it.
    bool public haltUsed;

    uint256 private _uses;
    /// @dev Number of the first use since governance last re-armed the guardian.
    uint256 private _armedFrom;
    mapping(uint256 use => uint48) private _usedAt;

    /// @notice The guardian suspended a model, if its budget covered it, by a case.
    event GuardianSuspended(uint256 indexed modelId, uint256 indexed caseId, bytes32 evidence);
    /// @notice The guardian may act again: globally, this period, and on these models.
    event GuardianRearmed(uint256[] modelIds);
    /// @notice All models are halted until `current`, or not any more if that is not in the future.
    event HaltChanged(uint48 previous, uint48 current);

    /// @notice The guardian has used up its act on this model; governance can re-arm it.
    error GuardianModelUsed(uint256 modelId);
    /// @notice The guardian has suspended as many models as one period allows.
    error GuardianPeriodUsed(uint48 until);
    /// @notice The guardian has used up its global halt; governance can re-arm it.
    error GuardianHaltUsed();
    /// @notice The guardian must say why: the SHA-256 of what voters shall read.
    error GuardianEvidenceMissing(uint256 modelId);

    /// @notice Suspends a model that is in service, for as long as its vote needs, and opens a case.
    /// @dev Where the budget covers no suspension, the case is opened all the same: its holders may still vote.
    /// @param evidence SHA-256 of the document that says why.
    function guardianSuspend(uint256 modelId, bytes32 evidence) external restricted returns (uint256 caseId) {
        State state = _state(modelId);
        require(state == State.Active, StateInvalid(modelId, state));
        require(evidence != 0, GuardianEvidenceMissing(modelId));
        _use(modelId);
        Record memory record;
        (record.modelId, record.version) = (uint64(modelId), registry.activeVersion(modelId));
        (record.kind, record.severity, record.evidence) = (CaseKind.Guardian, Severity.Trip, evidence);
        caseId = _open(record);
        _models[modelId].live = uint64(caseId);
        emit GuardianSuspended(modelId, caseId, evidence);
        _suspend(modelId, caseId, _parameters.suspension(0, voteSpan));
    }

    /// @notice Halts all models for the halt budget, once.
    function guardianHalt() external restricted {
        require(!haltUsed, GuardianHaltUsed());
        haltUsed = true;
        uint48 until = uint48(block.timestamp) + _parameters.haltBudget;
        _setHalt(until > haltedUntil ? until : haltedUntil);
    }

    /// @notice Halts all models until a time, or ends a halt by naming a time that is not in the future.
    function halt(uint48 until) external restricted {
        _setHalt(until);
    }

    /// @notice Lets the guardian act again: its global halt, this period, and its act on each of these models.
    function rearm(uint256[] calldata modelIds) external restricted {
        (haltUsed, _armedFrom) = (false, _uses);
        for (uint256 i = 0; i < modelIds.length; ++i) {
            _models[modelIds[i]].guardianUsed = false;
        }
        emit GuardianRearmed(modelIds);
    }

    /// @notice True once the guardian has used up its act on a model.
    function guardianUsed(uint256 modelId) external view returns (bool) {
        return _models[modelId].guardianUsed;
    }

    function _use(uint256 modelId) private {
        require(!_models[modelId].guardianUsed, GuardianModelUsed(modelId));
        uint256 allowed = _parameters.guardianModels;
        if (_uses - _armedFrom >= allowed) {
            uint48 until = allowed == 0 ? type(uint48).max : _usedAt[_uses - allowed] + _parameters.guardianPeriod;
            require(block.timestamp >= until, GuardianPeriodUsed(until));
        }
        _models[modelId].guardianUsed = true;
        _usedAt[_uses++] = uint48(block.timestamp);
    }

    /// @dev A halt that is over keeps its true end, from which {operationalSince} counts.
    function _setHalt(uint48 until) private {
        uint48 now_ = uint48(block.timestamp);
        uint48 end = until > now_ ? until : haltedUntil < now_ ? haltedUntil : now_;
        emit HaltChanged(haltedUntil, end);
        haltedUntil = end;
    }
}
