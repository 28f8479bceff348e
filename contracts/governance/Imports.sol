// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice Who may call what. As OpenZeppelin has it; named here so that it is compiled and deployed with the rest.
contract TribuneAccessManager is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}

/// @notice Executes what the slow lane decided, after a delay. It administers itself from construction.
contract TribuneTimelock is TimelockController {
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minDelay, proposers, executors, address(0))
    {}
}
