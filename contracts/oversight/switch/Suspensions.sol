// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Severity} from "../../interfaces/IPolicyBook.sol";
import {State} from "../../interfaces/IModelStatus.sol";
import {Breach, CaseKind, IKillSwitch} from "../../interfaces/IKillSwitch.sol";
import {SuspensionBudget} from "./SuspensionBudget.sol";
import {SwitchBase} from "./SwitchBase.sol";
import {SwitchParameters, SwitchParametersLib} from "./SwitchParameters.sol";

/**
 * @title Suspensions
 * @notice Breaches, and the bounded halts that they cause.
 *
 * Decisions
 * - A suspension is at least as long as its vote can take by the parameters in force when it begins, or it does not
 *   happen. Its length uses {voteSpan}, stored here, so that a trip never waits for the governor.
 * - All who suspend without a vote draw on one budget a model.
 * - A case suspends at most once, and only before its vote is opened: every suspension has its own vote ahead. A trip
 *   that the budget covers suspends by the live case of a breach, which then is about that trip, or else by a case of
 *   its own.
 */
abstract contract Suspensions is SwitchBase {
    using SuspensionBudget for SuspensionBudget.Bucket;
    using SwitchParametersLib for SwitchParameters;

    mapping(bytes32 key => uint48) private _cooling;

    /// @notice A further breach joined a live case.
    event CaseJoined(uint256 indexed caseId, uint256 indexed modelId, Severity severity, Breach breach);
    /// @notice A breach had no effect, because its rule cools down after a rejected vote.
    event BreachCooling(uint256 indexed modelId, uint32 version, bytes32 policy, uint16 rule, uint48 until);

    /// @inheritdoc IKillSwitch
    function trip(Breach calldata breach) external restricted returns (uint256 caseId) {
        return _onBreach(breach, Severity.Trip);
    }

    /// @inheritdoc IKillSwitch
    function openBreachCase(Breach calldata breach) external restricted returns (uint256 caseId) {
        return _onBreach(breach, Severity.Vote);
    }

    /// @inheritdoc IKillSwitch
    function coolingUntil(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) public view returns (uint48) {
        return _cooling[_coolingKey(modelId, version, policy, rule)];
    }

    /// @notice Seconds of its suspension budget that a model has used and not yet got back.
    function budgetUsed(uint256 modelId) external view returns (uint48) {
        return _models[modelId].bucket.level(_parameters.refill);
    }

    /// @dev Suspends by a case if the budget covers `length` whole.
    function _suspend(uint256 modelId, uint256 caseId, uint48 length) internal {
        Model storage model = _models[modelId];
        if (!_covers(modelId, length)) {
            emit BudgetExhausted(modelId, caseId, length, model.bucket.level(_parameters.refill));
            return;
        }
        model.bucket.draw(length, _parameters.refill);
        (model.until, model.cause) = (uint48(block.timestamp) + length, uint64(caseId));
        _cases[caseId].bound = model.until;
        _enter(modelId, State.Active, State.Suspended, model.epoch);
    }

    /// @dev A vote decided before the bound: the rest of the suspension goes back to the budget.
    function _cutShort(uint256 modelId) internal {
        Model storage model = _models[modelId];
        model.bucket.refund(model.until - uint48(block.timestamp), _parameters.refill);
        model.until = uint48(block.timestamp);
    }

    /// @dev From `from` on, the rule that a rejected case was about has no effect for a while.
    function _cool(Record storage record, uint48 from) internal {
        _cooling[_coolingKey(record.modelId, record.version, record.policy, record.rule)] = from + _parameters.cooldown;
    }

    function _covers(uint256 modelId, uint48 length) internal view returns (bool) {
        return _models[modelId].bucket.covers(length, _parameters.budget, _parameters.refill);
    }

    function _onBreach(Breach calldata breach, Severity severity) private returns (uint256 caseId) {
        State state = _state(breach.modelId);
        if (state != State.Active && state != State.Suspended) return 0;
        uint48 cooling = coolingUntil(breach.modelId, breach.version, breach.policy, breach.rule);
        if (cooling > block.timestamp) {
            emit BreachCooling(breach.modelId, breach.version, breach.policy, breach.rule, cooling);
            return 0;
        }
        Model storage model = _models[breach.modelId];
        // The vote that freed the model knew what had come before it, whenever that is reported.
        if (model.resumedAt != 0 && policies.frameTimes(breach.modelId, breach.frame).end <= model.resumedAt) return 0;
        caseId = model.live;
        uint48 length = _parameters.suspension(breach.suspension, voteSpan);
        bool trips = severity == Severity.Trip && state == State.Active;
        bool covered = trips && _covers(breach.modelId, length);
        if (_isLive(caseId) && (_carries(caseId, breach.kind) || !covered)) {
            if (severity == Severity.Trip) _cases[caseId].severity = severity;
            if (covered) _cases[caseId] = _about(_cases[caseId], breach);
            emit CaseJoined(caseId, breach.modelId, severity, breach);
        } else {
            Record memory record;
            record.severity = severity;
            caseId = _open(_about(record, breach));
            model.live = uint64(caseId);
        }
        if (trips) _suspend(breach.modelId, caseId, length);
    }

    /// @dev A covered trip always suspends: by a case of its own where the live one cannot carry it. Silence does not
    /// take the place of a breach that voters were to decide on, nor either that of the guardian's reason.
    function _carries(uint256 caseId, CaseKind kind) private view returns (bool) {
        Record storage record = _cases[caseId];
        if (record.voteEnds != 0 || record.bound != 0) return false;
        return record.kind == CaseKind.Stale || (record.kind == CaseKind.Breach && kind == CaseKind.Breach);
    }

    /// @dev What voters decide on, and which rule cools down if they reject it.
    function _about(Record memory record, Breach calldata breach) private pure returns (Record memory) {
        (record.modelId, record.version, record.kind) = (uint64(breach.modelId), breach.version, breach.kind);
        (record.frame, record.rule, record.policy) = (breach.frame, breach.rule, breach.policy);
        (record.value, record.limit, record.evidence) = (breach.value, breach.limit, breach.evidence);
        return record;
    }

    function _coolingKey(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, policy, rule));
    }
}
