// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InferenceEscrow} from "../../../contracts/examples/InferenceEscrow.sol";
import {ModelGuarded} from "../../../contracts/examples/ModelGuarded.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {GuardedConsumer} from "../../../contracts/mocks/GuardedConsumer.sol";
import {FeeToken} from "../../../contracts/mocks/OddTokens.sol";
import {Signing} from "../support/Signing.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice Contracts that stop with a halted model.
contract ExamplesTest is World {
    bytes32 private constant _TYPE = keccak256("Voucher(uint256 escrow,address steward,uint64 answers)");
    uint256 private constant _PRICE = 2;

    InferenceEscrow private _escrow;
    address private _client;

    function setUp() public override {
        super.setUp();
        _escrow = new InferenceEscrow(killSwitch, token, 100);
        _client = holders[0];
        vm.prank(_client);
        token.approve(address(_escrow), 1000);
    }

    function test_guard__modelHalted__refusesItsOutput() public {
        GuardedConsumer consumer = new GuardedConsumer(killSwitch);
        vm.assertTrue(consumer.use(MODEL));
        vm.assertTrue(consumer.useVersion(MODEL, 1));
        vm.expectRevert(abi.encodeWithSelector(ModelGuarded.ModelVersionNotOperational.selector, MODEL, 2));
        consumer.useVersion(MODEL, 2);
        vm.prank(GUARD);
        killSwitch.guardianHalt();
        vm.expectRevert(abi.encodeWithSelector(ModelGuarded.ModelNotOperational.selector, MODEL));
        consumer.use(MODEL);
    }

    function test_open__versionInForce__holdsTheMoney() public {
        vm.expectEmit(address(_escrow));
        emit InferenceEscrow.EscrowOpened(1, _client, MODEL, 1, _PRICE);
        vm.expectEmit(address(_escrow));
        emit InferenceEscrow.EscrowFunded(1, 100, 100);
        vm.assertEq(_open(), 1);
        InferenceEscrow.Escrow memory record = _escrow.escrowOf(1);
        vm.assertEq(record.client, _client);
        vm.assertEq(record.modelId, MODEL);
        vm.assertEq(record.version, 1);
        vm.assertEq(record.price, _PRICE);
        vm.assertEq(record.balance, 100);
        vm.assertEq(record.closesAt, 0);
        vm.assertEq(token.balanceOf(address(_escrow)), 100);
        vm.assertEq(_escrow.escrowCount(), 1);
        vm.assertEq(_escrow.notice(), 100);
        vm.assertEq(address(_escrow.token()), address(token));
        vm.assertEq(address(_escrow.models()), address(killSwitch));
    }

    function test_open__versionNotInForce__isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ModelGuarded.ModelVersionNotOperational.selector, MODEL, 2));
        _escrow.open(MODEL, 2, _PRICE, 100);
    }

    function test_fund__byTheClientAlone__adds() public {
        _open();
        vm.prank(_client);
        _escrow.fund(1, 50);
        vm.assertEq(_escrow.escrowOf(1).balance, 150);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowNotClient.selector, 1, STRANGER));
        _escrow.fund(1, 50);
    }

    function test_fund__tokenThatTakesAFee__isRefused() public {
        FeeToken fee = new FeeToken();
        InferenceEscrow other = new InferenceEscrow(killSwitch, IERC20(address(fee)), 100);
        fee.approve(address(other), 100);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowTokenNotKept.selector, 100, 99));
        other.open(MODEL, 1, _PRICE, 100);
    }

    function test_settle__voucher__paysWhatIsBeyondWhatWasPaid() public {
        _open();
        vm.expectEmit(address(_escrow));
        emit InferenceEscrow.AnswersSettled(1, STEWARD, 10, 20);
        _settle(10);
        vm.assertEq(token.balanceOf(STEWARD), 20);
        _settle(15);
        vm.assertEq(token.balanceOf(STEWARD), 30);
        vm.assertEq(_escrow.escrowOf(1).balance, 70);
        vm.assertEq(_escrow.settledOf(1, STEWARD), 15);
        _settle(50);
        vm.assertEq(_escrow.escrowOf(1).balance, 0);
    }

    function test_settle__settledForgedOrTooMuch__isRefused() public {
        _open();
        _settle(10);
        bytes memory signature = _voucher(10);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.VoucherSettled.selector, 1, STEWARD, 10));
        _escrow.settle(1, STEWARD, 10, signature);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.VoucherInvalid.selector, 1, STEWARD, 11));
        _escrow.settle(1, STEWARD, 11, signature);
        signature = _voucher(51);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowInsufficient.selector, 1, 82, 80));
        _escrow.settle(1, STEWARD, 51, signature);
    }

    function test_settle__modelHalted__isNotPaid() public {
        _open();
        bytes memory signature = _voucher(10);
        _breach(TRIP, 2);
        vm.expectRevert(abi.encodeWithSelector(ModelGuarded.ModelVersionNotOperational.selector, MODEL, 1));
        _escrow.settle(1, STEWARD, 10, signature);
    }

    function test_close__afterItsNotice__returnsTheRest() public {
        _open();
        vm.startPrank(_client);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowNotEnded.selector, 1, 0));
        _escrow.close(1);
        uint48 end = uint48(block.timestamp) + 100;
        vm.expectEmit(address(_escrow));
        emit InferenceEscrow.EscrowClosing(1, end);
        _escrow.announceEnd(1);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowEnding.selector, 1, end));
        _escrow.announceEnd(1);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowEnding.selector, 1, end));
        _escrow.fund(1, 1);
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(InferenceEscrow.EscrowNotEnded.selector, 1, end));
        _escrow.close(1);
        vm.warp(end);
        vm.expectEmit(address(_escrow));
        emit InferenceEscrow.EscrowClosed(1, 100);
        _escrow.close(1);
        vm.stopPrank();
        vm.assertEq(token.balanceOf(_client), 40 ether);
        vm.assertEq(_escrow.escrowOf(1).client, address(0));
    }

    function test_close__byAnother__isRefused() public {
        _open();
        bytes memory refusal = abi.encodeWithSelector(InferenceEscrow.EscrowNotClient.selector, 1, STRANGER);
        vm.startPrank(STRANGER);
        vm.expectRevert(refusal);
        _escrow.announceEnd(1);
        vm.expectRevert(refusal);
        _escrow.close(1);
        vm.stopPrank();
    }

    function _open() private returns (uint256) {
        vm.prank(_client);
        return _escrow.open(MODEL, 1, _PRICE, 100);
    }

    function _settle(uint64 answers) private {
        _escrow.settle(1, STEWARD, answers, _voucher(answers));
    }

    function _voucher(uint64 answers) private view returns (bytes memory) {
        bytes32 message = keccak256(abi.encode(_TYPE, uint256(1), STEWARD, answers));
        return Signing.sign(holderKeys[0], Signing.typed("Tribune InferenceEscrow", address(_escrow), message));
    }
}
