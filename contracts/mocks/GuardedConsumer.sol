// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelGuarded} from "../examples/ModelGuarded.sol";
import {IModelStatus} from "../interfaces/IModelStatus.sol";

/// @notice For tests: acts on any model's output while the model may run.
contract GuardedConsumer is ModelGuarded {
    constructor(IModelStatus models_) ModelGuarded(models_) {}

    /// @notice Uses an answer of whatever version is in force.
    function use(uint256 modelId) external view whenOperational(modelId) returns (bool) {
        return true;
    }

    /// @notice Uses an answer of one version.
    function useVersion(uint256 modelId, uint32 version)
        external
        view
        whenVersionOperational(modelId, version)
        returns (bool)
    {
        return true;
    }
}
