// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IDecisionLog} from "../interfaces/IDecisionLog.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook, Op, Severity, Terms} from "../interfaces/IPolicyBook.sol";
import {Breach, IKillSwitch} from "../interfaces/IKillSwitch.sol";
import {State} from "../interfaces/IModelStatus.sol";
import {Attestation, FrameRecord, IReportHub, Report} from "../interfaces/IReportHub.sol";
import {PolicyCode} from "./PolicyCode.sol";

/**
 * @title ReportHub
 * @notice Takes the reports of monitors and judges them against the policy.
 *
 * Problem. One monitor may lie or fail, and whoever passes a report on may be anyone.
 *
 * Solution. Monitors sign the same digest; once k of a panel agree to the last bit, the rules are applied here.
 *
 * Decisions
 * - A report is checked whole before any signature of it counts; a bad or repeated signature is skipped and never
 *   reverts, so that one monitor cannot block the others in a shared call. Signatures add up over calls.
 * - A monitor counts once a frame, whichever digest it signed.
 * - Only the anchored log can be reported on; frame 0 only on the registered evaluation set.
 * - A frame is judged once, and nothing undoes it.
 * - In an evaluation, a value that is not available counts as a hit: what could not be looked at is not met.
 *
 * Assumptions
 * - Fewer than k monitors of a panel collude. If k do, a suspension is still bounded by {KillSwitch}.
 */
contract ReportHub is IReportHub, EIP712, AccessManaged {
    using PolicyCode for bytes;

    struct Frame {
        uint96 reported;
        uint8 agreement;
        bool judged;
        bool breached;
        bool closed;
        bytes32 report;
    }

    /// @dev Consecutive not-available values a rule, one byte each, for the newest frame judged.
    struct Streaks {
        uint64 newest;
        uint192 counts;
    }

    /// @dev What one call of {submit} works with: the policy's terms and rules, and the keys of report and frame.
    struct Context {
        Terms terms;
        bytes code;
        bytes32 digest;
        bytes32 key;
    }

    bytes32 private constant _REPORT_TYPEHASH = keccak256(
        "Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,bytes32 evidence,int64[] values)"
    );
    bytes32 private constant _ATTESTATION_TYPEHASH = keccak256("Attestation(bytes32 report,bytes32 witness)");
    int64 private constant _NOT_AVAILABLE = type(int64).min;

    IPolicyBook public immutable policies;
    IModelRegistry public immutable registry;
    IDecisionLog public immutable log;
    IKillSwitch public immutable killSwitch;

    mapping(bytes32 frameKey => Frame) private _frames;
    mapping(bytes32 frameKey => mapping(bytes32 report => uint96)) private _agreeing;
    mapping(bytes32 streakKey => Streaks) private _streaks;

    /// @notice A monitor's signature over a report counted.
    event Attested(
        uint256 indexed modelId,
        uint64 indexed frame,
        address indexed monitor,
        uint32 version,
        bytes32 report,
        bytes32 witness
    );
    /// @notice A signature did not count: not the named monitor's, not of the panel, or not its first of the frame.
    event AttestationSkipped(uint256 indexed modelId, uint64 indexed frame, uint8 index);
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

    /// @notice The frame has not ended, or its deadline has passed.
    error ReportOutOfTime(uint256 modelId, uint64 frame, uint48 from, uint48 until);
    /// @notice The version was not in force in that frame.
    error ReportWrongVersion(uint256 modelId, uint32 given, uint32 expected);
    /// @notice The policy named is not the one in force at the frame's start.
    error ReportWrongPolicy(bytes32 given, bytes32 expected);
    /// @notice The manifest is not the anchored one, or none is anchored.
    error ReportWrongManifest(bytes32 given, bytes32 expected);
    /// @notice A report needs one value per rule.
    error ReportValueCount(uint256 given, uint256 expected);
    /// @notice The value of rule `index` is outside the metric's range.
    error ReportValueOutOfRange(uint256 index, int64 value);
    /// @notice The version's evaluation closed when it took force.
    error ReportEvaluationClosed(uint256 modelId, uint32 version);
    /// @notice No version of a retired model takes force.
    error ReportModelRetired(uint256 modelId);
    /// @notice No signature of the call counted.
    error ReportWithoutSignature(uint256 modelId, uint64 frame);

    constructor(
        address authority_,
        IPolicyBook policies_,
        IModelRegistry registry_,
        IDecisionLog log_,
        IKillSwitch killSwitch_
    ) EIP712("Tribune ReportHub", "1") AccessManaged(authority_) {
        policies = policies_;
        registry = registry_;
        log = log_;
        killSwitch = killSwitch_;
    }

    /// @notice Counts signatures over a report and judges it once k monitors agree. Anyone may pass them on.
    function submit(Report calldata report, Attestation[] calldata attestations) external {
        Context memory context;
        context.terms = _termsFor(report);
        context.code = PolicyCode.read(context.terms.code);
        _checkValues(report, context);
        context.digest = hashReport(report);
        context.key = _frameKey(report.modelId, report.version, report.frame, context.terms.digest);

        Frame storage frame = _frames[context.key];
        require(!frame.closed, ReportEvaluationClosed(report.modelId, report.version));
        uint8 agreement = _ones(_count(report, context, attestations));
        if (agreement > frame.agreement) frame.agreement = agreement;
        if (agreement >= context.terms.k && !frame.judged) {
            (frame.judged, frame.report) = (true, context.digest);
            frame.breached = _judge(report, context);
        }
    }

    /// @inheritdoc IReportHub
    function onActivate(uint256 modelId, uint32 version, uint48) external restricted {
        require(killSwitch.statusOf(modelId).state != State.Retired, ReportModelRetired(modelId));
        _frames[_frameKey(modelId, version, 0, policies.currentTerms(modelId).digest)].closed = true;
    }

    /// @inheritdoc IReportHub
    function evaluationPassed(uint256 modelId, uint32 version) external view returns (bool) {
        Frame storage frame = _frames[_frameKey(modelId, version, 0, policies.currentTerms(modelId).digest)];
        return frame.judged && !frame.breached;
    }

    /// @notice What is known of a frame under the policy with digest `policy`.
    function frameOf(uint256 modelId, uint32 version, uint64 frame, bytes32 policy)
        external
        view
        returns (FrameRecord memory)
    {
        Frame storage record = _frames[_frameKey(modelId, version, frame, policy)];
        return FrameRecord(record.reported, record.agreement, record.judged, record.breached, record.report);
    }

    /// @notice EIP-712 struct hash of a report: what monitors agree on.
    function hashReport(Report calldata report) public pure returns (bytes32) {
        return keccak256(
            abi.encode(
                _REPORT_TYPEHASH,
                report.modelId,
                report.version,
                report.frame,
                report.policy,
                report.manifest,
                report.evidence,
                keccak256(abi.encodePacked(report.values))
            )
        );
    }

    /// @notice What a monitor signs.
    function hashAttestation(bytes32 report, bytes32 witness) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_ATTESTATION_TYPEHASH, report, witness)));
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
            uint32 version = registry.versionAt(report.modelId, terms.end - 1);
            require(
                version == report.version && version != 0,
                ReportWrongVersion(report.modelId, report.version, version)
            );
            manifest = log.anchorOf(report.modelId, report.version, report.frame);
        }
        require(report.policy == terms.digest, ReportWrongPolicy(report.policy, terms.digest));
        require(manifest != 0 && report.manifest == manifest, ReportWrongManifest(report.manifest, manifest));
    }

    function _checkValues(Report calldata report, Context memory context) private pure {
        uint256 expected = context.terms.ruleCount;
        require(report.values.length == expected, ReportValueCount(report.values.length, expected));
        for (uint256 i = 0; i < report.values.length; ++i) {
            int64 value = report.values[i];
            if (value == _NOT_AVAILABLE) continue;
            PolicyCode.PackedRule memory rule = context.code.ruleAt(i);
            require(value >= rule.lo && value <= rule.hi, ReportValueOutOfRange(i, value));
        }
    }

    /// @dev Adds the call's signatures to those that agree with the report, and returns all of them.
    function _count(Report calldata report, Context memory context, Attestation[] calldata attestations)
        private
        returns (uint96 agreeing)
    {
        uint96 reported = _frames[context.key].reported;
        uint96 before = _agreeing[context.key][context.digest];
        agreeing = before;
        for (uint256 i = 0; i < attestations.length; ++i) {
            uint96 bit = _bitOf(context, attestations[i]);
            if (bit == 0 || reported & bit != 0) {
                emit AttestationSkipped(report.modelId, report.frame, attestations[i].index);
                continue;
            }
            reported |= bit;
            agreeing |= bit;
            emit Attested(
                report.modelId,
                report.frame,
                context.code.memberAt(context.terms, attestations[i].index),
                report.version,
                context.digest,
                attestations[i].witness
            );
        }
        require(agreeing != before, ReportWithoutSignature(report.modelId, report.frame));
        _frames[context.key].reported = reported;
        _agreeing[context.key][context.digest] = agreeing;
    }

    /// @dev The bit of the panel member who signed, or 0 if the signature is not that of the member it names.
    function _bitOf(Context memory context, Attestation calldata attestation) private view returns (uint96) {
        if (attestation.index >= context.terms.panelSize) return 0;
        (address signer, ECDSA.RecoverError fault,) =
            ECDSA.tryRecover(hashAttestation(context.digest, attestation.witness), attestation.signature);
        bool signed = fault == ECDSA.RecoverError.NoError
            && signer == context.code.memberAt(context.terms, attestation.index);
        return signed ? uint96(1) << attestation.index : 0;
    }

    /// @dev Applies the rules. The case is that of the most severe rule that does not cool down.
    function _judge(Report calldata report, Context memory context) private returns (bool breached) {
        uint256 missed = report.frame == 0 ? type(uint256).max : _missed(report, context);
        uint256 hits;
        uint256 worst = type(uint256).max;
        Severity severity = Severity.Warn;
        for (uint256 i = 0; i < report.values.length; ++i) {
            PolicyCode.PackedRule memory rule = context.code.ruleAt(i);
            int64 value = report.values[i];
            bool hit = value == _NOT_AVAILABLE
                ? missed & (1 << i) != 0
                : rule.op == Op.Above ? value > rule.limit : value < rule.limit;
            if (!hit) continue;
            hits |= 1 << i;
            if (rule.severity == Severity.Warn) continue;
            breached = true;
            if (rule.severity <= severity || (report.frame > 0 && _cools(report, i))) continue;
            (worst, severity) = (i, rule.severity);
        }
        uint256 caseId;
        if (worst != type(uint256).max && report.frame > 0) {
            caseId = _open(report, context, worst, severity);
        }
        emit ReportJudged(report.modelId, report.frame, report.version, context.digest, hits, caseId, report);
    }

    function _open(Report calldata report, Context memory context, uint256 rule, Severity severity)
        private
        returns (uint256)
    {
        Breach memory breach = Breach({
            modelId: report.modelId,
            version: report.version,
            frame: report.frame,
            rule: uint16(rule),
            value: report.values[rule],
            limit: context.code.ruleAt(rule).limit,
            policy: report.policy,
            evidence: report.evidence,
            suspension: context.terms.suspension
        });
        return severity == Severity.Trip ? killSwitch.trip(breach) : killSwitch.openBreachCase(breach);
    }

    function _cools(Report calldata report, uint256 rule) private view returns (bool) {
        return killSwitch.coolingUntil(report.modelId, report.version, report.policy, uint16(rule)) > block.timestamp;
    }

    /// @dev Rules whose values were not available for more consecutive reports than their budget. Only a report
    /// newer than the newest judged moves the streaks. Frames that were never reported are for {pokeStale}.
    function _missed(Report calldata report, Context memory context) private returns (uint256 missed) {
        Streaks storage streaks = _streaks[keccak256(abi.encode(report.modelId, report.version, report.policy))];
        (uint64 newest, uint192 counts) = (streaks.newest, streaks.counts);
        bool newer = report.frame > newest;
        uint192 next;
        for (uint256 i = 0; i < report.values.length; ++i) {
            if (report.values[i] != _NOT_AVAILABLE) continue;
            uint256 count = uint8(counts >> (8 * i));
            if (newer && count < type(uint8).max) ++count;
            next |= uint192(count << (8 * i));
            if (count > context.code.ruleAt(i).naBudget) missed |= 1 << i;
        }
        if (newer) (streaks.newest, streaks.counts) = (report.frame, next);
    }

    function _frameKey(uint256 modelId, uint32 version, uint64 frame, bytes32 policy) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, frame, policy));
    }

    function _ones(uint96 bits) private pure returns (uint8 count) {
        for (; bits != 0; bits &= bits - 1) ++count;
    }
}
