// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IModelRegistry, Version} from "../interfaces/IModelRegistry.sol";
import {IPolicyBook} from "../interfaces/IPolicyBook.sol";
import {IReportHub} from "../interfaces/IReportHub.sol";
import {AgentReference} from "./registry/AgentReference.sol";
import {Statements} from "./registry/Statements.sol";

/**
 * @title ModelRegistry
 * @notice Models and their versions. A model is a token; its holder is the steward, who operates it.
 *
 * Decisions
 * - Anyone may register a model: without a policy, which only governance sets, it can never be operational.
 * - A version takes force at a boundary of the frame grid, and a frame belongs to the version in force at its end; so
 *   where frames are as long as their step, each has one version. It takes force only after a quorum of monitors
 *   found that it meets the policy in force on its evaluation set.
 * - Activations keep a minimum distance, so that no steward rotates versions faster than rules, votes and cooldowns,
 *   which go by version, can follow.
 * - A model's steward, its last activated version and when that takes force share a word: reports and anchors read it.
 * - Nothing here frees a halted model: neither activation nor a transfer of the token touches its state.
 */
contract ModelRegistry is IModelRegistry, Statements, AgentReference, ERC721, AccessManaged {
    struct Activation {
        uint48 from;
        uint32 version;
    }

    /// @dev `steward` follows the token's holder; `from` and `version` are the last activation, 0 before the first.
    struct Head {
        address steward;
        uint48 from;
        uint32 version;
    }

    /// @notice No distance of activations may be longer (seconds): a fix must not wait for ever.
    uint48 public constant MAX_ACTIVATION_DISTANCE = 30 days;

    /// @notice The policies whose frame grid activations keep to.
    IPolicyBook public immutable policies;
    /// @notice The hub that is asked about evaluations.
    IReportHub public hub;
    /// @notice Least time between two versions of a model taking force (seconds).
    uint48 public activationDistance;
    /// @notice How many models there are; they are numbered from 1.
    uint256 public modelCount;

    mapping(uint256 modelId => string) private _names;
    mapping(uint256 modelId => Version[]) private _versions;
    mapping(uint256 modelId => Activation[]) private _activations;
    mapping(uint256 modelId => Head) private _heads;

    /// @notice A model was registered.
    event ModelRegistered(uint256 indexed modelId, address indexed steward, string name);
    /// @notice A version was registered; it is not in force yet.
    event VersionRegistered(uint256 indexed modelId, uint32 indexed version, Version details);
    /// @notice A version takes force at `from`, in place of `previous`.
    event VersionActivated(uint256 indexed modelId, uint32 indexed version, uint32 previous, uint48 from);
    /// @notice Evaluations are asked of another hub from now on.
    event HubChanged(address indexed previous, address indexed current);
    /// @notice Versions keep another distance from now on (seconds).
    event ActivationDistanceChanged(uint48 previous, uint48 current);

    /// @notice A model needs a name.
    error ModelNameEmpty();
    /// @notice Only the model's steward may do this.
    error ModelNotSteward(uint256 modelId, address caller);
    /// @notice The model has no such version.
    error ModelVersionUnknown(uint256 modelId, uint32 version);
    /// @notice A version needs digests of artifact, profile and evaluation set, and a parent that exists.
    error ModelVersionInvalid(uint256 modelId);
    /// @notice No quorum has found that the version meets the policy on its evaluation set.
    error ModelNotEvaluated(uint256 modelId, uint32 version);
    /// @notice An activation is already under way, or made for this very boundary; wait for the next.
    error ModelActivationPending(uint256 modelId, uint48 from);
    /// @notice The next version may take force from `earliest` on, not yet at `from`.
    error ModelActivationTooSoon(uint256 modelId, uint48 from, uint48 earliest);
    /// @notice The distance of activations is above `most`.
    error ModelActivationDistanceTooLong(uint48 distance, uint48 most);

    constructor(address authority_, IPolicyBook policies_, uint48 activationDistance_)
        ERC721("Tribune model", "TRIBUNE-MODEL")
        AccessManaged(authority_)
    {
        policies = policies_;
        _setActivationDistance(activationDistance_);
    }

    /// @notice Names the hub that evaluations are asked of.
    function setHub(IReportHub hub_) external restricted {
        emit HubChanged(address(hub), address(hub_));
        hub = hub_;
    }

    /// @notice Sets the least time between two versions of a model taking force (seconds).
    function setActivationDistance(uint48 distance) external restricted {
        _setActivationDistance(distance);
    }

    /// @notice Registers a model; the caller becomes its steward.
    function registerModel(string calldata modelName) external returns (uint256 modelId) {
        require(bytes(modelName).length > 0, ModelNameEmpty());
        modelId = ++modelCount;
        _names[modelId] = modelName;
        emit ModelRegistered(modelId, msg.sender, modelName);
        _mint(msg.sender, modelId);
    }

    /// @notice Registers a version of a model. `registeredAt` is set here.
    function registerVersion(uint256 modelId, Version calldata details) external returns (uint32 version) {
        _onlySteward(modelId);
        Version[] storage versions = _versions[modelId];
        require(
            details.artifact != 0 && details.profile != 0 && details.evaluationSet != 0
                && details.parent <= versions.length,
            ModelVersionInvalid(modelId)
        );
        versions.push(details);
        versions[versions.length - 1].registeredAt = uint48(block.timestamp);
        version = uint32(versions.length);
        emit VersionRegistered(modelId, version, versions[version - 1]);
    }

    /// @notice Puts a version in force at the next boundary of the frame grid.
    /// @return from When it takes force (unix seconds).
    function activate(uint256 modelId, uint32 version) external returns (uint48 from) {
        _onlySteward(modelId);
        _known(modelId, version);
        require(hub.evaluationPassed(modelId, version), ModelNotEvaluated(modelId, version));
        from = policies.boundaryAtOrAfter(modelId, uint48(block.timestamp));
        Head storage head = _heads[modelId];
        (uint48 last, uint32 previous) = (head.from, head.version);
        if (previous != 0) {
            // One a boundary, so that {versionAt} has little to look through.
            require(last <= block.timestamp && last < from, ModelActivationPending(modelId, last));
            require(
                from >= last + activationDistance,
                ModelActivationTooSoon(modelId, from, last + activationDistance)
            );
        }
        (head.from, head.version) = (from, version);
        _activations[modelId].push(Activation({from: from, version: version}));
        emit VersionActivated(modelId, version, previous, from);
        hub.onActivate(modelId, version, from);
    }

    /// @inheritdoc IModelRegistry
    function stewardOf(uint256 modelId) external view returns (address) {
        return ownerOf(modelId);
    }

    /// @notice Name of a model, as its steward gave it.
    function nameOf(uint256 modelId) external view returns (string memory) {
        return _names[modelId];
    }

    /// @notice How many versions a model has.
    function versionCount(uint256 modelId) external view returns (uint32) {
        return uint32(_versions[modelId].length);
    }

    /// @notice Details of a version.
    function versionOf(uint256 modelId, uint32 version) external view returns (Version memory) {
        return _known(modelId, version);
    }

    /// @inheritdoc IModelRegistry
    function evaluationSetOf(uint256 modelId, uint32 version) external view returns (bytes32) {
        return _known(modelId, version).evaluationSet;
    }

    /// @inheritdoc IModelRegistry
    function versionAt(uint256 modelId, uint48 time) external view returns (uint32) {
        return _versionAt(modelId, _heads[modelId], time);
    }

    /// @inheritdoc IModelRegistry
    function activeVersion(uint256 modelId) external view returns (uint32) {
        return _versionAt(modelId, _heads[modelId], uint48(block.timestamp));
    }

    /// @inheritdoc IModelRegistry
    function stewardAndVersionAt(uint256 modelId, uint48 time) external view returns (address, uint32) {
        Head memory head = _heads[modelId];
        return (head.steward, _versionAt(modelId, head, time));
    }

    /// @inheritdoc IModelRegistry
    function activeSince(uint256 modelId) external view returns (uint48) {
        return _heads[modelId].version == 0 ? 0 : _activations[modelId][0].from;
    }

    /// @dev The head follows every change of holder, a transfer by approval included.
    function _update(address to, uint256 modelId, address auth) internal override returns (address) {
        _heads[modelId].steward = to;
        return super._update(to, modelId, auth);
    }

    function _setActivationDistance(uint48 distance) private {
        require(
            distance <= MAX_ACTIVATION_DISTANCE,
            ModelActivationDistanceTooLong(distance, MAX_ACTIVATION_DISTANCE)
        );
        emit ActivationDistanceChanged(activationDistance, distance);
        activationDistance = distance;
    }

    function _onlySteward(uint256 modelId) internal view override {
        require(ownerOf(modelId) == msg.sender, ModelNotSteward(modelId, msg.sender));
    }

    function _artifactOf(uint256 modelId, uint32 version) internal view override returns (bytes32) {
        return _known(modelId, version).artifact;
    }

    function _versionAt(uint256 modelId, Head memory head, uint48 time) private view returns (uint32) {
        if (head.version == 0 || head.from <= time) return head.version;
        Activation[] storage list = _activations[modelId];
        for (uint256 i = list.length - 1; i > 0; --i) {
            if (list[i - 1].from <= time) return list[i - 1].version;
        }
        return 0;
    }

    function _known(uint256 modelId, uint32 version) private view returns (Version storage) {
        require(version > 0 && version <= _versions[modelId].length, ModelVersionUnknown(modelId, version));
        return _versions[modelId][version - 1];
    }
}
