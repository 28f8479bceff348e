"""Budgets of relaying: counted from what was taken, for each wallet and in all, and only of a day.

Many small wallets can use up what is for anybody, and nothing of what is kept for votes.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tribune.ballots.budget import BudgetSpentError, Power, check_budget, check_opening, check_wallet
from tribune.ids import Address
from tribune.settings import RelaySettings
from tribune.store.session import Store
from tribune.store.states import BallotState
from tribune.store.tables import CallSignature, HolderCall, SignedDelegation, StoredBallot, now

ALICE, BOB = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
TWO = RelaySettings(per_wallet_per_day=2, per_day=6)
HUNDRED = RelaySettings(per_day=100)
INSTEAD = "castVote(1, 1) of 0x00"
SUPPLY = 1_000 * 10**18
DUST = Power(1, SUPPLY, 18)


def put(store: Store, *rows: object) -> None:
    with store.session() as session:
        session.add_all(rows)


def ballot(voter: str, number: int, **values: Any) -> StoredBallot:
    given: dict[str, Any] = {"signature": "0x01", "support": 1, **values}
    return StoredBallot(proposal_id=str(number), voter=voter, **given)


def check(store: Store, wallet: Address, limits: RelaySettings = TWO, power: Power | None = None) -> None:
    with store.session() as session:
        check_budget(session, limits, wallet, INSTEAD, power)


def percent(share: int) -> Power:
    return Power(SUPPLY * share // 100, SUPPLY, 18)


def swarm(store: Store, limits: RelaySettings, power: Power, *, wallets: int) -> int:
    """Vote with one wallet after the other, as often as it is paid; return how many ballots we pay for."""
    taken = 0
    for number in range(wallets):
        wallet = Address(f"0x{number:040x}")
        with suppress(BudgetSpentError):
            for vote in range(1_000):
                check(store, wallet, limits, power)
                put(store, ballot(wallet, vote))
                taken += 1
    return taken


def test_check_budget__swarm_of_dust_wallets__holders_are_still_paid_for(store: Store) -> None:
    assert swarm(store, HUNDRED, DUST, wallets=60) == 50
    for vote in range(5):
        check(store, ALICE, HUNDRED, percent(10))
        put(store, ballot(ALICE, vote))
    check(store, BOB, HUNDRED, percent(2))


def test_check_budget__half_of_all_votes_in_the_smallest_useful_wallets__leaves_others_their_share(
    store: Store,
) -> None:
    assert swarm(store, HUNDRED, percent(2), wallets=25) == 50 + 23  # two of them had their 20 before
    for vote in range(20):  # its share of the rest is 25; a wallet has 20 at most
        check(store, ALICE, HUNDRED, percent(50))
        put(store, ballot(ALICE, vote))


def test_check_budget__too_few_votes_for_what_is_left__says_how_many_it_takes(store: Store) -> None:
    swarm(store, HUNDRED, DUST, wallets=60)
    with pytest.raises(BudgetSpentError) as refused:
        check(store, ALICE, HUNDRED, percent(1))
    assert "would need 20 votes, and it has 10" in refused.value.message
    assert refused.value.mend.endswith("call castVote(1, 1) of 0x00.")


def test_check_budget__share_used_up__says_how_many_votes_one_more_takes(store: Store) -> None:
    swarm(store, HUNDRED, DUST, wallets=60)
    put(store, ballot(ALICE, 1))
    with pytest.raises(BudgetSpentError, match="would need 40 votes, and it has 20"):
        check(store, ALICE, HUNDRED, percent(2))


def test_check_budget__no_votes_are_counted_for_it__may_not_use_what_is_kept_for_votes(store: Store) -> None:
    swarm(store, HUNDRED, DUST, wallets=60)
    with pytest.raises(BudgetSpentError, match="kept for votes"):
        check(store, ALICE, HUNDRED)


def test_check_budget__quiet_again_after_a_day__pays_for_anybody(store: Store) -> None:
    put(store, *(ballot(f"0x{n:040x}", 1, created_at=now() - timedelta(hours=25)) for n in range(60)))
    check(store, ALICE, HUNDRED, DUST)


def test_check_opening__swarm_of_dust_wallets__is_still_paid(store: Store) -> None:
    swarm(store, HUNDRED, DUST, wallets=60)
    with store.session() as session:
        check_opening(session, HUNDRED, INSTEAD)


def test_check_budget__below_both__passes(store: Store) -> None:
    put(store, ballot(ALICE, 1))
    check(store, ALICE)


def test_check_budget__wallet_has_had_its_share__says_what_to_send_oneself(store: Store) -> None:
    delegated = SignedDelegation(delegator=ALICE, delegatee=BOB, nonce=0, expiry=now(), signature="0x01")
    put(store, ballot(ALICE, 1), delegated)
    with pytest.raises(BudgetSpentError) as refused:
        check(store, ALICE)
    assert refused.value.mend.endswith("pay the fee yourself: with your wallet, call castVote(1, 1) of 0x00.")
    check(store, BOB)


def call(**values: Any) -> HolderCall:
    given: dict[str, Any] = {"kind": "holder_pause", "model_id": 1, "version": 1, "epoch": 0, "round": 0}
    return HolderCall(**given, evidence="", cid="", deadline=now(), **values)


def test_check_wallet__signatures_under_calls__count_for_their_signer(store: Store) -> None:
    put(store, *(CallSignature(call_id=n, signer=ALICE, signature="0x01") for n in (1, 2)))
    with pytest.raises(BudgetSpentError), store.session() as session:
        check_wallet(session, TWO, ALICE, INSTEAD)


def test_check_budget__signatures_under_a_call_that_was_not_sent__cost_nothing(store: Store) -> None:
    put(store, call(id=1), *(CallSignature(call_id=1, signer=f"{n}", signature="0x01") for n in range(9)))
    check(store, ALICE)


def test_check_budget__all_is_spent__refuses_everybody(store: Store) -> None:
    signed = CallSignature(call_id=1, signer=ALICE, signature="0x01")
    put(store, call(id=1, tx_hash="0x01"), signed, *(ballot(f"{n}", 1) for n in range(4)))
    with pytest.raises(BudgetSpentError):
        check(store, BOB, TWO, percent(100))
    with pytest.raises(BudgetSpentError), store.session() as session:
        check_opening(session, TWO, INSTEAD)


def test_check_budget__what_cost_nothing__does_not_count(store: Store) -> None:
    put(
        store,
        ballot(ALICE, 1, state=BallotState.REJECTED),
        ballot(ALICE, 2, signature=""),  # cast by its voter's own transaction
        ballot(ALICE, 3, created_at=now() - timedelta(hours=25)),
    )
    check(store, ALICE, RelaySettings(per_wallet_per_day=1, per_day=2))


def test_check_budget__nothing_is_paid__refuses_the_first(store: Store) -> None:
    with pytest.raises(BudgetSpentError):
        check(store, ALICE, RelaySettings(per_wallet_per_day=0))
