"""Offers for gas: within the ceiling, enough to replace, and a bounded number of times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tribune.exceptions import FeeCeilingError
from tribune.sync.fees import GWEI, Fees, first_offer, raised

WEI = st.integers(min_value=1, max_value=10**15)


def up_to(wei: int) -> Fees:
    return Fees(wei, wei)


def test_first_offer__cheap__the_markets_fees() -> None:
    assert first_offer(2 * GWEI + 5, 5, up_to(100 * GWEI)) == Fees(2 * GWEI + 5, 5)


def test_first_offer__node_tells_a_huge_tip__the_most_that_is_tipped() -> None:
    assert first_offer(20 * GWEI + 10**15, 10**15, Fees(500 * GWEI, 50 * GWEI)) == Fees(70 * GWEI, 50 * GWEI)


def test_raised__tip_near_its_most__that_and_no_more() -> None:
    limit = Fees(GWEI, 110)
    assert raised(Fees(1000, 100), 5000, 4000, limit) == Fees(1251, 110)
    assert raised(Fees(1251, 110), 5000, 4000, limit) is None


def test_first_offer__ceiling_between_base_fee_and_twice_that__ceiling() -> None:
    assert first_offer(21 * GWEI, GWEI, up_to(15 * GWEI)) == Fees(15 * GWEI, GWEI)


def test_first_offer__base_fee_above_the_ceiling__error_names_both_and_the_setting() -> None:
    with pytest.raises(FeeCeilingError, match=r"10 gwei now, and at most 9 .*MAX_FEE_GWEI"):
        first_offer(21 * GWEI, GWEI, up_to(9 * GWEI))


def test_raised__calm_market__a_quarter_more() -> None:
    assert raised(Fees(1000, 100), 900, 90, up_to(GWEI)) == Fees(1251, 126)


def test_raised__market_is_far_above__goes_there_at_once() -> None:
    assert raised(Fees(1000, 100), 9000, 300, up_to(GWEI)) == Fees(9000, 300)


def test_raised__ceiling_leaves_less_than_a_tenth__none() -> None:
    assert raised(Fees(1000, 100), 9000, 300, up_to(1099)) is None


@given(WEI, WEI, WEI, WEI, WEI, WEI)
def test_raised__whatever_comes__replaces_and_keeps_the_ceiling(
    max_fee: int, tip: int, market: int, market_tip: int, ceiling: int, most_tip: int
) -> None:
    last = Fees(max_fee, min(tip, max_fee))
    more = raised(last, market, market_tip, Fees(ceiling, most_tip))
    if more is not None:
        assert more.tip <= more.max_fee <= ceiling
        assert more.tip <= most_tip
        assert more.max_fee * 10 >= last.max_fee * 11
        assert more.tip * 10 >= last.tip * 11
    else:
        assert ceiling * 10 < last.max_fee * 11 or min(ceiling, most_tip) * 10 < last.tip * 11
