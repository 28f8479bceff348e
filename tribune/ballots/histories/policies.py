"""A model's policies as the index has them: rules, panel and frames, by when they take force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import utc

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class SetPolicy:
    """A policy that governance set.

    Args:
        digest: 0x-hex, as reports name it.
        first_frame: the first that it judges.
        since: when it takes force.
        policy: rules, panel and frames.
        set_at, block, tx: where governance set it.
    """

    digest: str
    first_frame: int
    since: datetime
    policy: PolicyInput
    set_at: datetime
    block: int
    tx: str


def policies_of(events: Sequence[ChainEvent]) -> list[SetPolicy]:
    """Return a model's policies, oldest first; one that never took force is not among them.

    Args:
        events: its `PolicySet`, in chain order.
    """
    found: list[SetPolicy] = []
    for event in events:
        args = event.args
        found[args["index"] :] = [
            SetPolicy(
                digest=args["digest"],
                first_frame=args["first_frame"],
                since=utc(args["base"]),
                policy=PolicyInput.read(args["policy"]),
                set_at=event.block_time,
                block=event.block_number,
                tx=event.tx_hash,
            )
        ]
    return found


def in_force(policies: Sequence[SetPolicy], at: datetime) -> SetPolicy | None:
    """Return the policy in force at a time of the chain, None where none is."""
    return next((one for one in reversed(policies) if one.since <= at), None)


def by_digest(policies: Sequence[SetPolicy], digest: str) -> SetPolicy | None:
    """Return the newest policy of a digest, None where there is none."""
    return next((one for one in reversed(policies) if one.digest == digest), None)
