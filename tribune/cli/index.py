"""What commands read facts from: the index of the chain in the store, by the same answers as the JSON API.

The chain is asked for its newest block only, since some things come by time alone; where it does not answer,
this machine's clock stands in, and that is said. Reads only: an old or missing store is never made anew here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

import typer

from tribune.exceptions import ChainError, ConfigurationError, StoreError

if TYPE_CHECKING:
    from tribune.chain import Tribune
    from tribune.settings import Settings
    from tribune.web.public.operation import Look, Operation
    from tribune.web.public.shapes import Page, Paged
    from tribune.web.public.status import Status

    Q = TypeVar("Q", bound=Paged)

_READERS = "`tribune web`, `tribune bot run` and `tribune up` read the chain into it"


@dataclass(frozen=True)
class Desk:
    """Where commands look.

    Args:
        look: the index.
        status: how far it reaches.
        chain: the contracts; None where the chain could not be asked.
    """

    look: Look
    status: Status
    chain: Tribune | None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Desk]:
    """Open the index, and say on stderr how far it reaches.

    Raises:
        StoreError: there is none, it holds nothing yet, or it cannot be read.
    """
    from tribune.ballots.directory import Directory
    from tribune.operations.stores import sqlite_file
    from tribune.store.queries import checkpoint
    from tribune.store.session import Store
    from tribune.store.vitals import INDEX
    from tribune.web.public.operation import Look
    from tribune.web.public.shapes import Asked, Indexed
    from tribune.web.public.status import OPERATIONS
    from tribune.web.records import Records

    file = sqlite_file(settings.store_url)
    if file is not None and not file.is_file():
        raise StoreError(f"There is no index: {file} does not exist.", mend=f"{_READERS}: start one.")
    with Store(settings.store_url) as store:
        at = await store.read(checkpoint, INDEX)
        if at is None:
            raise StoreError("The store holds nothing of the chain yet.", mend=f"{_READERS}: start one.")
        chain = await _connect(settings)
        try:
            head = None if chain is None else await chain.chain.head()
            now = datetime.now(UTC) if head is None else head.time
            listing = await Directory(store, lambda: now).look()
            index = Indexed(block=at.block_number, hash=at.block_hash)
            number = None if head is None else head.number
            look = Look(store, Records(store), listing, index, settings.chain.chain_id, number)
            status = cast("Status", await OPERATIONS[0].read(look, Asked()))
            typer.echo(_reach(status), err=True)
            yield Desk(look, status, chain)
        finally:
            if chain is not None:
                await chain.close()


async def read_all(desk: Desk, operation: Operation[Q], asked: Q, limit: int) -> Page[Any]:
    """Return a list of the API as one page, of so many items at most."""
    from tribune.web.public.shapes import MOST

    async def read(**which: object) -> Page[Any]:
        return cast("Page[Any]", await operation.read(desk.look, asked.model_copy(update=which)))

    page = await read(limit=min(limit, MOST))
    items = list(page.items)
    while page.next is not None and len(items) < limit:
        page = await read(limit=min(limit - len(items), MOST), cursor=page.next)
        items += page.items
    if page.next is not None:
        typer.echo(f"These are the newest {len(items)}: --limit shows more.", err=True)
    return page.model_copy(update={"items": tuple(items)})


async def _connect(settings: Settings) -> Tribune | None:
    from tribune.chain import Tribune
    from tribune.cli.running import redactor_of

    try:
        return await Tribune.connect(settings)
    except (ChainError, ConfigurationError) as fault:
        told = redactor_of(settings).text(fault.message)
        typer.echo(f"{told} What follows is as the index has it, by this machine's clock.", err=True)
        return None


def _reach(status: Status) -> str:
    block, age = status.index.block, round(status.age_s or 0)
    newest = "" if status.chain_block is None else f" of {status.chain_block}"
    return f"Index: block {block}{newest}, read {age} s ago."
