// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IDecisionLog} from "../interfaces/IDecisionLog.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";

/**
 * @title DecisionLog
 * @notice Binds a model's operator to what was decided: one word a frame, anchored once and for good.
 *
 * Assumptions
 * - An anchor shows later changes of a log, not lies at its source.
 */
contract DecisionLog is IDecisionLog {
    IModelRegistry public immutable registry;
    IPolicyBook public immutable policies;

    mapping(uint256 modelId => mapping(address steward => address)) private _loggers;
    mapping(uint256 modelId => mapping(uint32 version => mapping(uint64 frame => bytes32))) private _anchors;

    /// @notice A frame's manifest was anchored.
    event FrameAnchored(
        uint256 indexed modelId,
        uint32 indexed version,
        uint64 indexed frame,
        bytes32 manifest,
        bytes32 root,
        uint64 rows
    );
    /// @notice The steward named another account that may anchor.
    event LoggerChanged(uint256 indexed modelId, address indexed previous, address indexed current);

    /// @notice Only the steward, or for anchors its logger, may do this.
    error LogNotAuthorized(uint256 modelId, address caller);
    /// @notice The frame is already anchored for this version; anchors are final.
    error LogAlreadyAnchored(uint256 modelId, uint32 version, uint64 frame);
    /// @notice Frame 0 is never anchored, and a frame not before its end.
    error LogFrameNotOver(uint256 modelId, uint64 frame);
    /// @notice That version was not in force in that frame.
    error LogWrongVersion(uint256 modelId, uint32 version, uint64 frame);

    constructor(IModelRegistry registry_, IPolicyBook policies_) {
        registry = registry_;
        policies = policies_;
    }

    /// @notice Names the account that may anchor beside the steward; the zero address takes the right back.
    /// @dev The right is the steward's to give, so it is kept per steward and ends with a transfer of the model. A
    /// steward who gets the model back finds the logger that it had named.
    function setLogger(uint256 modelId, address logger) external {
        require(registry.stewardOf(modelId) == msg.sender, LogNotAuthorized(modelId, msg.sender));
        emit LoggerChanged(modelId, _loggers[modelId][msg.sender], logger);
        _loggers[modelId][msg.sender] = logger;
    }

    /// @notice Anchors the sealed manifest of a frame.
    /// @param manifest SHA-256 of the manifest.
    /// @param root Merkle root over the frame's decisions, 0 if there are none.
    /// @param rows Number of decisions.
    function anchor(uint256 modelId, uint32 version, uint64 frame, bytes32 manifest, bytes32 root, uint64 rows)
        external
    {
        address steward = registry.stewardOf(modelId);
        require(
            msg.sender == steward || msg.sender == _loggers[modelId][steward], LogNotAuthorized(modelId, msg.sender)
        );
        require(frame > 0, LogFrameNotOver(modelId, frame));
        uint48 end = policies.termsOf(modelId, frame).end;
        require(block.timestamp >= end, LogFrameNotOver(modelId, frame));
        require(
            version != 0 && registry.versionAt(modelId, end - 1) == version, LogWrongVersion(modelId, version, frame)
        );
        require(
            _anchors[modelId][version][frame] == 0, LogAlreadyAnchored(modelId, version, frame)
        );
        _anchors[modelId][version][frame] = _word(manifest, root, rows);
        emit FrameAnchored(modelId, version, frame, manifest, root, rows);
    }

    /// @inheritdoc IDecisionLog
    function anchorOf(uint256 modelId, uint32 version, uint64 frame) external view returns (bytes32) {
        return _anchors[modelId][version][frame];
    }

    /// @notice The account that may anchor beside the steward.
    function loggerOf(uint256 modelId) external view returns (address) {
        return _loggers[modelId][registry.stewardOf(modelId)];
    }

    /// @notice True if `leaf` is in the tree of an anchored frame that holds decisions.
    /// @dev Manifest and rows are asked for because the anchor is one word over all three. Inner nodes are in the tree
    /// too: who asks hashes the decision itself, twice as OpenZeppelin's trees do, and takes no leaf from others.
    function verify(
        uint256 modelId,
        uint32 version,
        uint64 frame,
        bytes32 manifest,
        bytes32 root,
        uint64 rows,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 word = _anchors[modelId][version][frame];
        return word != 0 && rows != 0 && word == _word(manifest, root, rows)
            && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    function _word(bytes32 manifest, bytes32 root, uint64 rows) private pure returns (bytes32) {
        return keccak256(abi.encode(manifest, root, rows));
    }
}
