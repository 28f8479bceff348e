// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {TribuneToken} from "../../../../contracts/governance/TribuneToken.sol";
import {TribuneWrappedToken} from "../../../../contracts/governance/TribuneWrappedToken.sol";
import {CoarseToken, FeeToken} from "../../../../contracts/mocks/OddTokens.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Votes that count seconds, of our own or over a token that a DAO has.
contract GovernorTokensTest is World {
    function test_token__givesOutTheWholeSupply() public view {
        vm.assertEq(token.totalSupply(), 100 ether);
        vm.assertEq(token.balanceOf(holders[0]), 40 ether);
        vm.assertEq(token.getVotes(holders[4]), 8 ether);
        vm.assertEq(token.name(), "Tribune test");
        vm.assertEq(token.symbol(), "TRIB");
        vm.assertEq(token.CLOCK_MODE(), "mode=timestamp");
        vm.assertEq(token.clock(), block.timestamp);
        vm.assertEq(token.nonces(holders[0]), 0);
    }

    function test_token__holders_and_amounts_that_do_not_match__areRefused() public {
        vm.expectRevert(abi.encodeWithSelector(TribuneToken.TokenAllocationInvalid.selector, 0, 0));
        new TribuneToken("T", "T", new address[](0), new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(TribuneToken.TokenAllocationInvalid.selector, 1, 2));
        new TribuneToken("T", "T", new address[](1), new uint256[](2));
    }

    function test_token__power__followsTransfersFromTheNextSecondOn() public {
        vm.warp(block.timestamp + 10);
        vm.prank(holders[0]);
        token.transfer(holders[1], 5 ether);
        vm.assertEq(token.getPastVotes(holders[1], block.timestamp - 1), 25 ether);
        vm.assertEq(token.getVotes(holders[1]), 30 ether);
    }

    function test_wrapped__inAndOut__oneToOne() public {
        CoarseToken coarse = new CoarseToken();
        TribuneWrappedToken wrapped = new TribuneWrappedToken(coarse, "Wrapped", "WCRS");
        vm.assertEq(wrapped.decimals(), 6);
        vm.assertEq(wrapped.CLOCK_MODE(), "mode=timestamp");
        vm.assertEq(wrapped.clock(), block.timestamp);
        vm.assertEq(wrapped.nonces(STRANGER), 0);
        coarse.approve(address(wrapped), 100);
        vm.assertTrue(wrapped.depositFor(STRANGER, 100));
        vm.assertEq(wrapped.balanceOf(STRANGER), 100);
        vm.startPrank(STRANGER);
        wrapped.delegate(STRANGER);
        vm.assertEq(wrapped.getVotes(STRANGER), 100);
        wrapped.withdrawTo(STRANGER, 40);
        vm.stopPrank();
        vm.assertEq(coarse.balanceOf(STRANGER), 40);
        vm.assertEq(wrapped.getVotes(STRANGER), 60);
    }

    function test_wrapped__token_that_takes_a_fee__isRefusedAtDeposit() public {
        FeeToken fee = new FeeToken();
        TribuneWrappedToken wrapped = new TribuneWrappedToken(fee, "Wrapped", "WFEE");
        fee.approve(address(wrapped), 100);
        vm.expectRevert(abi.encodeWithSelector(TribuneWrappedToken.WrappedTokenNotKept.selector, 100, 99));
        wrapped.depositFor(STRANGER, 100);
    }

    function test_wrapped__no_contract__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(TribuneWrappedToken.WrappedTokenInvalid.selector, STRANGER));
        new TribuneWrappedToken(IERC20(STRANGER), "Wrapped", "W");
    }
}
