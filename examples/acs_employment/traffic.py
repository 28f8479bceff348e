"""Traffic: the people of 2016 to 2018 ask the model in order, evenly in real time; the truth follows.

Sends rows in batches to `POST /predict` and appends the label of every answered row to the log of the version
that answered, within a second. A refused batch (503) is asked again, as people do; any other failure is
counted and the batch is given up, since its decisions may have been recorded. Injects the demo's incidents.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from examples.acs_employment.incident import Incident
from examples.acs_employment.rows import Row, batches
from tribune.decisions.anchor import log_folder
from tribune.decisions.frames.labels import append_labels
from tribune.decisions.grid import FrameGrid
from tribune.gate.problem import NOT_RECORDED
from tribune.ids import ModelId, VersionNumber

if TYPE_CHECKING:
    import httpx

_LABEL_PAUSE_S = 0.5  # half the grace of a frame, so that a label is sealed with its decision
_TIMEOUT_S = 5.0
_OUTCOMES = {200: "answered", 422: "rejected", 503: "refused"}


@dataclass(frozen=True)
class Pace:
    """How fast people ask.

    Args:
        rows_a_frame: rows sent in `frame_s` seconds, evenly.
        frame_s: seconds of a frame.
        batch: rows a request.
    """

    rows_a_frame: int = 2_000
    frame_s: float = 6.0
    batch: int = 50

    @property
    def pause_s(self) -> float:
        """Seconds from one request to the next."""
        return self.frame_s * self.batch / self.rows_a_frame


@dataclass(frozen=True)
class Counts:
    """Rows so far: sent = answered + refused (503) + rejected (422) + failed; labelled of those answered."""

    sent: int = 0
    answered: int = 0
    refused: int = 0
    rejected: int = 0
    failed: int = 0
    labelled: int = 0

    @property
    def used(self) -> int:
        """Rows that are not asked about again; refused ones are, and count as sent each time."""
        return self.answered + self.rejected + self.failed


@dataclass(frozen=True)
class _Label:
    """A label that is known and not appended yet; before `release_us` it would be sealed too early."""

    release_us: int
    version: VersionNumber
    id: str
    time_us: int
    label: str


class Traffic:
    """The people who ask.

    Args:
        client: whose base URL is the gate's; may be replaced while this runs.
        rows: in the order in which they ask.
        log_root: the log folder, where labels are appended as the steward would.
        model_id: the model that is asked.
        pace: how fast.
        grid: frames of the log. What comes in a frame's grace is sealed with that frame, so labels of the
            next frame's first decisions wait until it is over. None: no label waits.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        rows: Iterator[Row],
        *,
        log_root: Path,
        model_id: ModelId,
        pace: Pace | None = None,
        grid: FrameGrid | None = None,
    ) -> None:
        self.client = client
        self._pace = pace or Pace()
        self._batches = batches(rows, self._pace.batch)
        self._log_root = log_root
        self._model_id = model_id
        self._switches: list[tuple[int, Incident]] = []
        self._grid = grid
        self._labels: list[_Label] = []
        self.counts = Counts()
        self.last_refusal: bytes = b""

    @property
    def incident(self) -> Incident:
        """What is wrong with the traffic now."""
        return self._incident_at(time.time_ns() // 1000)

    def switch(self, incident: Incident, *, at_us: int | None = None) -> None:
        """Turn an incident on, or off with `Incident.NONE`.

        Args:
            incident: what is wrong from then on.
            at_us: UTC microseconds, such as the start of a frame: requests sent from then on are spoilt, so
                no frame before it is. None: now.
        """
        self._switches.append((time.time_ns() // 1000 if at_us is None else at_us, incident))

    async def run(self, stop: asyncio.Event) -> None:
        """Ask until told to stop or nobody is left; then append the labels that are still to come."""
        loop = asyncio.get_running_loop()
        due = flushed = loop.time()
        batch = next(self._batches, [])
        try:
            while batch and not stop.is_set():
                if await self._ask(batch):
                    batch = next(self._batches, [])
                if loop.time() - flushed >= _LABEL_PAUSE_S:
                    flushed = loop.time()
                    await self._append_labels(until_us=time.time_ns() // 1000)
                due = max(due + self._pace.pause_s, loop.time())  # what was missed is not made up for
                await asyncio.sleep(due - loop.time())
        finally:
            await self._append_labels(until_us=None)

    async def _ask(self, batch: list[Row]) -> bool:
        """Send a batch; return whether the next one is up."""
        import httpx

        sent_us = time.time_ns() // 1000
        incident = self._incident_at(sent_us)
        rows = [{"id": row.id, **incident.spoil(row.features)} for row in batch]
        body = json.dumps({"rows": rows}).encode()
        try:
            answer = await self.client.post(
                "/predict", content=body, headers={"content-type": "application/json"}, timeout=_TIMEOUT_S
            )
            outcome = _OUTCOMES.get(answer.status_code, "failed")
            if outcome == "answered":
                self._note_labels(batch, answer.json(), sent_us)
            elif outcome == "refused" and answer.json()["type"].endswith(NOT_RECORDED):
                outcome = "failed"
        except (httpx.HTTPError, ValueError, KeyError):
            outcome = "failed"
        counts = {"sent": len(batch), outcome: len(batch)}
        self.counts = replace(self.counts, **{k: getattr(self.counts, k) + n for k, n in counts.items()})
        if outcome == "refused":
            self.last_refusal = answer.content
        return outcome != "refused"

    def _incident_at(self, moment_us: int) -> Incident:
        begun = [switch for switch in self._switches if switch[0] <= moment_us]
        return max(begun, key=lambda switch: switch[0])[1] if begun else Incident.NONE

    def _note_labels(self, batch: list[Row], answer: dict[str, object], sent_us: int) -> None:
        decisions, version = answer["decisions"], answer["version"]
        if not isinstance(decisions, list) or type(version) is not int:
            raise ValueError("This is no answer of the model.")
        decided = {decision["id"] for decision in decisions}
        now_us, release_us = time.time_ns() // 1000, self._release(sent_us)
        self._labels += [
            _Label(release_us, VersionNumber(version), row.id, now_us, row.label)
            for row in batch
            if row.id in decided
        ]

    def _release(self, decided_us: int) -> int:
        frame = self._grid.frame_of(decided_us) if self._grid is not None else None
        if self._grid is None or frame is None:
            return 0
        return self._grid.bounds(frame)[0] + self._grid.grace

    async def _append_labels(self, *, until_us: int | None) -> None:
        ready: list[_Label] = []
        waiting: list[_Label] = []
        for label in self._labels:
            (ready if until_us is None or label.release_us <= until_us else waiting).append(label)
        self._labels = waiting
        for version in sorted({label.version for label in ready}):
            rows = [(label.id, label.time_us, label.label) for label in ready if label.version == version]
            folder = log_folder(self._log_root, self._model_id, version)
            await asyncio.to_thread(append_labels, folder, rows)
            self.counts = replace(self.counts, labelled=self.counts.labelled + len(rows))
