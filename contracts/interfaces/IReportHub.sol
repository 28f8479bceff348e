// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Oversight} from "./IModelStatus.sol";

/// @notice What monitors agree on about one frame of one version.
struct Report {
    uint256 modelId;
    uint32 version;
    /// 0 is the version's evaluation.
    uint64 frame;
    /// Digest of the policy in force at the frame's start.
    bytes32 policy;
    /// The word anchored in {DecisionLog}, or the evaluation-set digest for frame 0.
    bytes32 manifest;
    /// SHA-256 of the evidence document.
    bytes32 evidence;
    /// One value per rule, in rule order, in millionths; `type(int64).min` is "not available".
    int64[] values;
}

/// @notice One monitor's signature over a report and its own proof of having read the data.
struct Attestation {
    /// Place of the monitor in the policy's panel.
    uint8 index;
    bytes32 witness;
    bytes signature;
}

/// @notice What is known of a frame.
struct FrameRecord {
    /// Bit i is set once monitor i of the panel has reported.
    uint96 reported;
    /// Largest number of monitors that agree.
    uint8 agreement;
    /// True once k agreed and the report was judged.
    bool judged;
    /// True if a rule was hit at severity VOTE or TRIP.
    bool breached;
    /// True if no digest can reach k any more.
    bool disputed;
    /// True once the missing report of the frame was made a case.
    bool stale;
}

/// @notice Takes reports and judges them.
interface IReportHub {
    /// @notice Tells the hub that a version takes force; its evaluation closes.
    function onActivate(uint256 modelId, uint32 version, uint48 from) external;

    /// @notice True if a quorum's evaluation met every rule of severity VOTE and TRIP.
    function evaluationPassed(uint256 modelId, uint32 version) external view returns (bool);

    /// @notice How well a model in service is watched: Healthy, Stale or Disputed.
    function oversightOf(uint256 modelId) external view returns (Oversight);
}
