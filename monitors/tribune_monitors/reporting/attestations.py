"""The panel's attestations, as the evidence stores that we can read have them.

Asks for each by its name, never lists a folder, so that a flood of files costs nothing. What a store holds
under a name and is not that monitor's attestation is said once and ignored; a store that does not answer is
left alone for a while, so that it holds up nobody's report.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.report_hub import Attested
from tribune.chain.types import Block
from tribune.exceptions import EvidenceError, EvidenceUnreachableError
from tribune.ids import Address
from tribune.log import get_logger
from tribune.reports.attestation import AttestationDocument, read_attestation
from tribune_monitors.kept import Kept
from tribune_monitors.watching.due import Reported, frame_bounds
from tribune_monitors.watching.history import block_before

REST_S = 15.0
"""How long a store that did not answer, or was slow, is left alone."""
SLOW = 2
"""Times the longest wait for one answer that a store may take for all that it is asked in one look."""
_SAID = 1024


class Attestations:
    """Reads attestations.

    Args:
        urls: evidence stores, ours and others'.
        timeout_s: longest wait for one answer of a store.
        clock: monotonic seconds.
    """

    def __init__(
        self, urls: Sequence[str], *, timeout_s: float = 3.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._urls = list(dict.fromkeys(urls))
        self._timeout_s = timeout_s
        self._clock = clock
        self._rests_until: dict[str, float] = {}
        self._said: Kept[bool] = Kept(_SAID)

    async def find(self, names: Iterable[str], *, need: Sequence[str] = ()) -> dict[str, AttestationDocument]:
        """Return by name what any store has; a name is not in it where none has it or could be asked.

        Looks into all stores at once. What is found is signed by the monitor in its name; whether it is true
        is another question.

        Args:
            names: of attestations.
            need: stores without an answer from any of which "not there" would say nothing.

        Raises:
            EvidenceUnreachableError: nothing was found, and none of those that are needed answered.
        """
        wanted = list(names)
        found: dict[str, AttestationDocument] = {}
        if wanted:
            awake = [url for url in self._urls if self._clock() >= self._rests_until.get(url, 0.0)]
            answers = await asyncio.gather(*(asyncio.to_thread(self._read, url, wanted) for url in awake))
            for documents, _ in answers:
                for name, document in documents.items():
                    found.setdefault(name, document)
            answered = {url for url, (_, whole) in zip(awake, answers, strict=True) if whole}
            if need and not found and answered.isdisjoint(need):
                raise EvidenceUnreachableError(
                    f"None of our {len(need)} evidence stores can be looked into.",
                    mend="Check TRIBUNE_EVIDENCE_URLS: at least one must be reachable.",
                )
        return found

    def _read(self, url: str, names: Sequence[str]) -> tuple[dict[str, AttestationDocument], bool]:
        """Return by name what a store has, and whether it answered for every name."""
        found, whole = {}, True
        begun = self._clock()
        for name in random.sample(names, len(names)):  # whom a slow store is asked for is a matter of luck
            asked = self._clock()
            if asked - begun >= SLOW * self._timeout_s:
                self._rests_until[url] = asked + REST_S
                whole = False
                break
            try:
                document = read_attestation(url, name, timeout_s=self._timeout_s)
            except EvidenceUnreachableError as fault:
                whole = False
                self._say("an evidence store cannot be looked into", name, url, fault)
                if self._clock() - asked >= self._timeout_s:  # a fault at once may be of this name alone
                    self._rests_until[url] = self._clock() + REST_S
                    break
            except EvidenceError as fault:
                self._say("not an attestation", name, url, fault)
            else:
                if document is not None:
                    found[name] = document
        return found, whole

    def _say(self, what: str, name: str, url: str, fault: EvidenceError) -> None:
        """Log a fault of a store once; its address may hold a secret and is not said."""

        def first() -> bool:
            place = self._urls.index(url) + 1
            get_logger(__name__).warning(what, store=place, of=len(self._urls), error=str(fault))
            return True

        self._said.get((url, name), first)


async def counted(
    tribune: Tribune, about: Reported, record: PolicyRecord, head: Block
) -> dict[Address, Attested]:
    """Return by monitor whose signatures over reports of a frame counted so far; not for frame 0.

    Raises:
        ChainError: we could not look.
    """
    _, end = frame_bounds(record, about.frame)
    start = await block_before(tribune, end, head)
    events = await tribune.report_hub.attested(about.model_id, about.frame, start, head.number)
    return {event.monitor: event for event in events if event.version == about.version}
