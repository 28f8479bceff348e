"""Signed delegations: what is signed, what is refused, and that each is on the chain once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tribune.ballots.budget import BudgetSpentError
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.delegating.delegations import (
    DelegationRefusedError,
    NoSignedDelegationError,
    SignedBy,
    accept_delegation,
    delegation_status,
    read_delegating,
    unsigned_delegation,
)
from tribune.ballots.delegating.relay import DelegationRelay
from tribune.exceptions import ChainUnreachableError
from tribune.ids import Address
from tribune.language import Language, spoken
from tribune.settings import RelaySettings
from tribune.store.delegations import delegation_of
from tribune.store.session import Session, Store
from tribune.store.states import BallotState
from tribune.store.tables import SignedDelegation
from tribune.sync.sender import Sender

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from eth_account.signers.local import LocalAccount

    from support.voting import Voting

LIMITS = RelaySettings()
FRIEND = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


async def signed(contracts: VoteContracts, account: LocalAccount, to: Address = FRIEND) -> SignedBy:
    """Sign as a wallet does that is handed the page's typed data."""
    wallet = Address(account.address)
    data = unsigned_delegation(await read_delegating(contracts, wallet), to)
    signature = bytes(account.sign_typed_data(full_message=data).signature)
    return SignedBy(wallet, to, data["message"]["nonce"], data["message"]["expiry"], signature)


def delegate_of(voting: Voting, account: LocalAccount) -> str:
    found: str = voting.chain.contracts["TribuneToken"].functions.delegates(account.address).call()
    return found


async def test_accept_delegation__signed__is_relayed_once_and_counts(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    holder = voting.holders[0]
    one = await signed(contracts, holder)
    assert (await accept_delegation(store, contracts, LIMITS, one)).status == "queued"
    assert (await accept_delegation(store, contracts, LIMITS, one)).status == "queued"
    [settled] = await DelegationRelay(store, contracts, sender).relay_all()
    assert (settled.status, settled.delegatee) == ("mined", FRIEND)
    assert settled.block
    assert delegate_of(voting, holder) == FRIEND
    assert await DelegationRelay(store, contracts, sender).relay_all() == []
    assert await delegation_status(store, one.delegator, one.nonce) == settled
    assert (await accept_delegation(store, contracts, LIMITS, one)).status == "mined"


async def test_accept_delegation__several_holders__all_count(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    for holder in voting.holders:
        await accept_delegation(store, contracts, LIMITS, await signed(contracts, holder))
    settled = await DelegationRelay(store, contracts, sender).relay_all()
    assert [one.status for one in settled] == ["mined"] * len(voting.holders)
    assert {delegate_of(voting, holder) for holder in voting.holders} == {FRIEND}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"delegatee": Address("0x" + "11" * 20)}, "not from"),
        ({"signature": bytes(65)}, "not from"),
        ({"nonce": 7}, "carries the number 7"),
        ({"expiry": 0}, "expired"),
        ({"expiry": 2**255}, "too long"),
        ({"delegator": FRIEND}, "not from"),
    ],
)
async def test_accept_delegation__not_what_was_signed__is_refused(
    voting: Voting, contracts: VoteContracts, store: Store, change: dict[str, Any], why: str
) -> None:
    one = replace(await signed(contracts, voting.holders[0]), **change)
    with pytest.raises(DelegationRefusedError, match=why):
        await accept_delegation(store, contracts, LIMITS, one)
    assert await delegation_status(store, one.delegator, 0) is None


async def test_accept_delegation__budget_spent__says_what_to_call(
    voting: Voting, contracts: VoteContracts, store: Store
) -> None:
    limits = RelaySettings(per_wallet_per_day=0)
    one = await signed(contracts, voting.holders[0])
    with pytest.raises(BudgetSpentError) as caught:
        await accept_delegation(store, contracts, limits, one)
    assert f"delegate({FRIEND})" in caught.value.mend


async def test_relay_all__sent_before_a_crash__counts_as_done(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    one = await signed(contracts, voting.holders[0])
    await accept_delegation(store, contracts, LIMITS, one)
    token, signature = voting.chain.contracts["TribuneToken"].functions, one.signature
    sent = (one.delegatee, one.nonce, one.expiry, signature[64], signature[:32], signature[32:64])
    receipt = voting.chain.send(token.delegateBySig(*sent))
    [settled] = await DelegationRelay(store, contracts, sender).relay_all()
    assert (settled.status, settled.block) == ("mined", receipt["blockNumber"])
    assert settled.tx == "0x" + receipt["transactionHash"].hex().removeprefix("0x")


async def test_relay_all__number_used_otherwise__is_refused_with_the_reason(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    holder = voting.holders[0]
    await accept_delegation(store, contracts, LIMITS, await signed(contracts, holder))
    other = await signed(contracts, holder, Address(holder.address))
    signature = other.signature
    sent = (other.delegatee, other.nonce, other.expiry, signature[64], signature[:32], signature[32:64])
    voting.chain.send(voting.chain.contracts["TribuneToken"].functions.delegateBySig(*sent))
    [settled] = await DelegationRelay(store, contracts, sender).relay_all()
    assert settled.status == "refused"
    assert "Another signature" in settled.error


async def test_relay_all__reorg_takes_it_away__is_sent_again(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    holder, relay = voting.holders[0], DelegationRelay(store, contracts, sender)
    await accept_delegation(store, contracts, LIMITS, await signed(contracts, holder))
    before = voting.chain.rpc("evm_snapshot")
    await relay.relay_all()
    assert delegate_of(voting, holder) == FRIEND
    assert voting.chain.rpc("evm_revert", before)
    assert delegate_of(voting, holder) != FRIEND
    again = Sender(
        contracts.chain, voting.chain.relayer, receipt_timeout_s=10
    )  # the key's count went back too
    [settled] = await DelegationRelay(store, contracts, again).relay_all()
    assert settled.status == "mined"
    assert delegate_of(voting, holder) == FRIEND
    assert await relay.relay_all() == []


async def test_relay_all__reorg_takes_it_away_while_nobody_looks__is_sent_again(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    holder = voting.holders[0]
    await accept_delegation(store, contracts, LIMITS, await signed(contracts, holder))
    before = voting.chain.rpc("evm_snapshot")
    await DelegationRelay(store, contracts, sender).relay_all()
    assert voting.chain.rpc("evm_revert", before)
    for _ in range(contracts.chain.finality_blocks + 3):
        voting.chain.warp(1)
    again = Sender(contracts.chain, voting.chain.relayer, receipt_timeout_s=10)
    restarted = DelegationRelay(store, contracts, again)
    assert [one.status for one in await restarted.relay_all()] == ["mined"]
    assert delegate_of(voting, holder) == FRIEND
    assert await restarted.relay_all() == []


def expire(session: Session, wallet: str) -> None:
    row = delegation_of(session, wallet, 0)
    assert row is not None
    row.expiry = datetime(2020, 1, 1, tzinfo=UTC)
    row.state = BallotState.RELAYED
    session.add(row)


async def test_relay_all__expired__is_refused_and_nothing_is_sent(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    one = await signed(contracts, voting.holders[0])
    await accept_delegation(store, contracts, LIMITS, one)
    await store.run(expire, one.delegator)
    [settled] = await DelegationRelay(store, contracts, sender).relay_all()
    assert (settled.status, settled.tx) == ("refused", "")
    assert settled.error == "It had expired before it could be sent. Sign a new one."
    with spoken(Language.GERMAN):
        shown = await delegation_status(store, one.delegator, one.nonce)
        assert shown is not None
        assert shown.error.startswith("Sie war abgelaufen")
    assert delegate_of(voting, voting.holders[0]) != FRIEND


async def test_accept_delegation__refused_before__takes_a_new_signature(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender
) -> None:
    one = await signed(contracts, voting.holders[0])
    await accept_delegation(store, contracts, LIMITS, one)
    await store.run(expire, one.delegator)
    await DelegationRelay(store, contracts, sender).relay_all()
    assert (await accept_delegation(store, contracts, LIMITS, one)).status == "queued"


async def test_unsigned_delegation__token_without_a_domain__says_how_to_call(
    voting: Voting, contracts: VoteContracts
) -> None:
    delegating = await read_delegating(contracts, Address(voting.holders[0].address))
    with pytest.raises(NoSignedDelegationError) as caught:
        unsigned_delegation(replace(delegating, domain=None))
    assert "delegate(address)" in caught.value.mend


async def test_accept_delegation__of_a_wallet_without_tokens__is_refused(
    voting: Voting, contracts: VoteContracts, store: Store
) -> None:
    from eth_account import Account

    one = await signed(contracts, Account.create())
    with pytest.raises(DelegationRefusedError, match="nothing to delegate"):
        await accept_delegation(store, contracts, LIMITS, one)


async def test_accept_delegation__another_is_under_way__is_not_sent_beside_it(
    voting: Voting, contracts: VoteContracts, store: Store
) -> None:
    holder = voting.holders[0]
    first, second = await signed(contracts, holder), await signed(contracts, holder, Address(holder.address))
    await accept_delegation(store, contracts, LIMITS, first)

    def under_way(session: Session) -> None:
        row = delegation_of(session, first.delegator, first.nonce)
        assert row is not None
        row.state = BallotState.RELAYED
        session.add(row)

    await store.run(under_way)
    with pytest.raises(DelegationRefusedError, match="on its way"):
        await accept_delegation(store, contracts, LIMITS, second)


async def test_relay_all__replaced_in_the_moment_before_it_is_sent__only_the_later_is_sent(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = voting.holders[0]
    other = Address(voting.holders[2].address)
    first, later = await signed(contracts, holder), await signed(contracts, holder, other)
    await accept_delegation(store, contracts, LIMITS, first)
    relay = DelegationRelay(store, contracts, sender)
    is_used = relay._is_used

    async def replaced(row: SignedDelegation) -> bool:
        monkeypatch.undo()
        used = await is_used(row)
        assert (await accept_delegation(store, contracts, LIMITS, later)).status == "queued"
        return used

    monkeypatch.setattr(relay, "_is_used", replaced)
    assert await relay.relay_all() == []
    [settled] = await relay.relay_all()
    assert (settled.status, settled.delegatee) == ("mined", other)
    assert delegate_of(voting, holder) == other


async def test_relay_all__chain_away_while_it_is_sent__nothing_takes_its_place(
    voting: Voting, contracts: VoteContracts, store: Store, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = voting.holders[0]
    first, later = await signed(contracts, holder), await signed(contracts, holder, Address(holder.address))
    await accept_delegation(store, contracts, LIMITS, first)

    async def away(*_: object, **__: object) -> None:
        raise ChainUnreachableError("The node does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(sender, "send", away)
        with pytest.raises(ChainUnreachableError):
            await DelegationRelay(store, contracts, sender).relay_all()
    with pytest.raises(DelegationRefusedError, match="on its way"):
        await accept_delegation(store, contracts, LIMITS, later)
    [settled] = await DelegationRelay(store, contracts, sender).relay_all()
    assert (settled.status, delegate_of(voting, holder)) == ("mined", FRIEND)
