// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a hit of a rule leads to.
enum Severity {
    Warn,
    Vote,
    Trip
}

/// @notice Where a rule is judged.
enum Stage {
    Always,
    /// In service only: not in a version's evaluation (frame 0).
    Production,
    /// Before deployment only: in a version's evaluation, never in service.
    Evaluation
}

/// @notice On which side of its limit a value is a hit. Both are strict.
enum Op {
    Above,
    Below
}

/// @notice One rule. Values and limits are in millionths.
struct Rule {
    /// Name of the metric, `family.measure[...]/target`.
    string metric;
    Op op;
    Severity severity;
    Stage stage;
    /// A hit needs m of the last w frames over the limit; monitors report the m-th value.
    uint8 m;
    uint8 w;
    /// Consecutive reported frames that may be not available before that is itself a hit; 255 is without end.
    uint8 naBudget;
    /// Normal quantile that the metric's bound uses, in millionths; 0 where it uses none.
    uint32 z;
    int64 limit;
    /// Range of the metric; a report with a value outside is refused.
    int64 lo;
    int64 hi;
}

/// @notice A policy as governance sets it. Times are in seconds.
struct PolicyInput {
    /// Earliest force of a model's first policy (unix seconds); later policies follow the grid instead.
    uint48 start;
    /// Distance of frames, and how much time each covers.
    uint32 step;
    uint32 length;
    /// After a frame's end: how long the log may take to be sealed, and until when reports count.
    uint32 grace;
    uint32 deadline;
    /// Least length of a suspension.
    uint32 suspension;
    /// Whether a frame that nobody reported suspends the model; it opens a vote in any case.
    bool staleSuspends;
    /// How many monitors of the panel must agree.
    uint8 k;
    address[] panel;
    Rule[] rules;
}

/// @notice What the hub needs to judge a report of a frame.
struct Terms {
    /// Identity of the policy in force at the frame's start.
    bytes32 digest;
    /// Unix seconds, the frame is [start, end); reports count until `acceptUntil`, inclusive.
    uint48 start;
    uint48 end;
    uint48 acceptUntil;
    /// First frame under the policy.
    uint64 firstFrame;
    uint32 suspension;
    bool staleSuspends;
    uint8 k;
    uint8 panelSize;
    uint8 ruleCount;
    /// Code that holds the packed rules and the panel, see {PolicyCode}.
    address code;
}

/// @notice When a frame is what, in unix seconds.
struct FrameTimes {
    /// The frame is [start, end).
    uint48 start;
    uint48 end;
    /// Its log is sealed and anchored from here on, so that late labels still count.
    uint48 sealFrom;
    /// Its reports count until here, inclusive.
    uint48 acceptUntil;
}

/// @notice Where a policy's frames end and when their logs are sealed; one word of storage.
struct Grid {
    /// First frame under the policy, and when that frame's step begins (unix seconds).
    uint64 firstFrame;
    uint48 base;
    /// Seconds.
    uint32 step;
    uint32 grace;
}

/// @notice Policies of models: frames, panels and rules, by version.
interface IPolicyBook {
    /// @notice True if governance has set a policy for the model and it is in force.
    function hasPolicy(uint256 modelId) external view returns (bool);

    /// @notice Terms under which a frame (1 or later) is judged.
    function termsOf(uint256 modelId, uint64 frame) external view returns (Terms memory);

    /// @notice Times of a frame (1 or later).
    function frameTimes(uint256 modelId, uint64 frame) external view returns (FrameTimes memory);

    /// @notice Last frame whose reports count no more, 0 if none.
    function lastFrameDue(uint256 modelId) external view returns (uint64);

    /// @notice Terms in force now, for an evaluation (frame 0); its times are all 0.
    function currentTerms(uint256 modelId) external view returns (Terms memory);

    /// @notice First boundary of the frame grid at or after `time`.
    function boundaryAtOrAfter(uint256 modelId, uint48 time) external view returns (uint48);
}
