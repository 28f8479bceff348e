// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/**
 * @title BallotSignatures
 * @notice Checks a ballot's signature: by key first, then by the voter's contract.
 * @dev By key first, because an account with delegated code (EIP-7702) still signs with its key. A voter's contract
 * gets bounded gas and returns one word, so that it can fail its own ballot and no other.
 */
library BallotSignatures {
    uint256 internal constant CONTRACT_GAS = 250_000;

    /// @notice True if `voter` signed `digest`.
    function isValid(address voter, bytes32 digest, bytes memory signature) internal view returns (bool) {
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && signer == voter) return true;
        if (voter.code.length == 0) return false;
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bool ok;
        bytes32 word;
        assembly ("memory-safe") {
            mstore(0, 0)
            ok := staticcall(CONTRACT_GAS, voter, add(data, 32), mload(data), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            word := mload(0)
        }
        return ok && word == bytes32(IERC1271.isValidSignature.selector);
    }
}
