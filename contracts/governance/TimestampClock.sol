// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @notice Refuses tokens whose clock does not count seconds.
library TimestampClock {
    /// @notice The token counts in `mode`; wrap it in one that counts seconds.
    error ClockNotTimestamp(string mode);

    /// @dev Suspensions, windows and votes are all in seconds; a block clock would break every bound.
    function check(IVotes token) internal view {
        string memory mode = IERC6372(address(token)).CLOCK_MODE();
        require(keccak256(bytes(mode)) == keccak256("mode=timestamp"), ClockNotTimestamp(mode));
    }
}
