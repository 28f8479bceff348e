// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {SignerGas} from "../libraries/SignerGas.sol";

/// @notice A ballot signed by its voter, for whoever relays it.
struct SignedBallot {
    address voter;
    uint8 support;
    string reason;
    bytes signature;
}

/**
 * @title SignedBallots
 * @notice Casts many signed ballots in one call.
 *
 * Decisions
 * - Ballots are OpenZeppelin's own typed data, so that existing wallets and tools can vote.
 * - A ballot's nonce is 0: `hasVoted` already makes it single-use, and a counter would only cost and block.
 * - One that cannot count is skipped and named, so that it stops no other.
 */
abstract contract SignedBallots is SignerGas, GovernorCountingSimple {
    /// @notice A relayed ballot did not count: wrong signature, already voted, no such choice, or the vote was over.
    event BallotSkipped(uint256 indexed proposalId, address indexed voter);

    /// @notice Casts many signed ballots. One that cannot count is skipped and named; the others count.
    /// @dev Without a reason a ballot is OpenZeppelin's `Ballot`, with one its `ExtendedBallot` with empty params.
    function castVotesBySig(uint256 proposalId, SignedBallot[] calldata ballots) external returns (uint256 counted) {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        uint256 earlyEnd = _earlyEnd(proposalId);
        for (uint256 i = 0; i < ballots.length; ++i) {
            SignedBallot calldata ballot = ballots[i];
            if (!_counts(proposalId, ballot, earlyEnd)) {
                emit BallotSkipped(proposalId, ballot.voter);
                continue;
            }
            _castVote(proposalId, ballot.voter, ballot.support, ballot.reason);
            ++counted;
        }
    }

    function _validateVoteSig(uint256 proposalId, uint8 support, address voter, bytes memory signature)
        internal
        view
        virtual
        override
        returns (bool)
    {
        bytes32 structHash = keccak256(abi.encode(BALLOT_TYPEHASH, proposalId, support, voter, uint256(0)));
        return Signatures.isValid(voter, _hashTypedDataV4(structHash), signature, contractGas);
    }

    function _validateExtendedVoteSig(
        uint256 proposalId,
        uint8 support,
        address voter,
        string memory reason,
        bytes memory params,
        bytes memory signature
    ) internal view virtual override returns (bool) {
        bytes32 structHash = keccak256(
            abi.encode(
                EXTENDED_BALLOT_TYPEHASH,
                proposalId,
                support,
                voter,
                uint256(0),
                keccak256(bytes(reason)),
                keccak256(params)
            )
        );
        return Signatures.isValid(voter, _hashTypedDataV4(structHash), signature, contractGas);
    }

    /// @dev Number of votes for, from which on the vote may be over before its deadline.
    function _earlyEnd(uint256 proposalId) internal view virtual returns (uint256);

    function _counts(uint256 proposalId, SignedBallot calldata ballot, uint256 earlyEnd) private view returns (bool) {
        (address voter, uint8 support) = (ballot.voter, ballot.support);
        if (hasVoted(proposalId, voter) || support > uint8(VoteType.Abstain)) return false;
        (, uint256 votesFor,) = proposalVotes(proposalId);
        if (votesFor >= earlyEnd && state(proposalId) != ProposalState.Active) return false;
        return bytes(ballot.reason).length == 0
            ? _validateVoteSig(proposalId, support, voter, ballot.signature)
            : _validateExtendedVoteSig(proposalId, support, voter, ballot.reason, "", ballot.signature);
    }
}
