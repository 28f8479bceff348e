"""`/status`: how far the chain was read, and how old that is."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from tribune.web.public.operation import Look, Operation
from tribune.web.public.shapes import Asked, Indexed, Moment, Shape


class Status(Shape):
    """How far the answers of this API reach."""

    chain_id: int
    """Id of the chain (EIP-155)."""
    index: Indexed
    """The newest block that was read."""
    age_s: float | None = Field(ge=0)
    """Seconds since that block was read; null while none was."""
    chain_block: int | None
    """Number of the chain's newest block; null where the chain cannot be seen now."""
    blocks_behind: int | None = Field(ge=0)
    """How many blocks the index is behind the chain; null where one of the two is not known."""
    halted: bool
    """Whether all models are halted."""
    halted_until: Moment | None
    """When that ends; null where nothing is halted or no end is known."""


async def _read(look: Look, asked: Asked) -> Status:
    from tribune.chain.types import end_or_none

    listing, head, read_at = look.listing, look.head, look.listing.indexed_at
    return Status(
        chain_id=look.chain_id,
        index=look.index,
        age_s=None if read_at is None else max(0.0, (datetime.now(UTC) - read_at).total_seconds()),
        chain_block=head,
        blocks_behind=None if head is None or read_at is None else max(0, head - look.index.block),
        halted=listing.halted,
        halted_until=end_or_none(listing.halt_ends) if listing.halted else None,
    )


OPERATIONS = (
    Operation("/status", "getStatus", "How far the chain was read", Asked, Status, _read, cached=False),
)
