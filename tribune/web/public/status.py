"""`/status`: how far the chain was read, and how old that is."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from tribune.store.queries import checkpoint
from tribune.store.vitals import INDEX
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

    site, listing, head = look.site, look.listing, look.site.head.block
    at = await site.store.read(checkpoint, INDEX)
    return Status(
        chain_id=site.contracts.chain.chain_id,
        index=look.index,
        age_s=None if at is None else max(0.0, (datetime.now(UTC) - at.updated_at).total_seconds()),
        chain_block=None if head is None else head.number,
        blocks_behind=None if head is None or at is None else max(0, head.number - look.index.block),
        halted=listing.halted,
        halted_until=end_or_none(listing.halt_ends) if listing.halted else None,
    )


OPERATIONS = (
    Operation("/status", "getStatus", "How far the chain was read", Asked, Status, _read, cached=False),
)
