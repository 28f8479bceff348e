"""Evidence and named documents in stores that need not be trusted: written, read back, checked.

Evidence is kept under its content id, so whoever reads it knows that it is whole; a named document (such as a
monitor's attestation) is kept under a name that others can guess, and its reader must judge what it says.
"Not there" and "could not look" are different answers. One store that hangs, lies or is full holds up nobody
but itself: every call ends in time, whatever the file system behind the address does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tribune.exceptions import EvidenceError, EvidenceUnreachableError, TribuneError
from tribune.ids import Cid
from tribune.log import Redactor
from tribune.reports.canonical import canonical_bytes, cid, cid_digest, digest, parse_canonical
from tribune.reports.stores import check_name, open_place
from tribune.waiting import OverdueError, within

_T = TypeVar("_T")

MAX_EVIDENCE_BYTES = 64 * 2**20
"""A published document is some hundred kB; this bounds what a hostile store can send."""
MAX_HANGING = 8
"""Calls to one store that may be waiting for it at once beyond their time; a thread each."""

_hanging: dict[str, list[threading.Thread]] = {}


class Copies(NamedTuple):
    """Which stores have a document, by their place in the list that was given."""

    written: tuple[int, ...]
    """Stores that gave it back whole."""
    failed: dict[int, EvidenceError]
    """Why each of the others has none, as far as we know."""


def write_evidence(store: str | Path, document: Mapping[str, Any], *, timeout_s: float = 60.0) -> Cid:
    """Write a document under its content id, read it back, and return the id.

    Args:
        store: a folder or an address (see `stores.open_place`).
        document: what `canonical_bytes` takes.
        timeout_s: longest wait for both together.

    Raises:
        EvidenceUnreachableError: it cannot be written or read back in time.
        EvidenceError: the store gives back something else.
    """
    data = canonical_bytes(document)
    name = cid(digest(data))
    _write(store, name, data, timeout_s)
    return name


def write_everywhere(
    stores: Sequence[str | Path], document: Mapping[str, Any], timeout_s: float = 60.0
) -> Copies:
    """Write a document into several stores at once, as `write_evidence`, and say how each of them fared.

    Args:
        stores: folders or addresses; none is waited for longer than `timeout_s`.
        document: what `canonical_bytes` takes.
        timeout_s: longest wait for all together.

    Raises:
        EvidenceError: the document has no canonical form; what fails in a store is in the result.
    """
    data = canonical_bytes(document)
    name = cid(digest(data))

    def fault(store: str | Path) -> EvidenceError | None:
        try:
            _write(store, name, data, timeout_s)
        except EvidenceError as found:
            return found
        return None

    with ThreadPoolExecutor(max(1, len(stores))) as pool:
        faults = list(pool.map(fault, stores))
    return Copies(
        tuple(i for i, found in enumerate(faults) if found is None),
        {i: found for i, found in enumerate(faults) if found is not None},
    )


def read_evidence(store: str | Path, name: str, *, timeout_s: float = 60.0) -> dict[str, Any]:
    """Read the document of this content id, checked against it.

    Raises:
        EvidenceUnreachableError: the store cannot be looked into in time.
        EvidenceError: the name is none, the document is not there, or what is there is not that document.
    """
    document = _find(store, name, timeout_s)
    if document is None:
        raise EvidenceError(f"Evidence {name} is not in this store.", mend="Look into another monitor's.")
    return document


def read_from_any(
    stores: Sequence[str | Path], name: str, missing: TribuneError, *, timeout_s: float = 60.0
) -> dict[str, Any]:
    """Read the document of this content id from the first store that has it whole.

    Args:
        stores: folders or addresses, tried in order.
        name: of the document.
        missing: what to raise where no store has it. In its place is raised that one holds something else
            under the name, and before that, that one could not be looked into: it may have it.
        timeout_s: longest wait for one store.
    """
    cid_digest(name)
    fault: TribuneError = missing
    for store in stores:
        try:
            document = _find(store, name, timeout_s)
        except EvidenceError as cause:
            fault = fault if isinstance(fault, EvidenceUnreachableError) else cause
        else:
            if document is not None:
                return document
    raise fault


def put_named(store: str | Path, name: str, data: bytes, *, timeout_s: float = 60.0) -> None:
    """Keep bytes under a name, in place of what was there, and read them back.

    Args:
        store: a folder or an address.
        name: parts of letters, digits, `.`, `_` and `-`, joined by `/`.
        data: what to keep.
        timeout_s: longest wait for both together.

    Raises:
        EvidenceUnreachableError: they cannot be written or read back in time.
        EvidenceError: the name is none, or the store gives back something else.
    """
    _write(store, check_name(name), data, timeout_s)


def get_named(store: str | Path, name: str, *, limit: int, timeout_s: float = 60.0) -> bytes | None:
    """Return what is kept under a name, None where nothing is. Anybody may have written it.

    Raises:
        EvidenceUnreachableError: the store cannot be looked into in time.
        EvidenceError: the name is none, or what is there is larger than `limit` bytes.
    """
    check_name(name)
    data = _bounded(
        store, lambda: open_place(store, timeout_s).get(name, limit), f"{name} could not be read", timeout_s
    )
    if data is not None and len(data) > limit:
        raise EvidenceError(f"What the store holds as {name} is larger than {limit} bytes.")
    return data


def _find(store: str | Path, name: str, timeout_s: float) -> dict[str, Any] | None:
    expected = cid_digest(name)  # before the name is used as a path
    data = get_named(store, name, limit=MAX_EVIDENCE_BYTES, timeout_s=timeout_s)
    if data is None:
        return None
    if digest(data) != expected:
        raise EvidenceError(
            f"What the store holds as {name} is not that document: its sha-256 differs.",
            mend="Fetch it from another monitor, or recompute it from the partitions.",
        )
    return parse_canonical(data)


def _write(store: str | Path, name: str, data: bytes, timeout_s: float) -> None:
    def put_and_get() -> bytes | None:
        place = open_place(store, timeout_s)
        place.put(name, data)
        return place.get(name, len(data))

    if _bounded(store, put_and_get, f"{name} could not be written", timeout_s) != data:
        raise EvidenceError(
            f"The store does not give {name} back as it was written.", mend="Check the store's disk."
        )


def _bounded(store: str | Path, action: Callable[[], _T], failure: str, timeout_s: float) -> _T:
    """Run a blocking action on a store for at most `timeout_s`, whatever the file system there allows."""
    waiting = _hanging.setdefault(str(store), [])
    waiting[:] = [thread for thread in waiting if thread.is_alive()]
    if len(waiting) >= MAX_HANGING:
        raise _unreachable(f"{failure}: the store has answered none of the last {MAX_HANGING} calls")
    try:
        return within(timeout_s, action)
    except EvidenceError:
        raise
    except OverdueError as late:
        waiting.append(late.thread)
        raise _unreachable(f"{failure} within {timeout_s:g} s") from None
    except Exception as fault:  # fsspec's file systems raise what their SDKs raise
        # Credentials may be in an address, and addresses in what SDKs say.
        said = Redactor().text(str(fault)) or type(fault).__name__
        raise _unreachable(f"{failure}: {said}") from fault


def _unreachable(what: str) -> EvidenceUnreachableError:
    return EvidenceUnreachableError(f"{what}.", mend="Check the store's path or address, space and rights.")
