// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Anchors of sealed decision logs.
interface IDecisionLog {
    /// @notice `keccak256(abi.encode(manifestSha256, merkleRoot, rows))` of a frame, 0 if not anchored.
    function anchorOf(uint256 modelId, uint32 version, uint64 frame) external view returns (bytes32);
}
