// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IStatements, Statement} from "../../interfaces/IStatements.sol";
import {Signatures} from "../../libraries/Signatures.sol";

/**
 * @title Statements
 * @notice Auditors say something about a version, in signed words that anyone may bring and only they withdraw.
 *
 * Decisions
 * - The signature covers the artifact's digest, so a statement is about what the version is, and the auditor's own
 *   address, so that two wallets with one key do not speak for each other.
 * - A withdrawal also voids what was signed before it: a statement signed later may be made again, an earlier one
 *   may not, whether it had been brought on chain or not.
 * - A statement frees and halts nothing; whoever relies on one chooses the auditor.
 */
abstract contract Statements is IStatements, EIP712 {
    /// Both in unix seconds, 0 for never; an attestation stands unless it was withdrawn after it.
    struct Record {
        uint48 attestedAt;
        uint48 withdrawnAt;
    }

    bytes32 private constant _STATEMENT_TYPEHASH = keccak256(
        "Statement(address auditor,uint256 modelId,uint32 version,bytes32 artifact,bytes32 document,"
        "string uri,uint48 time)"
    );
    /// The caller pays for it: enough for wallets of several keys, and no more.
    uint256 private constant _CONTRACT_GAS = 250_000;

    mapping(bytes32 key => Record) private _records;

    /// @notice An auditor's statement about a version came on chain.
    event StatementAttested(
        uint256 indexed modelId,
        uint32 indexed version,
        address indexed auditor,
        bytes32 artifact,
        bytes32 document,
        string uri,
        uint48 time
    );
    /// @notice An auditor withdrew a statement.
    event StatementWithdrawn(
        uint256 indexed modelId, uint32 indexed version, address indexed auditor, bytes32 document
    );

    /// @notice A statement needs a document, and is about the artifact that the version has.
    error StatementInvalid(uint256 modelId, uint32 version);
    /// @notice The statement was signed in the future, or not after its withdrawal.
    error StatementOutOfTime(uint48 time, uint48 withdrawnAt);
    /// @notice The statement stands already.
    error StatementStands(uint256 modelId, uint32 version, address auditor, bytes32 document);
    /// @notice The auditor did not sign this.
    error StatementSignatureInvalid(address auditor);

    constructor() EIP712("Tribune ModelRegistry", "1") {}

    /// @notice Brings an auditor's signed statement on chain; anyone may.
    /// @param said What the auditor signed.
    /// @param signature By the auditor's key, or as its contract takes it (ERC-1271).
    function attest(Statement calldata said, bytes calldata signature) external {
        require(
            said.document != 0 && said.artifact == _artifactOf(said.modelId, said.version),
            StatementInvalid(said.modelId, said.version)
        );
        Record storage record = _records[_key(said.modelId, said.version, said.auditor, said.document)];
        require(
            record.attestedAt == 0, StatementStands(said.modelId, said.version, said.auditor, said.document)
        );
        require(
            said.time <= block.timestamp && said.time > record.withdrawnAt,
            StatementOutOfTime(said.time, record.withdrawnAt)
        );
        bytes32 digest = _hashTypedDataV4(hashStatement(said));
        require(
            Signatures.isValid(said.auditor, digest, signature, _CONTRACT_GAS),
            StatementSignatureInvalid(said.auditor)
        );
        record.attestedAt = uint48(block.timestamp);
        emit StatementAttested(
            said.modelId, said.version, said.auditor, said.artifact, said.document, said.uri, said.time
        );
    }

    /// @notice Withdraws the caller's statement, and voids every signature under it up to now.
    function withdrawStatement(uint256 modelId, uint32 version, bytes32 document) external {
        _records[_key(modelId, version, msg.sender, document)] = Record(0, uint48(block.timestamp));
        emit StatementWithdrawn(modelId, version, msg.sender, document);
    }

    /// @inheritdoc IStatements
    function attestedAt(uint256 modelId, uint32 version, address auditor, bytes32 document)
        external
        view
        returns (uint48)
    {
        return _records[_key(modelId, version, auditor, document)].attestedAt;
    }

    /// @notice EIP-712 struct hash of a statement.
    function hashStatement(Statement calldata said) public pure returns (bytes32) {
        return keccak256(
            abi.encode(
                _STATEMENT_TYPEHASH,
                said.auditor,
                said.modelId,
                said.version,
                said.artifact,
                said.document,
                keccak256(bytes(said.uri)),
                said.time
            )
        );
    }

    /// @dev Digest of a version's artifact; reverts for an unknown version.
    function _artifactOf(uint256 modelId, uint32 version) internal view virtual returns (bytes32);

    function _key(uint256 modelId, uint32 version, address auditor, bytes32 document) private pure returns (bytes32) {
        return keccak256(abi.encode(modelId, version, auditor, document));
    }
}
