// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDecisionLog} from "../../interfaces/IDecisionLog.sol";
import {IKillSwitch} from "../../interfaces/IKillSwitch.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IPolicyBook, Terms} from "../../interfaces/IPolicyBook.sol";
import {IReportHub} from "../../interfaces/IReportHub.sol";

/**
 * @title HubBase
 * @notice What the parts of {ReportHub} share: the other contracts, and what is known of each frame.
 * @dev A frame on which monitors agree costs one storage slot. Only where they differ is more kept, see {Attestations}.
 */
abstract contract HubBase is IReportHub {
    struct Frame {
        /// Bit i is set once monitor i of the panel has reported.
        uint96 reported;
        uint8 flags;
        /// Head of the first digest that a monitor signed for. Who signed for another is kept apart.
        bytes19 first;
    }

    /// @dev What one call works with: the policy's terms and code, the report's values, the keys of report and frame.
    struct Context {
        Terms terms;
        bytes code;
        int64[] values;
        /// Bit i is set where value i is not available.
        uint256 absent;
        bytes32 digest;
        bytes32 key;
    }

    uint8 internal constant JUDGED = 1;
    uint8 internal constant BREACHED = 2;
    uint8 internal constant DISPUTED = 4;
    /// @dev Monitors signed for more than one digest.
    uint8 internal constant SPLIT = 8;
    /// @dev The evaluation closed when its version took force.
    uint8 internal constant CLOSED = 16;
    /// @dev Nobody reported in time, and that was made a case.
    uint8 internal constant STALE = 32;

    /// @notice Who knows frames, panels and rules.
    IPolicyBook public immutable policies;
    /// @notice Who knows versions and their evaluation sets.
    IModelRegistry public immutable registry;
    /// @notice Who knows what was anchored.
    IDecisionLog public immutable log;
    /// @notice Who is told of breaches.
    IKillSwitch public immutable killSwitch;

    mapping(bytes32 frameKey => Frame) internal _frames;
    /// @dev Newest frame judged, by model and policy, and consecutive not-available values: a byte a rule.
    mapping(bytes32 watchKey => Streaks) internal _streaks;

    struct Streaks {
        uint64 newest;
        uint192 counts;
    }

    constructor(IPolicyBook policies_, IModelRegistry registry_, IDecisionLog log_, IKillSwitch killSwitch_) {
        (policies, registry, log, killSwitch) = (policies_, registry_, log_, killSwitch_);
    }

    function _frameKey(uint256 modelId, uint32 version, uint64 frame, bytes32 policy) internal pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, frame, policy));
    }

    function _watchKey(uint256 modelId, bytes32 policy) internal pure returns (bytes32) {
        return keccak256(abi.encode(modelId, policy));
    }

    function _ones(uint96 bits) internal pure returns (uint8 count) {
        for (; bits != 0; bits &= bits - 1) ++count;
    }
}
