"""What is read beside the watching, never before a gate knows of a stop: the case behind it, and the
registered artifact of the version in force.

A case or its evidence that cannot be read costs the words of a refusal, never the refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tribune.exceptions import TribuneError
from tribune.gate.status import CaseFacts, Reading, StatusView
from tribune.gate.watching.onchain import GateClient
from tribune.ids import ModelId
from tribune.log import get_logger

Details = Callable[[CaseFacts], str | None]
AT_ONCE = 4
"""Models that are read at the same time."""


class Explainer:
    """Adds to views what their cases and versions are about.

    Args:
        client: the chain.
        timeout_s: longest wait for one read, and for one sentence.
        details: gives the sentence that a refusal says of a case, from its evidence; may block, may fail.
    """

    def __init__(self, client: GateClient, *, timeout_s: float, details: Details | None = None) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._details = details
        self._asked: dict[ModelId, StatusView] = {}
        self._come = asyncio.Event()

    def consider(self, view: StatusView) -> bool:
        """Read what a view lacks; return whether it lacks anything."""
        if not _lacks_case(view) and not _lacks_artifact(view):
            return False
        self._asked[view.model_id] = view
        self._come.set()
        return True

    async def run(self) -> None:
        """Read what is asked for, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._come.wait()
            if not self._asked:
                self._come.clear()
                continue
            _, view = self._asked.popitem()
            with suppress(TribuneError, OSError):  # the next block tries again; a timeout is an OSError
                if reading := _lacks_case(view):
                    await self._explain(view, reading)
                if reading := _lacks_artifact(view):
                    async with asyncio.timeout(self._timeout_s):
                        artifact = await self._client.artifact_of(view.model_id, reading.version)
                    view.register(reading.version, bytes(artifact))

    async def _explain(self, view: StatusView, reading: Reading) -> None:
        async with asyncio.timeout(self._timeout_s):
            found = await self._client.model_case(reading.case_id)
        case = CaseFacts(
            case_id=reading.case_id,
            kind=str(found.kind),
            metric=found.metric,
            value=found.value,
            limit=found.limit,
            evidence=bytes(found.evidence),
            vote=found.vote,
            monitors=found.monitors,
        )
        view.explain(case, view.snapshot.sentence)
        if self._details is not None and not view.snapshot.sentence:
            try:
                async with asyncio.timeout(self._timeout_s):
                    sentence = await asyncio.to_thread(self._details, case)
            except Exception:  # evidence that cannot be read costs the sentence, never the refusal
                get_logger(__name__).info("no details of the case", case=case.case_id)
            else:
                view.explain(case, sentence or "")


def _lacks_case(view: StatusView) -> Reading | None:
    """Return the reading of a stop of whose case something is not known yet."""
    reading, case = view.snapshot.reading, view.snapshot.case
    if reading is None or reading.cause is None or not reading.case_id:
        return None
    known = case is not None and case.vote and (case.metric or case.kind != "Breach")
    return None if known else reading


def _lacks_artifact(view: StatusView) -> Reading | None:
    """Return the reading of a version whose artifact is not known yet."""
    reading = view.snapshot.reading
    return reading if reading is not None and reading.version and not view.snapshot.artifact else None
