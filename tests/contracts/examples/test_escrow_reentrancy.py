"""A token that calls back: no account gets out more than is its own, whatever it calls meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import now, refused, warp_to
from contracts.examples.test_escrow import NOTICE, VOUCHER
from contracts.world import World

FUNDS = 1000


@dataclass
class Attack:
    """Two clients with 1000 each; the attacker is a contract that can be steward and client."""

    world: World
    token: Any
    contract: Any
    attacker: Any

    def voucher(self, escrow: int, answers: int) -> bytes:
        """An honest client's voucher for the attacker's answers."""
        where = signing.domain("Tribune InferenceEscrow", self.world.chain_id, self.contract.address)
        message = {"escrow": escrow, "steward": str(self.attacker), "answers": answers}
        signable = encode_typed_data(where, {"Voucher": VOUCHER}, message)
        return bytes(Account.sign_message(signable, self.world.stranger.private_key).signature)

    def arm(self, method: Any, *arguments: Any) -> None:
        """Let the attacker make a call at the next transfer."""
        data = bytes(method.encode_input(*arguments))
        self.attacker.arm(self.contract, data, sender=self.world.outsider)

    def act(self, method: Any, *arguments: Any) -> None:
        """Let the attacker make a call now."""
        target = method.contract.address
        self.attacker.act(target, bytes(method.encode_input(*arguments)), sender=self.world.outsider)

    def fault(self) -> bytes:
        """Selector of the error that stopped the call from within."""
        assert self.attacker.tried()
        return bytes(self.attacker.fault())[:4]


@pytest.fixture
def attack(world: World) -> Attack:
    token = world.stranger.deploy(ape.project.CallingToken)
    contract = world.stranger.deploy(ape.project.InferenceEscrow, world.switch, token, NOTICE)
    attacker = world.outsider.deploy(ape.project.Reentrant)
    token.transfer(attacker, FUNDS, sender=world.stranger)
    token.approve(contract, 2**256 - 1, sender=world.stranger)
    found = Attack(world, token, contract, attacker)
    contract.open(1, 1, 1, FUNDS, sender=world.stranger)
    found.act(token.approve, contract, 2**256 - 1)
    found.act(contract.open, 1, 1, 1, FUNDS)
    return found


def test_settle__steward_settles_again_from_within__paid_once(attack: Attack) -> None:
    settle, signature = attack.contract.settle, attack.voucher(1, 10)
    attack.arm(settle, 1, attack.attacker, 10, signature)
    settle(1, attack.attacker, 10, signature, sender=attack.world.stranger)
    assert attack.fault() == keccak(text="VoucherSettled(uint256,address,uint64)")[:4]
    assert attack.token.balanceOf(attack.attacker) == 10


def test_close__client_closes_again_from_within__rest_once(attack: Attack) -> None:
    attack.act(attack.contract.announceEnd, 2)
    warp_to(now() + NOTICE)
    attack.arm(attack.contract.close, 2)
    attack.act(attack.contract.close, 2)
    assert attack.fault() == keccak(text="EscrowNotClient(uint256,address)")[:4]
    assert attack.token.balanceOf(attack.attacker) == FUNDS
    assert attack.token.balanceOf(attack.contract) == FUNDS


def test_open__other_money_taken_out_meanwhile__refused(attack: Attack) -> None:
    """What arrives is looked at from outside: a deposit that hides a payment is not one."""
    attack.act(attack.contract.announceEnd, 2)
    warp_to(now() + NOTICE)
    attack.token.transfer(attack.attacker, FUNDS * 2, sender=attack.world.stranger)
    attack.arm(attack.contract.close, 2)
    opening = bytes(attack.contract.open.encode_input(1, 1, 1, FUNDS * 2))
    refused(
        "EscrowTokenNotKept",
        attack.attacker.act,
        attack.contract,
        opening,
        sender=attack.world.outsider,
        amount=FUNDS * 2,
        received=FUNDS,
    )


def test_fund__funded_again_from_within__refused(attack: Attack) -> None:
    """One deposit that is counted in another's look at the balance would be counted twice."""
    attack.token.transfer(attack.attacker, 20, sender=attack.world.stranger)
    attack.arm(attack.contract.fund, 2, 10)
    funding = bytes(attack.contract.fund.encode_input(2, 10))
    refused(
        "EscrowTokenNotKept",
        attack.attacker.act,
        attack.contract,
        funding,
        sender=attack.world.outsider,
        amount=10,
        received=20,
    )
