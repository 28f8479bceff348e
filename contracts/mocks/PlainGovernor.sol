// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {GovernorVotesQuorumFraction} from
    "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @notice For benchmarks: what a DAO would vote with instead, OpenZeppelin's governor as its wizard gives it, without
/// a timelock.
contract PlainGovernor is GovernorSettings, GovernorCountingSimple, GovernorVotesQuorumFraction {
    constructor(IVotes token_, uint48 votingDelay_, uint32 votingPeriod_, uint256 quorumPercent)
        Governor("Plain governor")
        GovernorSettings(votingDelay_, votingPeriod_, 0)
        GovernorVotes(token_)
        GovernorVotesQuorumFraction(quorumPercent)
    {}

    /// @inheritdoc GovernorSettings
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }
}

/// @notice For benchmarks: what a DAO would halt with instead, one flag that its governor owns.
contract PlainSwitch is Ownable, Pausable {
    constructor(address owner_) Ownable(owner_) {}

    /// @notice Halts for good.
    function pause() external onlyOwner {
        _pause();
    }
}
