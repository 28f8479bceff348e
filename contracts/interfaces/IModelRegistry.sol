// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A registered version of a model. Digests are SHA-256 of canonical documents or files.
struct Version {
    /// Digest of the artifact that serves.
    bytes32 artifact;
    /// Digest of the profile that monitors measure against.
    bytes32 profile;
    /// Digest of the manifest of the evaluation set.
    bytes32 evaluationSet;
    /// Digests of the training-data manifest and of the configuration, 0 where not stated.
    bytes32 trainingData;
    bytes32 configuration;
    /// Version that this one derives from, 0 if none.
    uint32 parent;
    uint48 registeredAt;
    /// Where people and monitors find profile and card.
    string uri;
}

/// @notice Models and their versions.
interface IModelRegistry {
    /// @notice Who operates the model: the holder of its token.
    function stewardOf(uint256 modelId) external view returns (address);

    /// @notice Version in force at `time`, 0 if none.
    function versionAt(uint256 modelId, uint48 time) external view returns (uint32);

    /// @notice Version in force now, 0 if none.
    function activeVersion(uint256 modelId) external view returns (uint32);

    /// @notice Steward, and version in force at `time`, both 0 if there is none: one cheap call for both.
    function stewardAndVersionAt(uint256 modelId, uint48 time) external view returns (address steward, uint32 version);

    /// @notice When the model's first version took or takes force (unix seconds), 0 if none was activated.
    function activeSince(uint256 modelId) external view returns (uint48);

    /// @notice Digest of a version's evaluation set; reverts for an unknown version.
    function evaluationSetOf(uint256 modelId, uint32 version) external view returns (bytes32);
}
