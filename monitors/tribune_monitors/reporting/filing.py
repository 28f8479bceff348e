"""Filing: evidence and attestations into every evidence store, the late ones by the outbox.

A report goes on once one store has its evidence and gave it back whole. What another store could not take now
is owed to it: a row of the outbox, written in the transaction of its cause and tried until it is there. Each
store has rows of a kind of its own, named by a digest of its address: one that is gone for long holds up no
other, and the order of the settings means nothing. What is owed to a store that is in the settings no more is
dropped. A copy that no store has whole is given up, so that the next ones go on, and looked for anew at each
start and once an hour.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tribune.exceptions import EvidenceError, EvidenceUnreachableError
from tribune.ids import Address
from tribune.log import get_logger
from tribune.reports.attestation import AttestationDocument, write_attestation
from tribune.reports.canonical import canonical_bytes, cid, digest
from tribune.reports.evidence_store import put_named, read_from_any, write_everywhere, write_evidence
from tribune.store.queries import drop_queued, enqueue, outbox_depth, requeue_failed
from tribune.store.session import Session, Store
from tribune.sync.outbox import Outbox, PermanentFailure

COPY = "evidence.copy"
"""Beginning of the kinds of rows that owe a store a copy; the monitor and its store's label follow."""

ANEW_S = 3600.0
"""Pause between two looks whether a copy that was given up can be had by now."""


class Owed(NamedTuple):
    """A copy that a store could not take yet."""

    key: str
    kind: str
    payload: dict[str, Any]


class Filing:
    """Writes what a monitor says to its evidence stores.

    Args:
        store: where what is owed is noted; other monitors may note theirs in it too.
        monitor: whose evidence stores.
        urls: the evidence stores that are ours to write to, in the settings' order.
        sources: stores of others, where evidence is looked for that ours have lost.
        timeout_s: longest wait for one store to take and give back one document.
    """

    def __init__(
        self,
        store: Store,
        monitor: Address,
        urls: Sequence[str],
        *,
        sources: Sequence[str] = (),
        timeout_s: float = 5.0,
    ) -> None:
        self._monitor = monitor.lower()
        self._urls = list(dict.fromkeys(urls))
        self._sources = list(sources)
        self._timeout_s = timeout_s
        self._store = store
        self._outbox = Outbox(store, {self._kind(url): self._handler(url) for url in self._urls})
        self._tidied = False
        self._anew_at = -ANEW_S

    async def write(self, document: Mapping[str, Any]) -> list[Owed]:
        """Write evidence to all stores at once; return what is owed to those that did not take it.

        Raises:
            EvidenceError: none took it.
        """
        copies = await asyncio.to_thread(write_everywhere, self._urls, document, self._timeout_s)
        self._require(bool(copies.written), list(copies.failed.values()))
        name = cid(digest(canonical_bytes(document)))
        return [self._owed(f"evidence/{name}", self._urls[place], {"cid": name}) for place in copies.failed]

    async def publish(self, document: AttestationDocument) -> list[Owed]:
        """Write an attestation to all stores at once; return what is owed to those that did not take it.

        Raises:
            EvidenceError: none took it.
        """
        outcomes = await asyncio.gather(
            *(
                asyncio.to_thread(write_attestation, url, document, timeout_s=self._timeout_s)
                for url in self._urls
            ),
            return_exceptions=True,
        )
        failed = {url: fault for url, fault in zip(self._urls, outcomes, strict=True) if fault is not None}
        for fault in failed.values():
            if not isinstance(fault, EvidenceError):
                raise fault
        self._require(len(failed) < len(self._urls), list(failed.values()))
        payload = {"name": document.name, "document": document.fields}
        return [self._owed(document.name, url, payload) for url in failed]

    async def deliver(self) -> int:
        """Bring stores what is owed to them and due for another try; return how much was delivered.

        Raises:
            StoreError: the rows cannot be read or marked.
        """
        if not self._tidied:
            dropped = await self._store.run(drop_queued, _kinds_of(self._monitor), self._kinds)
            if dropped:
                get_logger(__name__).warning("copies owed to former evidence stores dropped", rows=dropped)
            self._tidied = True
        if time.monotonic() - self._anew_at >= ANEW_S:
            await self._store.run(requeue_failed, self._kinds)
            self._anew_at = time.monotonic()
        return await self._outbox.drain()

    @property
    def _kinds(self) -> list[str]:
        return [self._kind(url) for url in self._urls]

    def _kind(self, url: str) -> str:
        return f"{_kinds_of(self._monitor)}{label_of(url)}"

    def _owed(self, name: str, url: str, payload: dict[str, Any]) -> Owed:
        return Owed(f"{name}/{self._monitor}/{label_of(url)}", self._kind(url), payload)

    def _handler(self, url: str) -> Any:
        async def copy(_: str, payload: dict[str, Any]) -> None:
            await asyncio.to_thread(self._copy, url, payload)

        return copy

    def _copy(self, target: str, payload: dict[str, Any]) -> None:
        timeout_s = self._timeout_s
        if "name" in payload:
            put_named(target, payload["name"], canonical_bytes(payload["document"]), timeout_s=timeout_s)
            return
        missing = EvidenceError(f"No store of ours has evidence {payload['cid']} any more.")
        others = [url for url in (*self._urls, *self._sources) if url != target]
        try:
            document = read_from_any(others, payload["cid"], missing, timeout_s=timeout_s)
        except EvidenceUnreachableError:
            raise
        except EvidenceError as fault:
            raise PermanentFailure(str(fault)) from fault
        write_evidence(target, document, timeout_s=timeout_s)

    def _require(self, taken: bool, faults: Sequence[BaseException]) -> None:
        if not taken:
            said = f" ({faults[0]})" if faults else ""
            raise EvidenceError(
                f"None of our {len(self._urls)} evidence stores takes a document{said}.",
                mend="Check TRIBUNE_EVIDENCE_URLS: at least one must be reachable, writable and have room.",
            )


def label_of(url: str) -> str:
    """Return a short name of a store that tells nothing of its address."""
    return digest(url.encode()).hex()[:12]


def note_owed(session: Session, owed: Sequence[Owed]) -> None:
    """Note what is owed, in the transaction of its cause."""
    for one in owed:
        enqueue(session, one.key, one.kind, one.payload)


def copies_owed(session: Session, monitor: str = "") -> int:
    """Return how many copies evidence stores still wait for, a monitor's or all."""
    return outbox_depth(session, _kinds_of(monitor) if monitor else f"{COPY}/")


def _kinds_of(monitor: str) -> str:
    """Return how the kinds of a monitor's rows begin, in whatever case its address is written."""
    return f"{COPY}/{monitor.lower()}/"
