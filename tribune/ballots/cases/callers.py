"""Who called for a vote: the share of all votes whose holders signed, as the chain's log has it.

The case itself does not hold it. The log is looked for only in the blocks of the second in which the case was
opened, so that a node is never asked for a long range, and once a case.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tribune.chain.client import LOG_RANGE
from tribune.chain.codec import load_abi

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.ballots.contracts import VoteContracts
    from tribune.chain.cases import Case


async def holders_share(contracts: VoteContracts, case: Case, at: int) -> float | None:
    """Return the percent of all votes whose holders called for a case; None: its steward did, or not known.

    Args:
        contracts: where to look.
        case: a case that people called for.
        at: the newest block to look at.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    key = (case.case_id, case.opened_at)
    if key not in contracts.shares:
        contracts.shares[key] = await _share(contracts, case, at)
    return contracts.shares[key]


async def _share(contracts: VoteContracts, case: Case, at: int) -> float | None:
    governor = load_abi("PauseGovernor")
    opened = await _first_block(contracts, case.opened_at, at)
    topics = (governor.topic("HoldersCalled"), None, None, case.case_id.to_bytes(32, "big"))
    logs = await contracts.chain.logs([contracts.governor], opened, min(opened + LOG_RANGE - 1, at), topics)
    event = governor.decode_event(logs[0]) if logs else None
    if event is None:
        return None
    before = int((case.opened_at - timedelta(seconds=1)).timestamp())
    [supply] = await contracts.read(("TribuneToken", "getPastTotalSupply", (before,)), block=at)
    return 100 * float(event.args["power"]) / supply if supply else None


async def _first_block(contracts: VoteContracts, time: datetime, newest: int) -> int:
    """Return the first block at or after a time, found by halving."""
    low, high = contracts.deployment.block, newest
    while low < high:
        middle = (low + high) // 2
        if (await contracts.chain.block(middle)).time < time:
            low = middle + 1
        else:
            high = middle
    return low
