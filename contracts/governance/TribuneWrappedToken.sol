// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC20Wrapper} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Wrapper.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/**
 * @title TribuneWrappedToken
 * @notice Votes with a timestamp clock over a token that a DAO has already, one to one, in and out at any time.
 * @dev For tokens without votes, or whose clock counts blocks. Power counts only once delegated, to oneself or another.
 *
 * Assumptions
 * - The token keeps what it is given. One that takes a fee is refused at deposit, so that every vote is backed. One
 *   whose balances change by themselves (rebasing) is not supported: what it loses, the last to withdraw misses, and
 *   what it gains stays here.
 */
contract TribuneWrappedToken is ERC20, ERC20Permit, ERC20Votes, ERC20Wrapper {
    /// @notice The token is no contract.
    error WrappedTokenInvalid(address token);
    /// @notice The token gave less, or more, than the deposit: it takes a fee, or its balances change by themselves.
    error WrappedTokenNotKept(uint256 value, uint256 received);

    constructor(IERC20 underlying_, string memory name_, string memory symbol_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
        ERC20Wrapper(underlying_)
    {
        require(address(underlying_).code.length > 0, WrappedTokenInvalid(address(underlying_)));
    }

    /// @notice Takes `value` of the caller's tokens and gives `account` as many that vote.
    function depositFor(address account, uint256 value) public override returns (bool) {
        uint256 before = underlying().balanceOf(address(this));
        super.depositFor(account, value);
        uint256 received = underlying().balanceOf(address(this)) - before;
        require(received == value, WrappedTokenNotKept(value, received));
        return true;
    }

    /// @notice ERC-6372: now, in seconds: spans in block numbers would mean another time on every network.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice ERC-6372: what the clock counts.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Decimals of the token underneath, 18 where it does not say.
    function decimals() public view override(ERC20, ERC20Wrapper) returns (uint8) {
        return super.decimals();
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
