"""A page of a list, whether the list is in memory or in the index."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from tribune.store.audit import Wanted, trail
from tribune.store.feed import row_at
from tribune.web.public.cursor import Place
from tribune.web.public.shapes import Located, Page, Paged, Shape

if TYPE_CHECKING:
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent
    from tribune.web.public.operation import Look

T = TypeVar("T")
S = TypeVar("S", bound=Shape)


def below(asked: Paged) -> Place | None:
    """Return the place after which the page begins; None for the first page."""
    return None if asked.cursor is None else Place.read(asked.cursor)


async def page_of(
    look: Look,
    asked: Paged,
    found: Iterable[T],
    place: Callable[[T], Place],
    shown: Callable[[list[T]], Awaitable[Sequence[S]]],
) -> Page[S]:
    """Return a page of a list in memory.

    Args:
        look: what is read from.
        asked: the page.
        found: the whole list, newest first.
        place: returns the place of an item.
        shown: makes shapes of those on the page.
    """
    after = below(asked)
    left = [one for one in found if after is None or place(one) < after][: asked.limit + 1]
    on_page = left[: asked.limit]
    last = place(on_page[-1]).written() if len(left) > len(on_page) else None
    return Page[S](items=tuple(await shown(on_page)), next=last, index=look.index)


async def page_of_events(
    look: Look, asked: Paged, wanted: Wanted, shown: Callable[[ChainEvent], S]
) -> Page[S]:
    """Return a page of events of the index."""
    found = await look.store.read(_newest, wanted, below(asked), asked.limit + 1)
    on_page = found[: asked.limit]
    last = place_of(on_page[-1]).written() if len(found) > len(on_page) else None
    return Page[S](items=tuple(shown(event) for event in on_page), next=last, index=look.index)


def _newest(session: Session, wanted: Wanted, after: Place | None, limit: int) -> Sequence[ChainEvent]:
    return trail(session, wanted, limit=limit, below=None if after is None else row_at(session, after))


def place_of(event: ChainEvent) -> Place:
    """Return an event's place on the chain."""
    return Place(event.block_number, event.log_index)


def located(event: ChainEvent) -> Located:
    """Return where the chain recorded an event."""
    return Located(
        block=event.block_number, time=event.block_time, tx=event.tx_hash, log_index=event.log_index
    )
