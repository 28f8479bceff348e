// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Grid} from "./IPolicyBook.sol";

/// @notice What is anchored of a frame; its word is `keccak256(abi.encode(manifest, root, rows))`.
struct Anchor {
    /// SHA-256 of the sealed manifest.
    bytes32 manifest;
    /// Merkle root over the frame's decisions, 0 if there are none.
    bytes32 root;
    /// Number of decisions.
    uint64 rows;
}

/// @notice One answer of a model, as the log has it.
struct Decision {
    string id;
    /// UTC microseconds.
    uint64 time;
    /// SHA-256 of the salted body.
    bytes32 body;
}

/// @notice Anchors of sealed decision logs.
interface IDecisionLog {
    /// @notice Tells the log that a model's newest policy has this grid.
    function onPolicy(uint256 modelId, Grid calldata grid) external;

    /// @notice The word of a frame, see {Anchor}; 0 if the frame is not anchored.
    function anchorOf(uint256 modelId, uint32 version, uint64 frame) external view returns (bytes32);

    /// @notice True if a model's version made the decision and its anchored log of that frame holds it.
    /// @param anchored What was anchored of the frame, as the event {FrameAnchored} said.
    /// @param proof Siblings from the decision's leaf up to the root.
    function verify(
        uint256 modelId,
        uint32 version,
        uint64 frame,
        Decision calldata decision,
        Anchor calldata anchored,
        bytes32[] calldata proof
    ) external view returns (bool);
}
