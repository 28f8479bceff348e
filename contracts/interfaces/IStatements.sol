// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What an auditor signs about a version of a model.
struct Statement {
    address auditor;
    uint256 modelId;
    uint32 version;
    /// The version's artifact: an auditor states it of what it looked at, not of a number.
    bytes32 artifact;
    /// SHA-256 of the document that holds the statement.
    bytes32 document;
    /// Where people find the document.
    string uri;
    /// When it was signed (unix seconds).
    uint48 time;
}

/// @notice Auditors' signed statements about versions of models.
interface IStatements {
    /// @notice When an auditor's statement came on chain (unix seconds); 0 if it did not, or was withdrawn.
    /// @dev Anyone can state anything: ask for auditors that you trust, by address.
    function attestedAt(uint256 modelId, uint32 version, address auditor, bytes32 document)
        external
        view
        returns (uint48);
}
