// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Op, PolicyInput, Rule, Severity, Stage, Terms} from "../interfaces/IPolicyBook.sol";

/// @notice A rule in one word, from the left: op, severity, stage, naBudget (a byte each), 32 bits unused, limit, lo, hi.
type PackedRule is uint256;

using PackedRules for PackedRule global;

/// @notice Reads the fields of a packed rule.
library PackedRules {
    /// @notice True if the rule is judged in an evaluation (frame 0), or in service.
    function appliesTo(PackedRule rule, bool evaluation) internal pure returns (bool) {
        uint8 stage = uint8(PackedRule.unwrap(rule) >> 232);
        return stage == uint8(Stage.Always) || (stage == uint8(Stage.Evaluation)) == evaluation;
    }

    /// @notice True if a value within the metric's range breaks the rule.
    function isHit(PackedRule rule, int64 value) internal pure returns (bool) {
        bool above = PackedRule.unwrap(rule) >> 248 == uint8(Op.Above);
        return above ? value > limit(rule) : value < limit(rule);
    }

    /// @notice True if the metric can have the value.
    function isInRange(PackedRule rule, int64 value) internal pure returns (bool) {
        uint256 word = PackedRule.unwrap(rule);
        return value >= int64(uint64(word >> 64)) && value <= int64(uint64(word));
    }

    /// @notice What a hit leads to.
    function severity(PackedRule rule) internal pure returns (Severity) {
        return Severity(uint8(PackedRule.unwrap(rule) >> 240));
    }

    /// @notice Consecutive frames that may be not available before that is itself a hit; 255 is without end.
    function naBudget(PackedRule rule) internal pure returns (uint8) {
        return uint8(PackedRule.unwrap(rule) >> 224);
    }

    /// @notice Limit, in millionths.
    function limit(PackedRule rule) internal pure returns (int64) {
        return int64(uint64(PackedRule.unwrap(rule) >> 128));
    }
}

/**
 * @title PolicyCode
 * @notice Keeps a policy as contract code, so that judging a report reads all its rules in one go.
 * @dev Layout after a STOP byte: the policy's digest, one word a rule, see {PackedRule}, then 20 bytes a panel member.
 * Code is written once and cannot be changed.
 */
library PolicyCode {
    /// @notice The data is empty, or creating the code failed.
    error PolicyCodeWriteFailed();

    /// @notice Stores `data` as the code of a new contract.
    function write(bytes memory data) internal returns (address pointer) {
        // Init code: copy what follows these 11 bytes and return it. 0x00 in front makes the code inert.
        bytes memory init = abi.encodePacked(hex"600b5981380380925939f3", bytes1(0x00), data);
        assembly ("memory-safe") {
            pointer := create(0, add(init, 32), mload(init))
        }
        require(pointer != address(0), PolicyCodeWriteFailed());
    }

    /// @notice Reads back what {write} stored.
    function read(address pointer) internal view returns (bytes memory data) {
        uint256 size = pointer.code.length - 1;
        data = new bytes(size);
        assembly ("memory-safe") {
            extcodecopy(pointer, add(data, 32), 1, size)
        }
    }

    /// @notice First word of what {write} stored: of packed data, the policy's digest.
    function firstWord(address pointer) internal view returns (bytes32 word) {
        assembly ("memory-safe") {
            extcodecopy(pointer, 0, 1, 32)
            word := mload(0)
        }
    }

    /// @notice Packs digest, rules and panel of a policy.
    function pack(bytes32 digest, PolicyInput calldata policy) internal pure returns (bytes memory data) {
        data = bytes.concat(digest);
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            Rule calldata rule = policy.rules[i];
            data = bytes.concat(
                data,
                abi.encodePacked(
                    uint8(rule.op),
                    uint8(rule.severity),
                    uint8(rule.stage),
                    rule.naBudget,
                    uint32(0),
                    rule.limit,
                    rule.lo,
                    rule.hi
                )
            );
        }
        for (uint256 i = 0; i < policy.panel.length; ++i) {
            data = bytes.concat(data, bytes20(policy.panel[i]));
        }
    }

    /// @notice Rule `i` of packed data.
    function ruleAt(bytes memory data, uint256 i) internal pure returns (PackedRule rule) {
        assembly ("memory-safe") {
            rule := mload(add(add(data, 64), mul(i, 32)))
        }
    }

    /// @notice Member `i` of the panel of packed data, under the policy's terms.
    function memberAt(bytes memory data, Terms memory terms, uint256 i) internal pure returns (address member) {
        uint256 offset = 32 + uint256(terms.ruleCount) * 32 + i * 20;
        assembly ("memory-safe") {
            member := shr(96, mload(add(add(data, 32), offset)))
        }
    }
}
