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

/// @dev In place of a rule: the panel's deadline passed without an accepted report.
uint16 constant STALE_RULE = type(uint16).max;

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
    /// Who runs its vote, and under which proposal id; both 0 before the vote opens.
    address governor;
    uint256 vote;
}

/// @notice A rule that was hit, or a frame that nobody reported, as the hub passes it on.
struct Breach {
    /// Breach, or Stale with {STALE_RULE} as rule and neither value, limit nor evidence.
    CaseKind kind;
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

/// @notice What a vote on a case would carry out.
struct CaseCall {
    uint256 modelId;
    uint32 version;
    uint64 epoch;
    CaseKind kind;
}

/// @notice Suspends, pauses and resumes models.
interface IKillSwitch is IModelStatus {
    /// @notice Suspends a model for a bounded time, if the budget covers it, and opens or joins a case.
    function trip(Breach calldata breach) external returns (uint256 caseId);

    /// @notice Opens or joins a case for a vote; the model keeps running.
    function openBreachCase(Breach calldata breach) external returns (uint256 caseId);

    /// @notice Opens a case that people called for. One of each kind and model may be open.
    function openHolderCase(uint256 modelId, CaseKind kind, uint32 version, bytes32 evidence)
        external
        returns (uint256 caseId);

    /// @notice Records that a case's vote was opened. Once a case, within its window.
    function markVote(uint256 caseId, uint256 proposalId) external;

    /// @notice Tells how long a vote can take. Refused where a suspension could not outlast it.
    function setVoteSpan(uint48 seconds_) external;

    /// @notice Makes a halt last, on the vote of a case.
    function pause(uint256 modelId, uint256 caseId, uint64 epoch) external;

    /// @notice Ends a lasting halt for the named version, on a vote.
    function resume(uint256 modelId, uint32 version, uint64 epoch) external;

    /// @notice A case in full; reverts for an unknown one.
    function caseOf(uint256 caseId) external view returns (Case memory);

    /// @notice What a vote on a case would carry out; reverts for an unknown case.
    function callOf(uint256 caseId) external view returns (CaseCall memory);

    /// @notice Until when a rule has no effect after its case was rejected.
    function coolingUntil(uint256 modelId, uint32 version, bytes32 policy, uint16 rule) external view returns (uint48);

    /// @notice Since when the model has been in service without a break; `type(uint48).max` while it is not.
    function operationalSince(uint256 modelId) external view returns (uint48);
}

/// @notice What the switch asks of whoever runs a case's vote. Nothing that halts asks.
interface ICaseVote {
    /// @notice True once the vote ended with at least as many votes against as for and a quorum taking part.
    function isRejected(uint256 caseId) external view returns (bool);

    /// @notice True once the vote's own state allows no effect any more; the switch knows about epochs.
    function isOver(uint256 caseId) external view returns (bool);

    /// @notice Proposal id of the case's vote, whether it is open yet or not.
    function proposalIdOf(uint256 caseId) external view returns (uint256);
}
