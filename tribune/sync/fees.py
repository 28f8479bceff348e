"""EIP-1559 fees of a transaction: what to offer first, and how much more each time it is not taken.

Never more than the ceiling, in all and for the tip, whatever a node says is usual; never less than what a
pool takes for a replacement. Amounts are wei per gas.
"""

from __future__ import annotations

from dataclasses import dataclass

from tribune.chain.types import base_fee_of
from tribune.exceptions import FeeCeilingError

GWEI = 10**9
MOST_BUMPS = 8
"""A quarter more each time: six times the first offer at the end."""


@dataclass(frozen=True, slots=True)
class Fees:
    """An offer, in wei per gas."""

    max_fee: int
    """Most that is paid in all."""
    tip: int
    """Of that, most that goes to who makes the block."""


def first_offer(max_fee: int, tip: int, ceiling: Fees) -> Fees:
    """Return what to offer at the market's fees (as `Chain.fees` gives them), within the ceiling.

    Raises:
        FeeCeilingError: the next block already costs more than the ceiling.
    """
    base = base_fee_of(max_fee, tip)
    if base >= ceiling.max_fee:
        raise FeeCeilingError(
            f"A unit of gas costs {base / GWEI:g} gwei now, and at most {ceiling.max_fee / GWEI:g} is to be "
            "paid.",
            mend="Wait until it is cheaper, or raise TRIBUNE_CHAIN__MAX_FEE_GWEI; what was to be sent is "
            "kept and tried again.",
            base_fee=base,
            ceiling=ceiling.max_fee,
        )
    return _within(max_fee - max(0, tip - ceiling.tip), tip, ceiling)


def raised(last: Fees, max_fee: int, tip: int, ceiling: Fees) -> Fees | None:
    """Return an offer that replaces the last one: a quarter more, or the market's fees where they are higher.

    None where the ceiling leaves less than the tenth more that pools ask of a replacement.
    """
    market = max_fee - max(0, tip - ceiling.tip)
    more = _within(max(last.max_fee * 5 // 4 + 1, market), max(last.tip * 5 // 4 + 1, tip), ceiling)
    enough = 10 * more.max_fee >= 11 * last.max_fee and 10 * more.tip >= 11 * last.tip
    return more if enough else None


def _within(max_fee: int, tip: int, ceiling: Fees) -> Fees:
    capped = min(max_fee, ceiling.max_fee)
    return Fees(capped, min(tip, ceiling.tip, capped))
