// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelStatus} from "../interfaces/IModelStatus.sol";

/**
 * @title ModelGuarded
 * @notice For contracts that act on a model's output: refuses it while the model may not run.
 *
 * Decisions
 * - It asks at every call and remembers nothing: a halt counts from the block on in which it is made.
 * - It fails closed: an unknown model, or a switch that does not answer, is refused like a halted one.
 *
 * Assumptions
 * - The output is used in the transaction that checks it. What was accepted before a halt stays accepted.
 * - A contract that must know which version answered asks for that version: the one in force may change.
 */
abstract contract ModelGuarded {
    /// @notice Who knows which models may run.
    IModelStatus public immutable models;

    /// @notice The model may not run, or is not known.
    error ModelNotOperational(uint256 modelId);
    /// @notice The model may not run in that version.
    error ModelVersionNotOperational(uint256 modelId, uint32 version);

    constructor(IModelStatus models_) {
        models = models_;
    }

    /// @notice Refuses the call while the model may not run, in whatever version is in force.
    modifier whenOperational(uint256 modelId) {
        _checkOperational(modelId);
        _;
    }

    /// @notice Refuses the call while the model may not run, or `version` is not the version in force.
    modifier whenVersionOperational(uint256 modelId, uint32 version) {
        _checkOperational(modelId, version);
        _;
    }

    /// @dev Reverts while the model may not run.
    function _checkOperational(uint256 modelId) internal view {
        require(models.isOperational(modelId), ModelNotOperational(modelId));
    }

    /// @dev Reverts while the model may not run in that version.
    function _checkOperational(uint256 modelId, uint32 version) internal view {
        require(models.isOperational(modelId, version), ModelVersionNotOperational(modelId, version));
    }
}
