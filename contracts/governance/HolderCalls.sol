// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {CaseKind} from "../interfaces/IKillSwitch.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {SignerGas} from "../libraries/SignerGas.sol";

/// @notice What holders sign to call for a vote. `kind` is a {CaseKind}: HolderPause or HolderResume.
struct Call {
    uint8 kind;
    uint256 modelId;
    uint32 version;
    /// The model's epoch: a call is about the model as it stands.
    uint64 epoch;
    /// Number of calls of that kind and model that were opened before this one.
    uint64 round;
    /// SHA-256 of what voters shall read: the harm, or the conclusion of the incident.
    bytes32 evidence;
    uint48 deadline;
}

/// @notice One holder's signature over a {Call}.
struct SignedCall {
    address signer;
    bytes signature;
}

/**
 * @title HolderCalls
 * @notice Holders call for a vote together: their signatures count once their power reaches a threshold.
 *
 * Decisions
 * - Power is that of the second before, so that what was borrowed for the call counts nothing.
 * - Signers are named in ascending order, so that none counts twice. A signature that is not valid is skipped.
 * - A call is single-use: it names its round, which rises as it is opened.
 */
abstract contract HolderCalls is SignerGas, GovernorVotes {
    bytes32 private constant _CALL_TYPEHASH = keccak256(
        "Call(uint8 kind,uint256 modelId,uint32 version,uint64 epoch,uint64 round,bytes32 evidence,uint48 deadline)"
    );
    uint256 private constant _MILLION = 1e6;

    uint32 private _callThreshold;
    mapping(uint256 modelId => mapping(CaseKind kind => uint64)) private _rounds;

    /// @notice Holders of `power` votes together called for a vote.
    event HoldersCalled(uint256 indexed modelId, CaseKind indexed kind, uint64 round, uint256 indexed caseId, uint256 power);
    /// @notice The share of the supply (in millionths) that a call needs changed.
    event CallThresholdChanged(uint32 previous, uint32 current);

    /// @notice The call is of another kind than the function.
    error CallKindInvalid(uint8 kind);
    /// @notice The call is of another epoch than the model: a vote has decided since.
    error CallEpochStale(uint256 modelId, uint64 given, uint64 current);
    /// @notice The call is over.
    error CallExpired(uint48 deadline);
    /// @notice The call is of another round: that one was opened already, or never announced.
    error CallRoundStale(uint256 modelId, uint64 given, uint64 current);
    /// @notice Signers must be named in ascending order of their addresses.
    error CallSignersUnordered(address previous, address next);
    /// @notice The signers' power together does not reach the threshold.
    error CallBelowThreshold(uint256 power, uint256 needed);
    /// @notice A call needs the digest of what voters shall read.
    error CallEvidenceMissing(uint256 modelId);

    /// @notice Opens a vote on pausing a model, on the call of holders: harm that no metric sees.
    /// @param call What they signed; its kind is HolderPause.
    /// @param signatures Theirs, in ascending order of their addresses.
    function callPause(Call calldata call, SignedCall[] calldata signatures)
        external
        returns (uint256 caseId, uint256 proposalId)
    {
        return _call(CaseKind.HolderPause, call, signatures);
    }

    /// @notice Opens a vote on letting a paused model run again in the named version, which must be in force.
    /// @param call What holders signed; its kind is HolderResume.
    /// @param signatures Theirs, in ascending order of their addresses.
    function callResume(Call calldata call, SignedCall[] calldata signatures)
        external
        returns (uint256 caseId, uint256 proposalId)
    {
        return _call(CaseKind.HolderResume, call, signatures);
    }

    /// @notice Share of the supply, in millionths, whose holders can call for a vote.
    function callThreshold() public view returns (uint32) {
        return _callThreshold;
    }

    /// @notice The round that the next call of that kind must name.
    function roundOf(uint256 modelId, CaseKind kind) external view returns (uint64) {
        return _rounds[modelId][kind];
    }

    /// @notice What a holder signs.
    function hashCall(Call calldata call) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    _CALL_TYPEHASH,
                    call.kind,
                    call.modelId,
                    call.version,
                    call.epoch,
                    call.round,
                    call.evidence,
                    call.deadline
                )
            )
        );
    }

    function _setCallThreshold(uint32 millionths) internal {
        emit CallThresholdChanged(_callThreshold, millionths);
        _callThreshold = millionths;
    }

    /// @dev Opens the case that was called for, and its vote.
    function _openCall(CaseKind kind, uint256 modelId, uint32 version, bytes32 evidence)
        internal
        virtual
        returns (uint256 caseId, uint256 proposalId);

    /// @dev Epoch of a case's model.
    function _epochOf(uint256 caseId) internal view virtual returns (uint64);

    function _call(CaseKind kind, Call calldata call, SignedCall[] calldata signatures)
        private
        returns (uint256 caseId, uint256 proposalId)
    {
        require(call.kind == uint8(kind), CallKindInvalid(call.kind));
        uint256 power = _use(kind, call, signatures);
        (caseId, proposalId) = _openCall(kind, call.modelId, call.version, call.evidence);
        uint64 epoch = _epochOf(caseId);
        require(call.epoch == epoch, CallEpochStale(call.modelId, call.epoch, epoch));
        emit HoldersCalled(call.modelId, kind, call.round, caseId, power);
    }

    /// @dev Reverts unless the signers' power reaches the threshold; uses up the round.
    function _use(CaseKind kind, Call calldata call, SignedCall[] calldata signatures)
        private
        returns (uint256 power)
    {
        require(call.evidence != 0, CallEvidenceMissing(call.modelId));
        require(block.timestamp <= call.deadline, CallExpired(call.deadline));
        uint64 round = _rounds[call.modelId][kind]++;
        require(call.round == round, CallRoundStale(call.modelId, call.round, round));
        uint256 before = clock() - 1;
        bytes32 digest = hashCall(call);
        address previous;
        for (uint256 i = 0; i < signatures.length; ++i) {
            SignedCall calldata signed = signatures[i];
            require(signed.signer > previous, CallSignersUnordered(previous, signed.signer));
            previous = signed.signer;
            if (Signatures.isValid(signed.signer, digest, signed.signature, contractGas)) {
                power += _getVotes(signed.signer, before, "");
            }
        }
        uint256 needed = token().getPastTotalSupply(before) * _callThreshold / _MILLION;
        require(power > 0 && power >= needed, CallBelowThreshold(power, needed));
    }
}
