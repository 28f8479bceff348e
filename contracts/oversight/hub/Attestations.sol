// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Attestation, Report} from "../../interfaces/IReportHub.sol";
import {Signatures} from "../../libraries/Signatures.sol";
import {SignerGas} from "../../libraries/SignerGas.sol";
import {PolicyCode} from "../PolicyCode.sol";
import {HubBase} from "./HubBase.sol";

/**
 * @title Attestations
 * @notice Counts which monitors of a panel agree on a report.
 *
 * Decisions
 * - A bad or repeated signature is skipped and never reverts, so that one monitor cannot block the others in a shared
 *   call. Signatures add up over calls.
 * - A monitor counts once a frame, whichever digest it signed.
 * - A frame keeps the first digest's head only (19 bytes): to pass for it, another report would have to match a given
 *   digest in 152 bits.
 */
abstract contract Attestations is HubBase, SignerGas, EIP712 {
    using PolicyCode for bytes;

    /// @dev Monitors that signed for another digest than the first, and the most that agree on one such digest.
    struct Split {
        uint96 dissent;
        uint8 agreement;
    }

    bytes32 private constant _REPORT_TYPEHASH = keccak256(
        "Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,bytes32 evidence,int64[] values)"
    );
    bytes32 private constant _ATTESTATION_TYPEHASH = keccak256("Attestation(bytes32 report,bytes32 witness)");

    mapping(bytes32 frameKey => Split) private _splits;
    mapping(bytes32 frameKey => mapping(bytes32 report => uint96)) private _others;

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

    constructor() EIP712("Tribune ReportHub", "1") {}

    /// @notice EIP-712 struct hash of a report: what monitors agree on.
    function hashReport(Report calldata report) external pure returns (bytes32) {
        return _hashReport(report, report.values);
    }

    /// @notice What a monitor signs.
    function hashAttestation(bytes32 report, bytes32 witness) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_ATTESTATION_TYPEHASH, report, witness)));
    }

    /// @param values The report's, in memory: there they already stand as EIP-712 hashes them, a word each.
    function _hashReport(Report calldata report, int64[] memory values) internal pure returns (bytes32) {
        bytes32 hashedValues;
        assembly ("memory-safe") {
            hashedValues := keccak256(add(values, 32), mul(mload(values), 32))
        }
        return keccak256(
            abi.encode(
                _REPORT_TYPEHASH,
                report.modelId,
                report.version,
                report.frame,
                report.policy,
                report.manifest,
                report.evidence,
                hashedValues
            )
        );
    }

    /// @dev Adds the call's signatures to `frame`, which the caller stores, and returns how many agree on the report.
    function _count(
        Report calldata report,
        Context memory context,
        Frame memory frame,
        Attestation[] calldata attestations
    ) internal returns (uint8 agreement) {
        uint96 added;
        for (uint256 i = 0; i < attestations.length; ++i) {
            Attestation calldata attestation = attestations[i];
            (uint96 bit, address monitor) = _bitOf(context, attestation);
            if (bit == 0 || (frame.reported | added) & bit != 0) {
                emit AttestationSkipped(report.modelId, report.frame, attestation.index);
                continue;
            }
            added |= bit;
            emit Attested(
                report.modelId, report.frame, monitor, report.version, context.digest, attestation.witness
            );
        }
        frame.reported |= added;
        if (frame.first == 0 && added != 0) frame.first = bytes19(context.digest);
        if (frame.first != bytes19(context.digest)) return _dissent(context, frame, added);
        return _ones(frame.reported & ~_dissentOf(context.key, frame));
    }

    /// @dev Largest number of monitors that agree on one digest of a frame.
    function _agreement(bytes32 key, Frame memory frame) internal view returns (uint8) {
        uint8 first = _ones(frame.reported & ~_dissentOf(key, frame));
        if (frame.flags & SPLIT == 0) return first;
        uint8 other = _splits[key].agreement;
        return other > first ? other : first;
    }

    function _dissent(Context memory context, Frame memory frame, uint96 added) private returns (uint8 agreement) {
        uint96 agreeing = _others[context.key][context.digest] | added;
        agreement = _ones(agreeing);
        if (added == 0) return agreement;
        frame.flags |= SPLIT;
        _others[context.key][context.digest] = agreeing;
        Split storage split = _splits[context.key];
        split.dissent |= added;
        if (agreement > split.agreement) split.agreement = agreement;
    }

    function _dissentOf(bytes32 key, Frame memory frame) private view returns (uint96) {
        return frame.flags & SPLIT == 0 ? 0 : _splits[key].dissent;
    }

    /// @dev The bit of the panel member who signed, or 0 if the signature is not that of the member it names.
    function _bitOf(Context memory context, Attestation calldata attestation)
        private
        view
        returns (uint96 bit, address monitor)
    {
        if (attestation.index >= context.terms.panelSize) return (0, address(0));
        monitor = context.code.memberAt(context.terms, attestation.index);
        bytes32 digest = hashAttestation(context.digest, attestation.witness);
        if (Signatures.isValid(monitor, digest, attestation.signature, contractGas)) {
            bit = uint96(1) << attestation.index;
        }
    }
}
