"""The escrow pays for answers of a model that may run, to whoever gave them, and gives back the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from contracts import signing
from contracts.calls import events, next_at, now, refused, warp_to
from contracts.world import World

UNIT = 10**18
NOTICE = 500
PRICE = UNIT // 100
FUNDS = 5 * UNIT
VOUCHER = [
    {"name": "escrow", "type": "uint256"},
    {"name": "steward", "type": "address"},
    {"name": "answers", "type": "uint64"},
]


@dataclass
class Deal:
    """A client that pays with Tribune's own token, and escrow 1 for version 1 of model 1."""

    world: World
    contract: Any
    client: Any

    def voucher(self, answers: int, *, steward: Any = None, key: str = "", **changes: Any) -> bytes:
        """The client's signature over a voucher."""
        where = signing.domain("Tribune InferenceEscrow", self.world.chain_id, self.contract.address)
        message = {"escrow": 1, "steward": str(steward or self.world.steward), "answers": answers}
        signable = encode_typed_data(where, {"Voucher": VOUCHER}, message | changes)
        return bytes(Account.sign_message(signable, key or self.client.private_key).signature)

    def settle(self, answers: int, *, steward: Any = None, escrow: int = 1) -> Any:
        """Let a stranger bring a voucher."""
        payee = steward or self.world.steward
        signature = self.voucher(answers, steward=payee, escrow=escrow)
        return self.contract.settle(escrow, payee, answers, signature, sender=self.world.stranger)

    def refuse_settling(self, error: str, answers: int = 1, **expected: Any) -> None:
        """Assert that a right voucher is not paid."""
        arguments = (1, self.world.steward, answers, self.voucher(answers))
        refused(error, self.contract.settle, *arguments, sender=self.world.stranger, **expected)

    def end(self) -> None:
        """Announce the end and let the notice pass."""
        self.contract.announceEnd(1, sender=self.client)
        warp_to(now() + NOTICE)

    def paid(self, account: Any = None) -> int:
        """What an account holds of the token."""
        return int(self.world.token.balanceOf(account or self.world.steward))


@pytest.fixture
def deal(world: World) -> Deal:
    client = world.holders[0]
    contract = world.stranger.deploy(ape.project.InferenceEscrow, world.switch, world.token, NOTICE)
    world.token.approve(contract, 2**256 - 1, sender=client)
    contract.open(1, 1, PRICE, FUNDS, sender=client)
    return Deal(world, contract, client)


# Open and fund


def test_open__version_in_service__money_down_and_said(deal: Deal) -> None:
    receipt = deal.contract.open(1, 1, PRICE, UNIT, sender=deal.client)
    said = events(receipt, "EscrowOpened")[0]
    assert (said["escrow"], said["client"], said["modelId"], said["version"]) == (2, deal.client, 1, 1)
    assert tuple(deal.contract.escrowOf(2)) == (deal.client, 1, 0, 1, PRICE, UNIT)
    assert deal.paid(deal.contract) == FUNDS + UNIT
    assert deal.contract.escrowCount() == 2


@pytest.mark.parametrize(("model", "version"), [(1, 2), (2, 1), (0, 0)])
def test_open__version_not_in_service__refused(deal: Deal, model: int, version: int) -> None:
    arguments = (model, version, PRICE, 1)
    refused("ModelVersionNotOperational", deal.contract.open, *arguments, sender=deal.client)


def test_fund__client__added_and_said(deal: Deal) -> None:
    receipt = deal.contract.fund(1, UNIT, sender=deal.client)
    assert events(receipt, "EscrowFunded")[0]["balance"] == FUNDS + UNIT
    assert deal.contract.escrowOf(1).balance == FUNDS + UNIT


def test_fund__not_the_client__refused(deal: Deal) -> None:
    for sender in (deal.world.steward, deal.world.stranger, deal.world.admin):
        refused("EscrowNotClient", deal.contract.fund, 1, 1, sender=sender)


def test_open__token_that_takes_a_fee__refused(world: World) -> None:
    token = world.stranger.deploy(ape.project.FeeToken)
    contract = world.stranger.deploy(ape.project.InferenceEscrow, world.switch, token, NOTICE)
    token.approve(contract, UNIT, sender=world.stranger)
    refused("EscrowTokenNotKept", contract.open, 1, 1, 1, 100, sender=world.stranger, amount=100)


# Settle


def test_settle__voucher_brought_by_anyone__steward_paid(deal: Deal) -> None:
    receipt = deal.settle(7)
    said = events(receipt, "AnswersSettled")[0]
    assert (said["steward"], said["answers"], said["amount"]) == (deal.world.steward, 7, 7 * PRICE)
    assert deal.paid() == 7 * PRICE
    assert deal.contract.escrowOf(1).balance == FUNDS - 7 * PRICE


def test_settle__later_voucher__only_what_is_new(deal: Deal) -> None:
    deal.settle(7)
    deal.settle(10)
    assert (deal.paid(), deal.contract.settledOf(1, deal.world.steward)) == (10 * PRICE, 10)


def test_settle__same_or_older_voucher__refused(deal: Deal) -> None:
    deal.settle(7)
    for answers in (7, 6, 0):
        deal.refuse_settling("VoucherSettled", answers, settled=7)


def test_settle__more_than_is_left__refused(deal: Deal) -> None:
    count = FUNDS // PRICE
    deal.refuse_settling("EscrowInsufficient", count + 1, due=(count + 1) * PRICE, balance=FUNDS)
    deal.settle(count)
    assert (deal.paid(), deal.paid(deal.contract)) == (FUNDS, 0)


def test_settle__signed_by_anyone_else__refused(deal: Deal) -> None:
    world = deal.world
    for who in (world.steward, world.stranger, world.holders[1]):
        signature = deal.voucher(1, key=who.private_key)
        arguments = (1, world.steward, 1, signature)
        refused("VoucherInvalid", deal.contract.settle, *arguments, sender=world.steward)


def test_settle__voucher_changed__refused(deal: Deal) -> None:
    world, signature = deal.world, deal.voucher(1)
    deal.contract.open(1, 1, PRICE, UNIT, sender=deal.client)
    for arguments in ((1, world.steward, 2), (1, world.stranger, 1), (2, world.steward, 1)):
        refused("VoucherInvalid", deal.contract.settle, *arguments, signature, sender=world.stranger)


def test_settle__voucher_for_another_contract__refused(deal: Deal) -> None:
    world = deal.world
    other = world.stranger.deploy(ape.project.InferenceEscrow, world.switch, world.token, NOTICE)
    world.token.approve(other, FUNDS, sender=deal.client)
    other.open(1, 1, PRICE, FUNDS, sender=deal.client)
    arguments = (1, world.steward, 1, deal.voucher(1))
    refused("VoucherInvalid", other.settle, *arguments, sender=world.stranger)


def test_settle__unknown_escrow__refused(deal: Deal) -> None:
    arguments = (9, deal.world.steward, 1, deal.voucher(1, escrow=9))
    refused("ModelVersionNotOperational", deal.contract.settle, *arguments, sender=deal.world.stranger)


def test_settle__client_is_a_contract__its_owners_signature_counts(deal: Deal) -> None:
    world = deal.world
    client = world.stranger.deploy(ape.project.OwnedWallet, world.outsider, world.token)
    acting = ape.accounts.test_accounts.impersonate_account(client.address)
    acting.balance = 10**20
    world.token.transfer(client, UNIT, sender=deal.client)
    world.token.approve(deal.contract, UNIT, sender=acting)
    deal.contract.open(1, 1, PRICE, UNIT, sender=acting)
    signature = deal.voucher(3, escrow=2, key=world.outsider.private_key)
    deal.contract.settle(2, world.steward, 3, signature, sender=world.stranger)
    assert deal.paid() == 3 * PRICE


# What a halt, another version and a transfer do


def test_settle__suspended_model__nothing_paid_until_the_bound(deal: Deal) -> None:
    deal.world.breach()
    deal.refuse_settling("ModelVersionNotOperational", modelId=1, version=1)
    warp_to(int(deal.world.switch.statusOf(1).until))
    deal.settle(1)
    assert deal.paid() == PRICE


def test_settle__paused_model__nothing_paid_until_the_resume(deal: Deal) -> None:
    deal.world.pause()
    deal.refuse_settling("ModelVersionNotOperational")
    deal.world.resume()
    deal.settle(1)
    assert deal.paid() == PRICE


def test_settle__retired_model__nothing_paid(deal: Deal) -> None:
    deal.world.switch.retire(1, sender=deal.world.admin)
    deal.refuse_settling("ModelVersionNotOperational")


def test_settle__global_halt__nothing_paid(deal: Deal) -> None:
    deal.world.switch.halt(now() + 1000, sender=deal.world.admin)
    deal.refuse_settling("ModelVersionNotOperational")


def test_settle__another_version_in_force__nothing_paid(deal: Deal) -> None:
    deal.world.next_version()
    assert deal.world.switch.isOperational(1)
    deal.refuse_settling("ModelVersionNotOperational", version=1)


def test_settle__model_transferred__each_steward_paid_for_its_own_answers(deal: Deal) -> None:
    world = deal.world
    world.registry.transferFrom(world.steward, world.outsider, 1, sender=world.steward)
    before = deal.paid(world.outsider)
    deal.settle(4, steward=world.outsider)
    deal.settle(7)
    assert (deal.paid(), deal.paid(world.outsider) - before) == (7 * PRICE, 4 * PRICE)


# The end


def test_close__after_the_notice__rest_back_and_vouchers_void(deal: Deal) -> None:
    deal.settle(7)
    before = deal.paid(deal.client)
    deal.end()
    receipt = deal.contract.close(1, sender=deal.client)
    assert events(receipt, "EscrowClosed")[0]["amount"] == FUNDS - 7 * PRICE
    assert deal.paid(deal.client) - before == FUNDS - 7 * PRICE
    assert deal.contract.escrowOf(1).balance == 0
    deal.refuse_settling("ModelVersionNotOperational", 8)


@pytest.mark.parametrize("how", ["suspended", "paused", "retired"])
def test_close__halted_model__rest_back_all_the_same(deal: Deal, how: str) -> None:
    world = deal.world
    if how == "suspended":
        world.breach()
    elif how == "paused":
        world.pause()
    else:
        world.switch.retire(1, sender=world.admin)
    before = deal.paid(deal.client)
    deal.end()
    deal.contract.close(1, sender=deal.client)
    assert deal.paid(deal.client) - before == FUNDS


def test_close__not_announced__refused(deal: Deal) -> None:
    refused("EscrowNotEnded", deal.contract.close, 1, sender=deal.client, closesAt=0)


def test_close__before_the_notice_is_over__refused(deal: Deal) -> None:
    receipt = deal.contract.announceEnd(1, sender=deal.client)
    closes = events(receipt, "EscrowClosing")[0]["closesAt"]
    assert closes == receipt.timestamp + NOTICE
    warp_to(closes - 1)
    refused("EscrowNotEnded", deal.contract.close, 1, sender=deal.client, closesAt=closes)
    next_at(closes)
    deal.contract.close(1, sender=deal.client)


def test_close__twice__refused(deal: Deal) -> None:
    deal.end()
    deal.contract.close(1, sender=deal.client)
    refused("EscrowNotClient", deal.contract.close, 1, sender=deal.client)


def test_settle__during_the_notice__paid(deal: Deal) -> None:
    deal.contract.announceEnd(1, sender=deal.client)
    deal.settle(7)
    assert deal.paid() == 7 * PRICE


def test_announce_end__again__refused_and_the_end_stays(deal: Deal) -> None:
    deal.contract.announceEnd(1, sender=deal.client)
    refused("EscrowEnding", deal.contract.announceEnd, 1, sender=deal.client)


def test_fund__after_the_announcement__refused(deal: Deal) -> None:
    deal.contract.announceEnd(1, sender=deal.client)
    refused("EscrowEnding", deal.contract.fund, 1, 1, sender=deal.client)


@pytest.mark.parametrize("act", ["announceEnd", "close"])
def test_end__not_the_client__refused(deal: Deal, act: str) -> None:
    for sender in (deal.world.steward, deal.world.stranger, deal.world.admin):
        refused("EscrowNotClient", getattr(deal.contract, act), 1, sender=sender)
