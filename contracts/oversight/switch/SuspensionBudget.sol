// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/**
 * @title SuspensionBudget
 * @notice A leaky bucket of seconds: how long a model may be out of service without a vote.
 * @dev `used` falls by `refill` millionths of each second that passes. A draw is taken whole or not at all, so a
 * model is never suspended for less than its vote needs.
 */
library SuspensionBudget {
    struct Bucket {
        uint48 used;
        uint48 at;
    }

    /// @notice Seconds drawn and not yet refilled.
    function level(Bucket storage bucket, uint32 refill) internal view returns (uint48) {
        uint256 back = (block.timestamp - bucket.at) * refill / 1e6;
        return back >= bucket.used ? 0 : bucket.used - uint48(back);
    }

    /// @notice True if the budget covers `seconds_` whole.
    function covers(Bucket storage bucket, uint48 seconds_, uint48 budget, uint32 refill) internal view returns (bool) {
        return uint256(level(bucket, refill)) + seconds_ <= budget;
    }

    /// @notice Draws what the budget covers.
    function draw(Bucket storage bucket, uint48 seconds_, uint32 refill) internal {
        (bucket.used, bucket.at) = (level(bucket, refill) + seconds_, uint48(block.timestamp));
    }

    /// @notice Gives back what was drawn and not used.
    function refund(Bucket storage bucket, uint48 seconds_, uint32 refill) internal {
        uint48 used = level(bucket, refill);
        (bucket.used, bucket.at) = (seconds_ >= used ? 0 : used - seconds_, uint48(block.timestamp));
    }
}
