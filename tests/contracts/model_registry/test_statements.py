"""Auditors' signed statements about versions: whose they are, of what, and until when."""

from __future__ import annotations

from typing import Any

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import events, mined, next_at, now, refused, rpc
from contracts.world import World, version

ARTIFACT = keccak(text="artifact")
DOCUMENT = keccak(text="document")
TYPES = {
    "Statement": [
        {"name": "auditor", "type": "address"},
        {"name": "modelId", "type": "uint256"},
        {"name": "version", "type": "uint32"},
        {"name": "artifact", "type": "bytes32"},
        {"name": "document", "type": "bytes32"},
        {"name": "uri", "type": "string"},
        {"name": "time", "type": "uint48"},
    ]
}


def statement(auditor: Any, **changes: Any) -> tuple[Any, ...]:
    """A statement about version 1 of model 1, in the order of the contract's struct."""
    fields = {
        "auditor": str(auditor),
        "model": 1,
        "version": 1,
        "artifact": ARTIFACT,
        "document": DOCUMENT,
        "uri": "ipfs://statement",
        "time": now(),
    }
    return tuple((fields | changes).values())


def signed(world: World, said: tuple[Any, ...], key: str, **domain: Any) -> bytes:
    """The signature of `key` over a statement."""
    where = signing.domain("Tribune ModelRegistry", world.chain_id, world.registry.address) | domain
    message = dict(zip((field["name"] for field in TYPES["Statement"]), said, strict=True))
    return bytes(Account.sign_message(encode_typed_data(where, TYPES, message), key).signature)


def attest(world: World, **changes: Any) -> Any:
    """Let a stranger bring the outsider's statement."""
    said = statement(world.outsider, **changes)
    signature = signed(world, said, world.outsider.private_key)
    return world.registry.attest(said, signature, sender=world.stranger)


def refuse(world: World, error: str, said: tuple[Any, ...], key: str, **domain: Any) -> None:
    """Assert that a statement signed by `key` is refused."""
    refused(error, world.registry.attest, said, signed(world, said, key, **domain), sender=world.stranger)


def attested_at(world: World, auditor: Any, number: int = 1, document: bytes = DOCUMENT) -> int:
    return int(world.registry.attestedAt(1, number, auditor, document))


def test_attest__signed_by_the_auditor__kept_and_said(world: World) -> None:
    time = now() - 5
    receipt = attest(world, time=time)
    said = events(receipt, "StatementAttested")[0]
    assert (said["modelId"], said["version"], said["auditor"]) == (1, 1, world.outsider)
    assert (bytes(said["artifact"]), bytes(said["document"])) == (ARTIFACT, DOCUMENT)
    assert (said["uri"], said["time"]) == ("ipfs://statement", time)
    assert attested_at(world, world.outsider) == receipt.timestamp


def test_attested_at__anything_else__zero(world: World) -> None:
    attest(world)
    world.registry.registerVersion(1, version(), sender=world.steward)
    assert attested_at(world, world.stranger) == 0
    assert attested_at(world, world.outsider, number=2) == 0
    assert attested_at(world, world.outsider, document=keccak(text="other")) == 0


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, "0x" + "11" * 20),
        (4, keccak(text="other")),
        (5, "ipfs://other"),
        (6, 1),
    ],
)
def test_attest__anything_else_than_signed__refused(world: World, place: int, value: Any) -> None:
    said = statement(world.outsider)
    signature = signed(world, said, world.outsider.private_key)
    changed = (*said[:place], value, *said[place + 1 :])
    refused("StatementSignatureInvalid", world.registry.attest, changed, signature, sender=world.stranger)


def test_attest__of_another_version_with_the_same_artifact__refused(world: World) -> None:
    world.registry.registerVersion(1, version(), sender=world.steward)
    said = statement(world.outsider)
    signature = signed(world, said, world.outsider.private_key)
    other = (said[0], 1, 2, *said[3:])
    refused("StatementSignatureInvalid", world.registry.attest, other, signature, sender=world.stranger)


def test_attest__signed_by_somebody_else__refused(world: World) -> None:
    refuse(world, "StatementSignatureInvalid", statement(world.outsider), world.stranger.private_key)


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"verifyingContract": "0x" + "11" * 20},
        {"name": "Tribune ReportHub"},
        {"version": "2"},
    ],
)
def test_attest__signed_for_another_place__refused(world: World, domain: dict[str, Any]) -> None:
    key = world.outsider.private_key
    refuse(world, "StatementSignatureInvalid", statement(world.outsider), key, **domain)


def test_attest__artifact_that_the_version_has_not__refused(world: World) -> None:
    said = statement(world.outsider, artifact=keccak(text="other"))
    refuse(world, "StatementInvalid", said, world.outsider.private_key)


def test_attest__without_document__refused(world: World) -> None:
    said = statement(world.outsider, document=bytes(32))
    refuse(world, "StatementInvalid", said, world.outsider.private_key)


@pytest.mark.parametrize("changes", [{"version": 2}, {"version": 0}, {"model": 2}])
def test_attest__unknown_version__refused(world: World, changes: dict[str, int]) -> None:
    said = statement(world.outsider, **changes)
    refuse(world, "ModelVersionUnknown", said, world.outsider.private_key)


def test_attest__signed_in_the_future__refused(world: World) -> None:
    said = statement(world.outsider, time=now() + 100)
    refuse(world, "StatementOutOfTime", said, world.outsider.private_key)


def test_attest__signed_in_this_second__accepted(world: World) -> None:
    moment = now() + 10
    said = statement(world.outsider, time=moment)
    next_at(moment)
    signature = signed(world, said, world.outsider.private_key)
    world.registry.attest(said, signature, sender=world.stranger)
    assert attested_at(world, world.outsider) == moment


def test_attest__again_while_it_stands__refused(world: World) -> None:
    attest(world)
    said = statement(world.outsider, uri="ipfs://elsewhere")
    refuse(world, "StatementStands", said, world.outsider.private_key)


def test_withdraw_statement__auditor__gone_and_said(world: World) -> None:
    attest(world)
    receipt = world.registry.withdrawStatement(1, 1, DOCUMENT, sender=world.outsider)
    said = events(receipt, "StatementWithdrawn")[0]
    assert (said["modelId"], said["version"], said["auditor"]) == (1, 1, world.outsider)
    assert bytes(said["document"]) == DOCUMENT
    assert attested_at(world, world.outsider) == 0


def test_withdraw_statement__somebody_else__changes_nothing_of_it(world: World) -> None:
    attest(world)
    for sender in (world.stranger, world.steward, world.admin):
        world.registry.withdrawStatement(1, 1, DOCUMENT, sender=sender)
    assert attested_at(world, world.outsider) > 0


def test_attest__same_signature_after_its_withdrawal__refused(world: World) -> None:
    said = statement(world.outsider)
    signature = signed(world, said, world.outsider.private_key)
    world.registry.attest(said, signature, sender=world.stranger)
    world.registry.withdrawStatement(1, 1, DOCUMENT, sender=world.outsider)
    refused("StatementOutOfTime", world.registry.attest, said, signature, sender=world.stranger)


def test_attest__withdrawn_before_it_was_brought__refused(world: World) -> None:
    said = statement(world.outsider)
    world.registry.withdrawStatement(1, 1, DOCUMENT, sender=world.outsider)
    refuse(world, "StatementOutOfTime", said, world.outsider.private_key)


def test_attest__signed_in_the_second_of_the_withdrawal__refused(world: World) -> None:
    receipt = world.registry.withdrawStatement(1, 1, DOCUMENT, sender=world.outsider)
    said = statement(world.outsider, time=receipt.timestamp)
    refuse(world, "StatementOutOfTime", said, world.outsider.private_key)


def test_attest__signed_anew_after_the_withdrawal__stands_again(world: World) -> None:
    attest(world)
    receipt = world.registry.withdrawStatement(1, 1, DOCUMENT, sender=world.outsider)
    next_at(receipt.timestamp + 10)
    attest(world, time=receipt.timestamp + 1)
    assert attested_at(world, world.outsider) == receipt.timestamp + 10


def test_attest__auditor_is_a_contract__its_owners_signature_counts(world: World) -> None:
    wallet = world.stranger.deploy(ape.project.OwnedWallet, world.outsider, world.token)
    said = statement(wallet)
    signature = signed(world, said, world.outsider.private_key)
    world.registry.attest(said, signature, sender=world.stranger)
    assert attested_at(world, wallet) > 0


def test_attest__stranger_signs_for_a_contract__refused(world: World) -> None:
    wallet = world.stranger.deploy(ape.project.OwnedWallet, world.outsider, world.token)
    refuse(world, "StatementSignatureInvalid", statement(wallet), world.stranger.private_key)


def test_attest__two_wallets_with_one_key__do_not_speak_for_each_other(world: World) -> None:
    first, second = (
        world.stranger.deploy(ape.project.OwnedWallet, world.outsider, world.token) for _ in range(2)
    )
    said = statement(first)
    signature = signed(world, said, world.outsider.private_key)
    other = (str(second), *said[1:])
    refused("StatementSignatureInvalid", world.registry.attest, other, signature, sender=world.stranger)


def test_attest__auditor_burns_gas__refused_at_a_bounded_price(world: World) -> None:
    wallet = world.stranger.deploy(ape.project.BurningWallet)
    said = statement(wallet)
    signature = signed(world, said, world.outsider.private_key)
    data = bytes(world.registry.attest.encode_input(said, signature))
    request = {"from": str(world.stranger), "to": world.registry.address, "data": "0x" + data.hex()}
    sent = rpc("eth_sendTransaction", {**request, "gas": hex(5_000_000)})
    receipt = mined(sent)
    assert int(receipt["status"], 16) == 0
    assert int(receipt["gasUsed"], 16) < 350_000


def test_attest__key_with_delegated_code__its_key_counts(world: World) -> None:
    """EIP-7702: an account with code still signs with its key, whatever the code answers."""
    rpc("anvil_setCode", str(world.outsider), "0xef0100" + "11" * 20)
    attest(world)
    assert attested_at(world, world.outsider) > 0
