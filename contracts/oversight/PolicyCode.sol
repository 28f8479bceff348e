// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Op, PolicyInput, Rule, Severity, Terms} from "../interfaces/IPolicyBook.sol";

/**
 * @title PolicyCode
 * @notice Keeps a policy as contract code, so that judging a report reads all its rules in one go.
 * @dev Layout after a STOP byte: one word a rule (op, severity, naBudget, limit, lo, hi from the left),
 * then 20 bytes a panel member. Code is written once and cannot be changed.
 */
library PolicyCode {
    /// @notice The data is empty, or creating the code failed.
    error PolicyCodeWriteFailed();

    struct PackedRule {
        Op op;
        Severity severity;
        uint8 naBudget;
        int64 limit;
        int64 lo;
        int64 hi;
    }

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

    /// @notice Packs rules and panel of a policy.
    function pack(PolicyInput calldata policy) internal pure returns (bytes memory data) {
        for (uint256 i = 0; i < policy.rules.length; ++i) {
            Rule calldata rule = policy.rules[i];
            data = bytes.concat(
                data,
                abi.encodePacked(
                    uint8(rule.op), uint8(rule.severity), rule.naBudget, uint40(0), rule.limit, rule.lo, rule.hi
                )
            );
        }
        for (uint256 i = 0; i < policy.panel.length; ++i) {
            data = bytes.concat(data, bytes20(policy.panel[i]));
        }
    }

    /// @notice Rule `i` of packed data.
    function ruleAt(bytes memory data, uint256 i) internal pure returns (PackedRule memory rule) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), mul(i, 32)))
        }
        rule.op = Op(uint8(word >> 248));
        rule.severity = Severity(uint8(word >> 240));
        rule.naBudget = uint8(word >> 232);
        rule.limit = int64(uint64(word >> 128));
        rule.lo = int64(uint64(word >> 64));
        rule.hi = int64(uint64(word));
    }

    /// @notice Member `i` of the panel of packed data, under the policy's terms.
    function memberAt(bytes memory data, Terms memory terms, uint256 i) internal pure returns (address member) {
        uint256 offset = uint256(terms.ruleCount) * 32 + i * 20;
        assembly ("memory-safe") {
            member := shr(96, mload(add(add(data, 32), offset)))
        }
    }
}
