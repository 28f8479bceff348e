"""Why a wallet has votes, or none, now and when a vote counted them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.index import BEGAN
from tribune.ballots.contracts import VoteContracts
from tribune.ballots.power import Standing, read_standings, why_none, why_none_then
from tribune.chain.types import ZERO_ADDRESS
from tribune.ids import Address

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.voting import Voting

ME, FRIEND = Address("0x" + "11" * 20), Address("0x" + "22" * 20)


def standing(balance: int = 0, votes: int = 0, delegate: Address = ZERO_ADDRESS) -> Standing:
    return Standing(ME, balance, votes, delegate, supply=1000, decimals=0, at=BEGAN)


async def test_read_standings__holders__have_what_they_were_given(
    voting: Voting, contracts: VoteContracts
) -> None:
    stranger = Address("0x" + "77" * 20)
    first, other = await read_standings(contracts, [Address(voting.holders[0].address), stranger])
    assert (first.shown(first.balance), first.shown(first.votes), first.share) == ("400,000", "400,000", 40)
    assert first.delegate == Address(voting.holders[0].address)
    assert (other.balance, other.votes, other.is_delegated) == (0, 0, False)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (standing(), "holds no tokens"),
        (standing(balance=7), "7 tokens, but tokens count only once they are delegated"),
        (standing(balance=7, delegate=FRIEND), "delegated to my friend"),
    ],
)
def test_why_none__wallet_without_votes__says_why(found: Standing, why: str) -> None:
    assert why in why_none(found, "my friend")


@pytest.mark.parametrize(
    ("found", "late", "why"),
    [
        (standing(balance=7, votes=7, delegate=ME), "at noon", "delegated at noon, after this vote counted"),
        (standing(balance=7, votes=7, delegate=ME), None, "votes came after this vote counted"),
        (standing(balance=7), None, "count only once they are delegated"),
    ],
)
def test_why_none_then__no_votes_at_the_snapshot__says_why(
    found: Standing, late: str | None, why: str
) -> None:
    assert why in why_none_then(found, "x", late)
