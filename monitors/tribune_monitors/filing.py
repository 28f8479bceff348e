"""Filing: evidence and attestations into every evidence store, the late ones by the outbox.

A report goes on once one store has its evidence and gave it back whole. What another store could not take now
is owed to it: a row of the outbox, written in the transaction of its cause and tried until it is there. Each
store has rows of a kind of its own, so that one that is gone for long holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tribune.exceptions import EvidenceError
from tribune.ids import Address
from tribune.reports.attestation import AttestationDocument, write_attestation
from tribune.reports.canonical import canonical_bytes, cid, digest
from tribune.reports.evidence_store import put_named, read_from_any, write_everywhere, write_evidence
from tribune.store.queries import enqueue
from tribune.store.session import Session, Store
from tribune.sync.outbox import Outbox

COPY = "evidence.copy"
"""Beginning of the kinds of rows that owe a store a copy; the monitor and its store's place follow."""


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
        timeout_s: longest wait for one store to take and give back one document.
    """

    def __init__(
        self, store: Store, monitor: Address, urls: Sequence[str], *, timeout_s: float = 5.0
    ) -> None:
        self._monitor = monitor.lower()
        self._urls = list(urls)
        self._timeout_s = timeout_s
        handlers = {self._kind(place): self._handler(place) for place in range(len(urls))}
        self._outbox = Outbox(store, handlers)

    async def write(self, document: Mapping[str, Any]) -> list[Owed]:
        """Write evidence to all stores at once; return what is owed to those that did not take it.

        Raises:
            EvidenceError: none took it.
        """
        copies = await asyncio.to_thread(write_everywhere, self._urls, document, self._timeout_s)
        self._require(bool(copies.written), list(copies.failed.values()))
        name = cid(digest(canonical_bytes(document)))
        return [self._owed(f"evidence/{name}", place, {"cid": name}) for place in copies.failed]

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
        failed = {place: fault for place, fault in enumerate(outcomes) if fault is not None}
        for fault in failed.values():
            if not isinstance(fault, EvidenceError):
                raise fault
        self._require(len(failed) < len(self._urls), list(failed.values()))
        payload = {"name": document.name, "document": document.fields}
        return [self._owed(document.name, place, payload) for place in failed]

    async def deliver(self) -> int:
        """Bring stores what is owed to them and due for another try; return how much was delivered.

        Raises:
            StoreError: the rows cannot be read or marked.
        """
        return await self._outbox.drain()

    def _kind(self, place: int) -> str:
        return f"{COPY}/{self._monitor}/{place}"

    def _owed(self, name: str, place: int, payload: dict[str, Any]) -> Owed:
        return Owed(f"{name}/{self._monitor}/{place}", self._kind(place), payload)

    def _handler(self, place: int) -> Any:
        async def copy(_: str, payload: dict[str, Any]) -> None:
            await asyncio.to_thread(self._copy, place, payload)

        return copy

    def _copy(self, place: int, payload: dict[str, Any]) -> None:
        target, timeout_s = self._urls[place], self._timeout_s
        if "name" in payload:
            put_named(target, payload["name"], canonical_bytes(payload["document"]), timeout_s=timeout_s)
            return
        others = [url for other, url in enumerate(self._urls) if other != place]
        missing = EvidenceError(f"No other store of ours has evidence {payload['cid']} any more.")
        document = read_from_any(others, payload["cid"], missing, timeout_s=timeout_s)
        write_evidence(target, document, timeout_s=timeout_s)

    def _require(self, taken: bool, faults: Sequence[BaseException]) -> None:
        if not taken:
            said = f" ({faults[0]})" if faults else ""
            raise EvidenceError(
                f"None of our {len(self._urls)} evidence stores takes a document{said}.",
                mend="Check TRIBUNE_EVIDENCE_URLS: at least one must be reachable, writable and have room.",
            )


def note_owed(session: Session, owed: Sequence[Owed]) -> None:
    """Note what is owed, in the transaction of its cause."""
    for one in owed:
        enqueue(session, one.key, one.kind, one.payload)
