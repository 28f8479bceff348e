// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelStatus} from "./IModelStatus.sol";
import {Severity} from "./IPolicyBook.sol";

/// @notice What opened a case.
enum CaseKind {
    Breach,
    Guardian,
    Stale,
    HolderPause,
    HolderResume
}

/// @notice How a case stands.
enum Outcome {
    /// Waiting for its vote, or voted on.
    Open,
    /// Its vote passed and was carried out.
    Upheld,
    /// Its vote was rejected by a quorum.
    Rejected,
    /// It ended without a decision: window missed, no quorum, or passed and never carried out.
    Lapsed
}

/// @notice One reason to vote on a model.
struct Case {
    uint256 modelId;
    uint32 version;
    uint64 epoch;
    CaseKind kind;
    Severity severity;
    Outcome outcome;
    uint48 openedAt;
    /// Last second in which a vote can be opened.
    uint48 openUntil;
    /// End of the suspension that this case caused, 0 if it caused none.
    uint48 bound;
    /// Latest possible end of its vote, 0 before the vote opens.
    uint48 voteEnds;
    /// Frame, place in the policy, value and limit of the rule that suspended by it, else of the one that opened it.
    uint64 frame;
    uint16 rule;
    int64 value;
    int64 limit;
    bytes32 policy;
    /// SHA-256 of the evidence document, or of the conclusion of an incident.
    bytes32 evidence;
    /// Who runs its vote, and under which proposal id.
    address governor;
    uint256 vote;
}

/// @notice A rule that was hit, as the hub passes it on.
struct Breach {
    uint256 modelId;
    uint32 version;
    uint64 frame;
    uint16 rule;
    int64 value;
    int64 limit;
    bytes32 policy;
    bytes32 evidence;
    /// Least length of the suspension, in seconds.
    uint32 suspension;
}

/// @notice Suspends, pauses and resumes models.
interface IKillSwitch is IModelStatus {
    function trip(Breach calldata breach) external returns (uint256 caseId);
    function openBreachCase(Breach calldata breach) external returns (uint256 caseId);
    function openHolderCase(uint256 modelId, CaseKind kind, uint32 version, bytes32 evidence)
        external
        returns (uint256 caseId);
    function markVote(uint256 caseId, uint256 proposalId) external;
    function setVoteSpan(uint48 seconds_) external;
    function pause(uint256 modelId, uint256 caseId, uint64 epoch) external;
    function resume(uint256 modelId, uint32 version, uint64 epoch) external;
    function caseOf(uint256 caseId) external view returns (Case memory);
    function coolingUntil(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) external view returns (uint48);
}

/// @notice What the switch asks of whoever runs a case's vote. Only {KillSwitch-poke} asks.
interface ICaseVote {
    /// @notice True once the vote ended with at least as many votes against as for and a quorum taking part.
    function isRejected(uint256 proposalId) external view returns (bool);

    /// @notice True once the vote's own state allows no effect any more; the switch knows about epochs.
    function isOver(uint256 proposalId) external view returns (bool);
}
