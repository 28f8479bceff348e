// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Anchor, Decision, IDecisionLog} from "../interfaces/IDecisionLog.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {FrameTimes, Grid, IPolicyBook} from "../interfaces/IPolicyBook.sol";

/**
 * @title DecisionLog
 * @notice Binds a model's operator to what was decided: one word a frame, anchored once and for good.
 *
 * Decisions
 * - A frame belongs to the version in force at its end and is anchored once, so no two logs of a model overlap.
 * - Anchoring begins when the frame's grace is over: what is still to come by then belongs to no frame.
 * - The policy book tells the log each newest grid, and only frames before it are asked for: anchors are paid for at
 *   every frame, policies change seldom.
 * - {verify} hashes the decision itself. A leaf taken from others could be an inner node of the tree, and so prove
 *   a decision that nobody made.
 *
 * Assumptions
 * - An anchor shows later changes of a log, not lies at its source.
 */
contract DecisionLog is IDecisionLog {
    /// @notice Who knows each model's steward and versions.
    IModelRegistry public immutable registry;
    /// @notice Who knows each model's frames.
    IPolicyBook public immutable policies;

    mapping(uint256 modelId => mapping(address steward => address)) private _loggers;
    mapping(uint256 modelId => Grid) private _grids;
    mapping(uint256 modelId => mapping(uint256 versionAndFrame => bytes32)) private _anchors;

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
    /// @notice No frame is anchored before its grace is over.
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

    /// @inheritdoc IDecisionLog
    /// @dev The book's own event {PolicySet} says the same; another would only cost.
    function onPolicy(uint256 modelId, Grid calldata grid) external {
        require(msg.sender == address(policies), LogNotAuthorized(modelId, msg.sender));
        _grids[modelId] = grid;
    }

    /// @notice Anchors the sealed manifest of a frame.
    /// @param manifest SHA-256 of the manifest.
    /// @param root Merkle root over the frame's decisions, 0 if there are none.
    /// @param rows Number of decisions.
    function anchor(uint256 modelId, uint32 version, uint64 frame, bytes32 manifest, bytes32 root, uint64 rows)
        external
    {
        (uint256 end, uint256 sealFrom) = _sealing(modelId, frame);
        require(block.timestamp >= sealFrom, LogFrameNotOver(modelId, frame));
        (address steward, uint32 inForce) = registry.stewardAndVersionAt(modelId, uint48(end - 1));
        require(
            msg.sender == steward || msg.sender == _loggers[modelId][steward], LogNotAuthorized(modelId, msg.sender)
        );
        require(version != 0 && version == inForce, LogWrongVersion(modelId, version, frame));
        mapping(uint256 => bytes32) storage anchors = _anchors[modelId];
        uint256 key = _key(version, frame);
        require(anchors[key] == 0, LogAlreadyAnchored(modelId, version, frame));
        anchors[key] = _word(manifest, root, rows);
        emit FrameAnchored(modelId, version, frame, manifest, root, rows);
    }

    /// @inheritdoc IDecisionLog
    function anchorOf(uint256 modelId, uint32 version, uint64 frame) external view returns (bytes32) {
        return _anchors[modelId][_key(version, frame)];
    }

    /// @notice The account that may anchor beside the steward.
    function loggerOf(uint256 modelId) external view returns (address) {
        return _loggers[modelId][registry.stewardOf(modelId)];
    }

    /// @inheritdoc IDecisionLog
    /// @dev Manifest and rows are asked for because the anchor is one word over all three.
    function verify(
        uint256 modelId,
        uint32 version,
        uint64 frame,
        Decision calldata decision,
        Anchor calldata anchored,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 word = _anchors[modelId][_key(version, frame)];
        return word != 0 && anchored.rows != 0 && word == _word(anchored.manifest, anchored.root, anchored.rows)
            && MerkleProof.verifyCalldata(proof, anchored.root, leafOf(modelId, version, decision));
    }

    /// @notice A decision's leaf; hashed twice, as OpenZeppelin's trees do, so that no inner node is one.
    function leafOf(uint256 modelId, uint32 version, Decision calldata decision) public pure returns (bytes32) {
        bytes memory fields =
            abi.encode(modelId, version, keccak256(bytes(decision.id)), decision.time, decision.body);
        return keccak256(bytes.concat(keccak256(fields)));
    }

    function _word(bytes32 manifest, bytes32 root, uint64 rows) private pure returns (bytes32) {
        return keccak256(abi.encode(manifest, root, rows));
    }

    /// @dev Frames before the newest grid are asked of the policy book.
    function _sealing(uint256 modelId, uint64 frame) private view returns (uint256 end, uint256 sealFrom) {
        Grid storage grid = _grids[modelId];
        (uint64 first, uint256 base, uint256 step, uint256 grace) =
            (grid.firstFrame, grid.base, grid.step, grid.grace);
        if (first == 0 || frame < first) {
            FrameTimes memory times = policies.frameTimes(modelId, frame);
            return (times.end, times.sealFrom);
        }
        // In full width and below 2^97: a frame number cut short would be a second name for another frame.
        unchecked {
            end = base + (uint256(frame) - first + 1) * step;
            return (end, end + grace);
        }
    }

    function _key(uint32 version, uint64 frame) private pure returns (uint256) {
        return uint256(version) << 64 | frame;
    }
}
