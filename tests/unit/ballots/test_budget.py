"""Budgets of relaying: counted from what was taken, for each wallet and in all, and only of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tribune.ballots.budget import BudgetSpentError, check_budget
from tribune.ids import Address
from tribune.settings import RelaySettings
from tribune.store.session import Store
from tribune.store.states import BallotState
from tribune.store.tables import CallSignature, HolderCall, SignedDelegation, StoredBallot, now

ALICE, BOB = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
TWO = RelaySettings(per_wallet_per_day=2, per_day=3)


def put(store: Store, *rows: object) -> None:
    with store.session() as session:
        session.add_all(rows)


def ballot(voter: str, number: int, **values: Any) -> StoredBallot:
    given: dict[str, Any] = {"signature": "0x01", "support": 1, **values}
    return StoredBallot(proposal_id=str(number), voter=voter, **given)


def check(store: Store, wallet: Address | None, limits: RelaySettings = TWO) -> None:
    with store.session() as session:
        check_budget(session, limits, wallet, "castVote(1, 1) of 0x00")


def test_check_budget__below_both__passes(store: Store) -> None:
    put(store, ballot(ALICE, 1))
    check(store, ALICE)


def test_check_budget__wallet_has_had_its_share__says_what_to_send_oneself(store: Store) -> None:
    delegated = SignedDelegation(delegator=ALICE, delegatee=BOB, nonce=0, expiry=now(), signature="0x01")
    put(store, ballot(ALICE, 1), delegated)
    with pytest.raises(BudgetSpentError) as refused:
        check(store, ALICE)
    assert refused.value.mend.endswith("pay for it yourself: call castVote(1, 1) of 0x00.")
    check(store, BOB)


def test_check_budget__signatures_under_calls__count_for_their_signer(store: Store) -> None:
    put(store, *(CallSignature(call_id=n, signer=ALICE, signature="0x01") for n in (1, 2)))
    with pytest.raises(BudgetSpentError):
        check(store, ALICE)


def test_check_budget__all_is_spent__refuses_everybody(store: Store) -> None:
    opened = HolderCall(
        kind="holder_pause",
        model_id=1,
        version=1,
        epoch=0,
        round=0,
        evidence="",
        cid="",
        deadline=now(),
        tx_hash="0x01",
    )
    put(store, ballot(ALICE, 1), ballot(ALICE, 2), opened)
    for wallet in (BOB, None):
        with pytest.raises(BudgetSpentError):
            check(store, wallet)


def test_check_budget__what_cost_nothing__does_not_count(store: Store) -> None:
    put(
        store,
        ballot(ALICE, 1, state=BallotState.REJECTED),
        ballot(ALICE, 2, signature=""),  # cast by its voter's own transaction
        ballot(ALICE, 3, created_at=now() - timedelta(hours=25)),
    )
    check(store, ALICE, RelaySettings(per_wallet_per_day=1, per_day=1))


def test_check_budget__nothing_is_paid__refuses_the_first(store: Store) -> None:
    with pytest.raises(BudgetSpentError):
        check(store, ALICE, RelaySettings(per_wallet_per_day=0))
