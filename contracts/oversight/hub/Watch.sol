// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Breach, CaseKind, STALE_RULE} from "../../interfaces/IKillSwitch.sol";
import {Oversight} from "../../interfaces/IModelStatus.sol";
import {Terms} from "../../interfaces/IPolicyBook.sol";
import {IReportHub} from "../../interfaces/IReportHub.sol";
import {HubBase} from "./HubBase.sol";

/**
 * @title Watch
 * @notice Whether a model in service is watched at all.
 *
 * Problem. Who withholds a log, a label or a report silences the rules.
 *
 * Solution. A frame in service that no quorum reported by its deadline is itself a reason to vote, and to suspend
 * where the policy says so. Monitors that contradict each other until no digest can reach k come to the same.
 *
 * Decisions
 * - Only frames throughout which the model was in service count, and only while it still is.
 * - A frame can be poked for {STALE_WINDOW} after its deadline, whatever came later: else a steward could withhold each
 *   second frame. It opens no chain of halts: a suspension moves the time in service past all older frames.
 * - Once a newer frame is judged, the oversight state is Healthy again: the model is watched.
 */
abstract contract Watch is HubBase {
    /// @notice How long after its deadline a frame that nobody reported can be made a case (seconds).
    uint48 public constant STALE_WINDOW = 7 days;

    /// @dev Newest frame on which no digest can reach k, by model and policy.
    mapping(bytes32 watchKey => uint64) private _newestDisputed;

    /// @notice Monitors contradict each other so that no digest of the frame can reach k any more.
    event FrameDisputed(uint256 indexed modelId, uint64 indexed frame, uint32 indexed version);
    /// @notice The deadline of a frame in service passed without an accepted report. No case where it cools down.
    event FrameStale(uint256 indexed modelId, uint64 indexed frame, uint32 indexed version, uint256 caseId);

    /// @notice The frame is not stale: reported, not yet due, due too long ago, not wholly in service, or a case already.
    error ReportFrameNotStale(uint256 modelId, uint64 frame);

    /// @notice Makes a frame that nobody reported in time a case. Anyone may call it, once a frame.
    function pokeStale(uint256 modelId, uint64 frame) external returns (uint256 caseId) {
        Terms memory terms = policies.termsOf(modelId, frame);
        uint32 version = registry.versionAt(modelId, terms.end - 1);
        Frame storage record = _frames[_frameKey(modelId, version, frame, terms.digest)];
        bool recent = block.timestamp <= uint256(terms.acceptUntil) + STALE_WINDOW;
        require(
            recent && record.flags & STALE == 0 && _isStale(modelId, version, frame, terms),
            ReportFrameNotStale(modelId, frame)
        );
        record.flags |= STALE;
        Breach memory breach;
        (breach.kind, breach.modelId, breach.version) = (CaseKind.Stale, modelId, version);
        (breach.frame, breach.rule, breach.policy) = (frame, STALE_RULE, terms.digest);
        breach.suspension = terms.suspension;
        caseId = terms.staleSuspends ? killSwitch.trip(breach) : killSwitch.openBreachCase(breach);
        emit FrameStale(modelId, frame, version, caseId);
    }

    /// @inheritdoc IReportHub
    function oversightOf(uint256 modelId) external view returns (Oversight) {
        if (!policies.hasPolicy(modelId)) return Oversight.Healthy;
        bytes32 key = _watchKey(modelId, policies.currentTerms(modelId).digest);
        if (_newestDisputed[key] > _streaks[key].newest) return Oversight.Disputed;
        uint64 frame = policies.lastFrameDue(modelId);
        if (frame == 0) return Oversight.Healthy;
        Terms memory terms = policies.termsOf(modelId, frame);
        uint32 version = registry.versionAt(modelId, terms.end - 1);
        bool watched = _streaks[_watchKey(modelId, terms.digest)].newest > frame;
        return !watched && _isStale(modelId, version, frame, terms) ? Oversight.Stale : Oversight.Healthy;
    }

    /// @dev Marks a frame as disputed once those who have not reported cannot bring any digest to k.
    function _noteDispute(uint256 modelId, uint32 version, uint64 frame, bytes32 policy) internal {
        emit FrameDisputed(modelId, frame, version);
        bytes32 key = _watchKey(modelId, policy);
        if (frame > _newestDisputed[key]) _newestDisputed[key] = frame;
    }

    function _isStale(uint256 modelId, uint32 version, uint64 frame, Terms memory terms) private view returns (bool) {
        if (version == 0 || block.timestamp <= terms.acceptUntil) return false;
        if (_frames[_frameKey(modelId, version, frame, terms.digest)].flags & JUDGED != 0) return false;
        return killSwitch.operationalSince(modelId) <= terms.start;
    }
}
