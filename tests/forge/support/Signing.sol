// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Call} from "../../../contracts/governance/HolderCalls.sol";
import {Report} from "../../../contracts/interfaces/IReportHub.sol";
import {vm} from "./Vm.sol";

/// @notice What monitors and voters sign, built from the design's text: it checks the contracts' own hashing.
library Signing {
    bytes32 private constant _DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant _REPORT = keccak256(
        "Report(uint256 modelId,uint32 version,uint64 frame,bytes32 policy,bytes32 manifest,bytes32 evidence,"
        "int64[] values)"
    );
    bytes32 private constant _ATTESTATION = keccak256("Attestation(bytes32 report,bytes32 witness)");
    bytes32 private constant _CALL = keccak256(
        "Call(uint8 kind,uint256 modelId,uint32 version,uint64 epoch,uint64 round,bytes32 evidence,uint48 deadline)"
    );
    bytes32 private constant _BALLOT =
        keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)");
    bytes32 private constant _EXTENDED_BALLOT = keccak256(
        "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
    );

    function attestation(address hub, Report memory report, bytes32 witness) internal view returns (bytes32) {
        return typed("Tribune ReportHub", hub, keccak256(abi.encode(_ATTESTATION, digest(report), witness)));
    }

    function digest(Report memory report) internal pure returns (bytes32) {
        bytes memory values;
        for (uint256 i = 0; i < report.values.length; ++i) {
            values = bytes.concat(values, abi.encode(report.values[i]));
        }
        return keccak256(
            abi.encode(
                _REPORT,
                report.modelId,
                report.version,
                report.frame,
                report.policy,
                report.manifest,
                report.evidence,
                keccak256(values)
            )
        );
    }

    function ballot(address governor, uint256 proposal, address voter, uint8 support, string memory reason)
        internal
        view
        returns (bytes32)
    {
        bytes32 message = bytes(reason).length == 0
            ? keccak256(abi.encode(_BALLOT, proposal, support, voter, uint256(0)))
            : keccak256(
                abi.encode(
                    _EXTENDED_BALLOT, proposal, support, voter, uint256(0), keccak256(bytes(reason)), keccak256("")
                )
            );
        return typed("Tribune PauseGovernor", governor, message);
    }

    function call(address governor, Call memory call_) internal view returns (bytes32) {
        bytes memory words = abi.encode(
            _CALL, call_.kind, call_.modelId, call_.version, call_.epoch, call_.round, call_.evidence, call_.deadline
        );
        return typed("Tribune PauseGovernor", governor, keccak256(words));
    }

    function sign(uint256 key, bytes32 digest_) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest_);
        return abi.encodePacked(r, s, v);
    }

    function typed(string memory name, address where, bytes32 message) internal view returns (bytes32) {
        bytes32 domain =
            keccak256(abi.encode(_DOMAIN, keccak256(bytes(name)), keccak256("1"), block.chainid, where));
        return keccak256(abi.encodePacked(hex"1901", domain, message));
    }
}
