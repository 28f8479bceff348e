// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What governance may tune of {KillSwitch}: seconds, but for `refill` and `guardianModels`.
struct SwitchParameters {
    /// How long a model may be out of service without a vote, and how much comes back, in millionths of time passed.
    uint48 budget;
    uint32 refill;
    /// Longest single suspension.
    uint48 hardCap;
    /// Slack after the latest end of a vote, for its execution.
    uint48 margin;
    /// How long after a case's opening its vote can be opened.
    uint48 openWindow;
    /// How long a rule, or a call by holders, has no effect after its case was rejected.
    uint48 cooldown;
    /// In any span of `guardianPeriod` the guardian may suspend at most `guardianModels` models.
    uint48 guardianPeriod;
    uint32 guardianModels;
    /// How long the guardian may halt all models at once.
    uint48 haltBudget;
}

/// @notice Checks parameters against hard bounds and each other.
library SwitchParametersLib {
    /// @notice Parameter `index` (in the order of the struct) is outside its hard bounds.
    error ParameterOutOfBounds(uint256 index, uint256 value, uint256 least, uint256 most);
    /// @notice The budget may come back as fast as time passes: suspensions would be unbounded.
    error RefillUnbounded(uint32 refill);
    /// @notice A suspension of at most `hardCap` would end before its vote can.
    error SuspensionShorterThanVote(uint256 needed, uint256 hardCap);
    /// @notice A vote could be opened for longer than it runs.
    error WindowLongerThanVote(uint48 openWindow, uint48 voteSpan);
    /// @notice The budget does not cover the longest suspension: a policy that asks for it could never suspend.
    error BudgetShorterThanSuspension(uint256 hardCap, uint256 budget);

    /// @notice Reverts unless the hard bounds themselves bound something.
    function checkBounds(SwitchParameters memory most) internal pure {
        require(most.refill < 1e6, RefillUnbounded(most.refill));
    }

    /// @notice Reverts unless each parameter is within its bounds and a suspension outlasts a vote of `voteSpan`.
    function check(
        SwitchParameters memory value,
        SwitchParameters storage least,
        SwitchParameters storage most,
        uint48 voteSpan
    ) internal view {
        _within(0, value.budget, least.budget, most.budget);
        _within(1, value.refill, least.refill, most.refill);
        _within(2, value.hardCap, least.hardCap, most.hardCap);
        _within(3, value.margin, least.margin, most.margin);
        _within(4, value.openWindow, least.openWindow, most.openWindow);
        _within(5, value.cooldown, least.cooldown, most.cooldown);
        _within(6, value.guardianPeriod, least.guardianPeriod, most.guardianPeriod);
        _within(7, value.guardianModels, least.guardianModels, most.guardianModels);
        _within(8, value.haltBudget, least.haltBudget, most.haltBudget);
        // Before a governor has told its span there is nothing to compare with.
        require(voteSpan == 0 || value.openWindow <= voteSpan, WindowLongerThanVote(value.openWindow, voteSpan));
        uint256 needed = uint256(value.openWindow) + voteSpan + value.margin;
        require(needed <= value.hardCap, SuspensionShorterThanVote(needed, value.hardCap));
        require(value.hardCap <= value.budget, BudgetShorterThanSuspension(value.hardCap, value.budget));
    }

    /// @notice Length of a suspension: at least as long as a vote can take, at most the cap.
    function suspension(SwitchParameters storage value, uint48 least, uint48 voteSpan) internal view returns (uint48) {
        uint48 needed = value.openWindow + voteSpan + value.margin;
        uint48 length = least > needed ? least : needed;
        return length > value.hardCap ? value.hardCap : length;
    }

    function _within(uint256 index, uint256 value, uint256 least, uint256 most) private pure {
        require(value >= least && value <= most, ParameterOutOfBounds(index, value, least, most));
    }
}
