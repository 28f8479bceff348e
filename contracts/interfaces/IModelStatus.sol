// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where a model stands.
enum State {
    Inactive,
    Active,
    Suspended,
    Paused,
    Retired
}

/// @notice How well a model is watched. It halts nothing by itself.
enum Oversight {
    Healthy,
    /// A case of a breach is live, or the model is halted by one.
    Breached,
    /// The panel's deadline passed without an accepted report on a frame in service.
    Stale,
    /// Monitors contradict each other: no digest of a frame can reach k any more.
    Disputed
}

/// @notice All that a gate needs, read in one call.
struct Status {
    State state;
    Oversight oversight;
    /// Version in force, 0 while there is none.
    uint32 version;
    /// Rises at each voted transition.
    uint64 epoch;
    /// End of the suspension (unix seconds), 0 unless Suspended.
    uint48 until;
    /// The case that made the state what it is, or the live case; 0 if there is none.
    uint256 caseId;
    /// True while a global halt is in force.
    bool halted;
}

/// @notice What a consumer of a model may ask before it trusts an answer.
interface IModelStatus {
    /// @notice True if the model may run, in whatever version is in force.
    function isOperational(uint256 modelId) external view returns (bool);

    /// @notice True if the model may run and `version` is the version in force.
    function isOperational(uint256 modelId, uint32 version) external view returns (bool);

    /// @notice State of a model at this block's time.
    function statusOf(uint256 modelId) external view returns (Status memory);
}
