// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice How much gas a signer's contract (ERC-1271) gets: enough for a multisig, too little to block others.
abstract contract SignerGas {
    /// @notice Least gas that a signer's contract may be given.
    uint32 public constant LEAST_CONTRACT_GAS = 50_000;

    /// @notice Gas that a signer's contract gets.
    uint32 public immutable contractGas;

    /// @notice A signer's contract needs at least {LEAST_CONTRACT_GAS}.
    error ContractGasTooLow(uint32 given);

    constructor(uint32 contractGas_) {
        require(contractGas_ >= LEAST_CONTRACT_GAS, ContractGasTooLow(contractGas_));
        contractGas = contractGas_;
    }
}
