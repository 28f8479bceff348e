// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/**
 * @title Signatures
 * @notice Checks a signature: by key first, then by the signer's contract (ERC-1271).
 * @dev By key first, because an account with delegated code (EIP-7702) still signs with its key. A signer's contract
 * gets bounded gas and returns one word, so that it can fail its own signature and no other.
 */
library Signatures {
    /// @notice True if `signer` signed `digest`.
    /// @param contractGas Most gas that a signer's contract may use.
    function isValid(address signer, bytes32 digest, bytes memory signature, uint256 contractGas)
        internal
        view
        returns (bool)
    {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecover(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && recovered == signer) return true;
        if (signer.code.length == 0) return false;
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bool ok;
        bytes32 word;
        assembly ("memory-safe") {
            mstore(0, 0)
            ok := staticcall(contractGas, signer, add(data, 32), mload(data), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            word := mload(0)
        }
        return ok && word == bytes32(IERC1271.isValidSignature.selector);
    }
}
