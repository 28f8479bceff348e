// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice Who may call what. As OpenZeppelin has it; named here so that it is compiled and deployed with the rest.
contract TribuneAccessManager is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
