// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {CaseKind} from "../interfaces/IKillSwitch.sol";
import {Signatures} from "../libraries/Signatures.sol";

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
abstract contract HolderCalls is GovernorVotes {
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

    /// @dev Reverts unless the signers' power reaches the threshold; uses up the round.
    function _useCall(Call calldata call, SignedCall[] calldata signatures, uint256 contractGas)
        internal
        returns (uint256 power)
    {
        require(call.evidence != 0, CallEvidenceMissing(call.modelId));
        require(block.timestamp <= call.deadline, CallExpired(call.deadline));
        uint64 round = _rounds[call.modelId][CaseKind(call.kind)]++;
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
