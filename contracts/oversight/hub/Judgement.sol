// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FrameTimes, Severity} from "../../interfaces/IPolicyBook.sol";
import {Breach, CaseKind} from "../../interfaces/IKillSwitch.sol";
import {Report} from "../../interfaces/IReportHub.sol";
import {PackedRule, PolicyCode} from "../PolicyCode.sol";
import {HubBase} from "./HubBase.sol";

/**
 * @title Judgement
 * @notice Applies a policy's rules to a report on which a quorum of monitors agrees.
 *
 * Decisions
 * - The case is that of the most severe rule that does not cool down.
 * - In an evaluation, a value that is not available counts as a hit: what could not be looked at is not met.
 * - In service, each rule bears a number of consecutive frames that are not available. A frame that nobody reported
 *   while the model was in service counts among them; only a report newer than the newest judged moves the count. The
 *   count is the model's and not a version's, so that activating versions does not begin it anew.
 */
abstract contract Judgement is HubBase {
    using PolicyCode for bytes;

    int64 internal constant NOT_AVAILABLE = type(int64).min;

    /// @notice k monitors agreed. Bit i of `hits` is set if rule i was hit.
    event ReportJudged(
        uint256 indexed modelId,
        uint64 indexed frame,
        uint32 indexed version,
        bytes32 digest,
        uint256 hits,
        uint256 caseId,
        Report report
    );

    /// @notice A report needs one value per rule.
    error ReportValueCount(uint256 given, uint256 expected);
    /// @notice The value of rule `index` is outside the metric's range.
    error ReportValueOutOfRange(uint256 index, int64 value);

    /// @dev Also notes in `context` which values are not available.
    function _checkValues(Context memory context) internal pure {
        (bytes memory code, int64[] memory values) = (context.code, context.values);
        uint256 expected = context.terms.ruleCount;
        require(values.length == expected, ReportValueCount(values.length, expected));
        for (uint256 i = 0; i < expected; ++i) {
            int64 value = values[i];
            if (value == NOT_AVAILABLE) context.absent |= 1 << i;
            else require(code.ruleAt(i).isInRange(value), ReportValueOutOfRange(i, value));
        }
    }

    /// @dev True if a rule of severity VOTE or TRIP was hit.
    function _judge(Report calldata report, Context memory context) internal returns (bool breached) {
        bool evaluation = report.frame == 0;
        uint256 hits = _hits(context, evaluation, evaluation ? context.absent : _missed(report, context));
        uint256 worst = type(uint256).max;
        Severity severity = Severity.Warn;
        for (uint256 i = 0; hits >> i != 0; ++i) {
            Severity found = context.code.ruleAt(i).severity();
            if (hits & (1 << i) == 0 || found == Severity.Warn) continue;
            breached = true;
            if (found <= severity || (!evaluation && _cools(report, i))) continue;
            (worst, severity) = (i, found);
        }
        uint256 caseId;
        if (worst != type(uint256).max && !evaluation) caseId = _open(report, context, worst, severity);
        emit ReportJudged(report.modelId, report.frame, report.version, context.digest, hits, caseId, report);
    }

    /// @dev Bit i is set if rule i is judged here and was hit, or its value is in `missed`.
    function _hits(Context memory context, bool evaluation, uint256 missed) private pure returns (uint256 hits) {
        (bytes memory code, int64[] memory values) = (context.code, context.values);
        for (uint256 i = 0; i < values.length; ++i) {
            PackedRule rule = code.ruleAt(i);
            if (!rule.appliesTo(evaluation)) continue;
            int64 value = values[i];
            if (value == NOT_AVAILABLE ? missed & (1 << i) != 0 : rule.isHit(value)) hits |= 1 << i;
        }
    }

    function _open(Report calldata report, Context memory context, uint256 rule, Severity severity)
        private
        returns (uint256)
    {
        Breach memory breach = Breach({
            kind: CaseKind.Breach,
            modelId: report.modelId,
            version: report.version,
            frame: report.frame,
            rule: uint16(rule),
            value: context.values[rule],
            limit: context.code.ruleAt(rule).limit(),
            policy: report.policy,
            evidence: report.evidence,
            suspension: context.terms.suspension
        });
        return severity == Severity.Trip ? killSwitch.trip(breach) : killSwitch.openBreachCase(breach);
    }

    function _cools(Report calldata report, uint256 rule) private view returns (bool) {
        return killSwitch.coolingUntil(report.modelId, report.version, report.policy, uint16(rule)) > block.timestamp;
    }

    /// @dev Rules that were not available for more consecutive frames than they bear. An older frame than the newest
    /// judged stands for itself alone, so that no order of reports hides it from a rule that bears none.
    function _missed(Report calldata report, Context memory context) private returns (uint256 missed) {
        Streaks storage streaks = _streaks[_watchKey(report.modelId, report.policy)];
        (uint64 newest, uint192 counts) = (streaks.newest, streaks.counts);
        uint64 before = context.terms.firstFrame - 1;
        // The policy was in force before, and another in between: what came then is not consecutive.
        if (newest < before) (newest, counts) = (before, 0);
        bool newer = report.frame > newest;
        uint256 absent = _absentInService(context);
        uint256 frames = absent == 0 ? 0 : _unseen(report, context, newer ? newest : report.frame - 1);
        uint192 next;
        for (uint256 i = 0; absent >> i != 0; ++i) {
            if (absent & (1 << i) == 0) continue;
            uint256 count = frames + (newer ? uint8(counts >> (8 * i)) : 0);
            if (count > type(uint8).max) count = type(uint8).max;
            next |= uint192(count << (8 * i));
            if (frames != 0 && count > context.code.ruleAt(i).naBudget()) missed |= 1 << i;
        }
        if (newer) (streaks.newest, streaks.counts) = (report.frame, next);
    }

    function _absentInService(Context memory context) private pure returns (uint256 absent) {
        for (uint256 i = 0; context.absent >> i != 0; ++i) {
            if (context.code.ruleAt(i).appliesTo(false)) absent |= context.absent & (1 << i);
        }
    }

    /// @dev Frames after `newest` up to the report's without a value: its own, and those that nobody reported and
    /// nobody can report any more. Only frames throughout which the model was in service count.
    function _unseen(Report calldata report, Context memory context, uint64 newest) private view returns (uint256) {
        uint48 since = killSwitch.operationalSince(report.modelId);
        uint48 start = context.terms.start;
        if (since > start) return 0;
        if (report.frame == newest + 1) return 1;
        uint64 due = policies.lastFrameDue(report.modelId);
        if (due <= newest) return 1;
        uint256 skipped = (due < report.frame ? due : report.frame - 1) - newest;
        FrameTimes memory first = policies.frameTimes(report.modelId, newest + 1);
        if (since <= first.start) return 1 + skipped;
        uint256 step = (start - first.start) / (report.frame - newest - 1);
        uint256 out = (since - first.start + step - 1) / step;
        return 1 + (out < skipped ? skipped - out : 0);
    }
}
