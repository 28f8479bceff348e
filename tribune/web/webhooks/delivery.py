"""Promises and delivers what is told of incidents: for each target one process of those on a store.

Processes need not know the same targets: each tells its own, by a lease for each of them, and leaves alone
what others owe. Each target has its own order: what comes after a message that was not taken waits until that
was taken or given up, and holds up no other target. A message is sent at least once: one whose outcome nobody
knows is sent again under the same id.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tribune.exceptions import StoreError, TribuneError
from tribune.log import get_logger
from tribune.store.leases import database_time, release, take_lease
from tribune.store.queries import checkpoint
from tribune.store.vitals import INDEX
from tribune.sync.outbox import Outbox, Tries
from tribune.web.webhooks.promises import (
    LOOK_BACK,
    Target,
    begin,
    forget,
    look,
    look_at_ends,
    message_id,
    write,
)
from tribune.webhooks import Receiver

if TYPE_CHECKING:
    from tribune.chain.client import Chain
    from tribune.settings import WebhookSettings, WebSettings
    from tribune.store.session import Session, Store
    from tribune.sync.indexer import Indexer

LEASE = timedelta(seconds=60)
"""By the database's clock: so long after a process died, another one goes on."""
FORGET_S = 3600.0
"""Between two looks for what is owed to nobody any more."""
LOOK_S = 1.0
"""Most time between two looks: most blocks have no event that wakes us."""
RETRY_S = 2.0
PAUSES_S = (1.0, 300.0)
"""First and longest pause between two tries."""
JITTER = 0.5


class Webhooks:
    """Tells the targets that the settings name.

    Args:
        web: the targets, and the address of the pages.
        store: the index and the outbox.
        chain: says what is final.
        indexer: wakes us.

    Raises:
        ConfigurationError: a target has no usable secret.
    """

    def __init__(self, web: WebSettings, store: Store, chain: Chain, indexer: Indexer) -> None:
        self._store = store
        around = {"chain_id": chain.chain_id, "url": web.public_url.rstrip("/")}
        self._hooks = [
            _Hook(Target(name, frozenset(hook.kinds)), hook, around, store, chain, indexer)
            for name, hook in web.webhooks.items()
        ]

    async def run(self) -> None:
        """Tell until cancelled, each target whenever no other process does."""
        async with asyncio.TaskGroup() as group:
            for hook in self._hooks:
                group.create_task(hook.run())
            group.create_task(self._forget())

    async def _forget(self) -> None:
        known = [hook.target for hook in self._hooks]
        while True:
            try:
                await self._store.run(forget, known)
            except StoreError as fault:
                get_logger(__name__).warning("webhooks that are gone wait for the store", error=str(fault))
            await asyncio.sleep(FORGET_S)


class _Hook:
    """Tells one target."""

    def __init__(
        self,
        target: Target,
        hook: WebhookSettings,
        around: dict[str, Any],
        store: Store,
        chain: Chain,
        indexer: Indexer,
    ) -> None:
        self.target = target
        self._around = around
        self._store = store
        self._chain = chain
        self._indexer = indexer
        receiver = Receiver(hook.url, hook.secret_file, timeout_s=hook.timeout_s)
        tries = Tries(*PAUSES_S, most=hook.attempts, jitter=JITTER)
        self._outbox = Outbox(store, {target.kind: partial(_post, receiver)}, tries=tries)
        self._holder = str(uuid.uuid4())
        self._renew_at = float("-inf")
        self._begun = False
        self._seen = ""
        self._told_to = -1

    async def run(self) -> None:
        """Tell until cancelled, whenever no other process does."""
        try:
            while True:
                try:
                    if await self._holds():
                        await self._tell()
                except StoreError as fault:
                    get_logger(__name__).error("webhooks wait for the store", error=str(fault))
                await asyncio.sleep(RETRY_S)
        finally:
            with suppress(StoreError):
                await self._store.run(release, self.target.kind, self._holder)

    async def _tell(self) -> None:
        """Promise and deliver for as long as the lease is ours."""
        delivering = asyncio.create_task(self._outbox.run())
        try:
            while await self._holds():
                try:
                    if await self._promise():
                        self._outbox.wake()
                except TribuneError as fault:  # what is promised already is delivered all the same
                    get_logger(__name__).warning("incidents could not be looked for", error=str(fault))
                await self._indexer.wait_changed(LOOK_S)
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def _holds(self) -> bool:
        """Take or renew the lease; False where another process has it."""
        if time.monotonic() < self._renew_at:
            return True
        asked_at = time.monotonic()
        held = await self._store.run(_take, self.target.kind, self._holder)
        self._renew_at = asked_at + LEASE.total_seconds() / 3 if held else float("-inf")
        return held

    async def _promise(self) -> int:
        """Write rows for what became final since the last look; return how many."""
        if not self._begun:
            head = await self._chain.head()
            await self._store.run(begin, self.target, head.number - self._chain.finality_blocks)
            self._begun = True
        at = await self._store.read(checkpoint, INDEX)
        if at is None or at.block_hash == self._seen:
            return 0
        up_to = at.block_number - self._chain.finality_blocks
        above = min(self._told_to, up_to) - LOOK_BACK if self._told_to >= 0 else -1
        found = await self._store.read(look, self.target, above, up_to, self._around)
        rows = found.rows
        if found.running:
            time_ = await self._chain.block_time(up_to)
            over = await self._store.read(look_at_ends, self.target, found.running, time_, self._around)
            rows = (*rows, *over)
        written = 0
        if rows or found.undone:
            written = await self._store.run(write, rows, found.undone)
        self._seen, self._told_to = at.block_hash, up_to
        return written


async def _post(receiver: Receiver, key: str, payload: dict[str, Any]) -> None:
    body = json.dumps(payload["document"], ensure_ascii=False).encode("utf-8")
    await receiver.post(message_id(key), body)


def _take(session: Session, name: str, holder: str) -> bool:
    return take_lease(session, name, holder, database_time(session), LEASE) is not None
