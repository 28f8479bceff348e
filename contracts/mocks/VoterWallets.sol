// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

/// @notice For tests: a wallet that votes by ERC-1271, signed for by one key.
contract OwnedWallet is IERC1271 {
    address private immutable _owner;

    constructor(address owner, IVotes token) {
        _owner = owner;
        token.delegate(address(this));
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == _owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @notice For tests: a wallet that burns all the gas it is given before it agrees.
contract BurningWallet is IERC1271 {
    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice For tests: a wallet that answers with a megabyte, or as much as its gas allows.
contract VerboseWallet is IERC1271 {
    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        assembly ("memory-safe") {
            revert(0, 100000)
        }
    }
}

/// @notice For tests: a wallet that answers with fewer than 32 bytes.
contract TerseWallet {
    fallback() external {
        bytes4 word = IERC1271.isValidSignature.selector;
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, 4)
        }
    }
}
