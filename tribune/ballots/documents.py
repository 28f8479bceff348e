"""Evidence, profiles and conclusions by their name, from the first store that has them whole.

Every document is checked against its name, so a store need not be trusted; what no store gives is None for
words ("could not look") and an error for who asked for the document itself.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tribune.exceptions import EvidenceError, TribuneError
from tribune.language import _
from tribune.reports.canonical import canonical_bytes, cid
from tribune.reports.evidence_store import read_from_any

if TYPE_CHECKING:
    from pathlib import Path

    from tribune.ids import Cid, Digest
    from tribune.metrics.profile import Profile

KEPT = 64
"""Documents kept in memory; one is some hundred kB."""


class Documents:
    """Reads documents from a list of stores.

    Args:
        stores: folders or fsspec URLs, tried in order.
        timeout_s: longest wait for one store.
    """

    def __init__(self, stores: Sequence[str | Path], *, timeout_s: float = 5.0) -> None:
        self._stores = tuple(stores)
        self._timeout_s = timeout_s
        self._kept: OrderedDict[Cid, dict[str, Any]] = OrderedDict()
        self._profiles: OrderedDict[Cid, Profile] = OrderedDict()

    async def read(self, name: Cid) -> dict[str, Any]:
        """Return a document.

        Raises:
            EvidenceError: the name is none, or no store has that document whole.
        """
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        document = await asyncio.to_thread(self._look, name)
        self._kept[name] = document
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return document

    async def find(self, digest: Digest) -> dict[str, Any] | None:
        """Return the document of a sha-256, None where no store gives it."""
        if not any(digest):
            return None
        try:
            return await self.read(cid(digest))
        except EvidenceError:
            return None

    async def profile(self, digest: Digest) -> Profile | None:
        """Return the profile of a sha-256, None where no store gives one that can be used."""
        from tribune.metrics.profile import Profile

        name = cid(digest)
        if name not in self._profiles:
            document = await self.find(digest)
            if document is None:
                return None
            try:
                profile = await asyncio.to_thread(Profile.from_bytes, canonical_bytes(document))
            except TribuneError:
                return None
            self._profiles[name] = profile
            if len(self._profiles) > KEPT:
                self._profiles.popitem(last=False)
        return self._profiles[name]

    def _look(self, name: Cid) -> dict[str, Any]:
        missing = EvidenceError(
            _("No store holds {name}.").format(name=name),
            mend=_("Set TRIBUNE_EVIDENCE_URLS to a store that has it."),
        )
        return read_from_any(self._stores, name, missing, timeout_s=self._timeout_s)
