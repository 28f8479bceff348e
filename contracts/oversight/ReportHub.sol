// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IDecisionLog} from "../interfaces/IDecisionLog.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook, Terms} from "../interfaces/IPolicyBook.sol";
import {IKillSwitch} from "../interfaces/IKillSwitch.sol";
import {State} from "../interfaces/IModelStatus.sol";
import {Attestation, FrameRecord, IReportHub, Report} from "../interfaces/IReportHub.sol";
import {Attestations} from "./hub/Attestations.sol";
import {HubBase} from "./hub/HubBase.sol";
import {Judgement} from "./hub/Judgement.sol";
import {Watch} from "./hub/Watch.sol";
import {PolicyCode} from "./PolicyCode.sol";
import {SignerGas} from "../libraries/SignerGas.sol";

/**
 * @title ReportHub
 * @notice Takes the reports of monitors and judges them against the policy.
 *
 * Problem. One monitor may lie or fail, and whoever passes a report on may be anyone.
 *
 * Solution. Monitors sign the same digest; once k of a panel agree to the last bit, the rules are applied here.
 *
 * Decisions
 * - One capability a file in `hub/`: {Attestations} counts signatures, {Judgement} applies rules, {Watch} notices
 *   silence.
 * - A report is checked whole before any signature of it counts.
 * - Only the anchored log can be reported on; frame 0 only on the registered evaluation set.
 * - A frame is judged once, and nothing undoes it.
 *
 * Assumptions
 * - Fewer than k monitors of a panel collude. If k do, a suspension is still bounded by {KillSwitch}.
 */
contract ReportHub is Attestations, Judgement, Watch, AccessManaged {
    /// @notice The frame has not ended, or its deadline has passed.
    error ReportOutOfTime(uint256 modelId, uint64 frame, uint48 from, uint48 until);
    /// @notice The version was not in force in that frame.
    error ReportWrongVersion(uint256 modelId, uint32 given, uint32 expected);
    /// @notice The policy named is not the one in force at the frame's start.
    error ReportWrongPolicy(bytes32 given, bytes32 expected);
    /// @notice The manifest is not the anchored one, or none is anchored.
    error ReportWrongManifest(bytes32 given, bytes32 expected);
    /// @notice The version's evaluation closed when it took force.
    error ReportEvaluationClosed(uint256 modelId, uint32 version);
    /// @notice No version of a retired model takes force.
    error ReportModelRetired(uint256 modelId);

    constructor(
        address authority_,
        IPolicyBook policies_,
        IModelRegistry registry_,
        IDecisionLog log_,
        IKillSwitch killSwitch_,
        uint32 contractGas_
    ) HubBase(policies_, registry_, log_, killSwitch_) SignerGas(contractGas_) AccessManaged(authority_) {}

    /// @notice Counts signatures over a report and judges it once k monitors agree. Anyone may pass them on.
    function submit(Report calldata report, Attestation[] calldata attestations) external {
        Context memory context;
        context.terms = _termsFor(report);
        context.code = PolicyCode.read(context.terms.code);
        context.values = report.values;
        _checkValues(context);
        context.digest = _hashReport(report, context.values);
        context.key = _frameKey(report.modelId, report.version, report.frame, context.terms.digest);

        Frame memory frame = _frames[context.key];
        require(frame.flags & CLOSED == 0, ReportEvaluationClosed(report.modelId, report.version));
        uint8 agreement = _count(report, context, frame, attestations);
        if (frame.flags & (JUDGED | DISPUTED) == 0) {
            if (agreement >= context.terms.k) {
                frame.flags |= JUDGED;
                if (_judge(report, context)) frame.flags |= BREACHED;
            } else if (_isLost(context, frame)) {
                frame.flags |= DISPUTED;
                _noteDispute(report.modelId, report.version, report.frame, report.policy);
            }
        }
        _frames[context.key] = frame;
    }

    /// @inheritdoc IReportHub
    function onActivate(uint256 modelId, uint32 version, uint48) external restricted {
        require(killSwitch.statusOf(modelId).state != State.Retired, ReportModelRetired(modelId));
        _frames[_frameKey(modelId, version, 0, policies.currentTerms(modelId).digest)].flags |= CLOSED;
    }

    /// @inheritdoc IReportHub
    function evaluationPassed(uint256 modelId, uint32 version) external view returns (bool) {
        uint8 flags = _frames[_frameKey(modelId, version, 0, policies.currentTerms(modelId).digest)].flags;
        return flags & (JUDGED | BREACHED) == JUDGED;
    }

    /// @notice What is known of a frame under the policy with digest `policy`.
    function frameOf(uint256 modelId, uint32 version, uint64 frame, bytes32 policy)
        external
        view
        returns (FrameRecord memory)
    {
        bytes32 key = _frameKey(modelId, version, frame, policy);
        Frame memory record = _frames[key];
        return FrameRecord({
            reported: record.reported,
            agreement: _agreement(key, record),
            judged: record.flags & JUDGED != 0,
            breached: record.flags & BREACHED != 0,
            disputed: record.flags & DISPUTED != 0,
            stale: record.flags & STALE != 0
        });
    }

    /// @dev True if those who have not reported cannot bring any digest to k.
    function _isLost(Context memory context, Frame memory frame) private view returns (bool) {
        uint8 unreported = context.terms.panelSize - _ones(frame.reported);
        return _agreement(context.key, frame) + unreported < context.terms.k;
    }

    function _checkVersion(Report calldata report, Terms memory terms) private view {
        uint32 version = registry.versionAt(report.modelId, terms.end - 1);
        require(
            version == report.version && version != 0, ReportWrongVersion(report.modelId, report.version, version)
        );
    }

    /// @dev Terms in force for the report's frame, after checking time, version, policy and manifest.
    function _termsFor(Report calldata report) private view returns (Terms memory terms) {
        bytes32 manifest;
        if (report.frame == 0) {
            terms = policies.currentTerms(report.modelId);
            manifest = registry.evaluationSetOf(report.modelId, report.version);
        } else {
            terms = policies.termsOf(report.modelId, report.frame);
            require(
                block.timestamp >= terms.end && block.timestamp <= terms.acceptUntil,
                ReportOutOfTime(report.modelId, report.frame, terms.end, terms.acceptUntil)
            );
            manifest = log.anchorOf(report.modelId, report.version, report.frame);
            // The log anchors a frame for the version in force in it and for no other, and neither can change later.
            if (manifest == 0) _checkVersion(report, terms);
        }
        require(report.policy == terms.digest, ReportWrongPolicy(report.policy, terms.digest));
        require(manifest != 0 && report.manifest == manifest, ReportWrongManifest(report.manifest, manifest));
    }
}
