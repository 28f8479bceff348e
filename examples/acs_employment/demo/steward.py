"""The steward as the demo plays it: prepares, registers and activates versions, concludes the incident."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from examples.acs_employment.demo.processes import Process
from examples.acs_employment.demo.stage import Stage
from examples.acs_employment.demo.story import Story
from examples.acs_employment.demo.watcher import Watcher
from examples.acs_employment.incident import Incident
from tribune.chain import Tribune
from tribune.chain.model_registry import VersionActivated, VersionDetails
from tribune.chain.types import Receipt
from tribune.exceptions import TribuneError
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.canonical import canonical_bytes, digest
from tribune.reports.evidence_store import write_evidence
from tribune.sync.sender import Sender

MODEL = ModelId(1)
"""The chain is fresh, so the first model that is registered has this id."""
NAME = "acs-employment"
FIRST, SECOND = VersionNumber(1), VersionNumber(2)
_PREPARED_S = 120.0


def prepare(stage: Stage, version: VersionNumber) -> Process:
    """Start training a version and making its reference."""
    command = ["-m", "examples.acs_employment.demo.prepare", f"v{version}", str(stage.folder), str(MODEL)]
    return stage.processes.start(f"prepare-v{version}", command, ends=True)


@dataclass
class Steward:
    """Acts with the steward's key alone.

    Args:
        stage: where prepared versions lie.
        story: what is said of it.
        tribune: the contracts.
        watcher: sees when monitors have evaluated.
    """

    stage: Stage
    story: Story
    tribune: Tribune
    watcher: Watcher

    def __post_init__(self) -> None:
        self._sender = Sender(self.tribune.chain, self.stage.actors.steward)

    async def register_model(self) -> None:
        """Register the model and name who anchors its log."""
        await self._sender.send(self.tribune.model_registry.register_model(NAME))
        logger = Address(self.stage.actors.logger.address)
        await self._sender.send(self.tribune.decision_log.set_logger(MODEL, logger))

    def prepared(self, version: VersionNumber) -> dict[str, Any]:
        """Return what preparing a version left."""
        found: dict[str, Any] = json.loads((self.stage.folder / f"v{version}.json").read_text())
        return found

    async def register(self, version: VersionNumber, preparing: Process) -> None:
        """Register a version once it is prepared, and wait for the monitors' evaluation of it.

        Raises:
            TribuneError: it broke a rule on its evaluation set.
        """
        await self.stage.processes.finish(preparing, _PREPARED_S)
        ready = self.prepared(version)
        details = VersionDetails(
            artifact=Digest(bytes.fromhex(ready["artifact"])),
            profile=Digest(bytes.fromhex(ready["profile"])),
            evaluation_set=Digest(bytes.fromhex(ready["evaluation_set"])),
            uri="",
            parent=VersionNumber(version - 1),
        )
        receipt = await self._sender.send(self.tribune.model_registry.register_version(MODEL, details))
        self.story.step(f"v{version} registered", block=receipt.block_number, transaction=receipt.tx_hash)
        judged = await self.watcher.until_judged(version, FrameIndex(0), limit_s=90)
        if not await self.tribune.report_hub.evaluation_passed(MODEL, version):
            raise TribuneError(f"The monitors' evaluation of v{version} broke rules {sorted(judged.hits)}.")
        rules, people = len(judged.report.values), f"{ready['evaluation_rows']:,}"
        self.story.say(
            f"{NAME} v{version} registered: right for {ready['accuracy']:.0%} of {people} people it was not "
            f"trained on; all {rules} rules, set by vote, kept."
        )
        place = judged.log
        self.story.step(f"v{version} evaluated", block=place.block_number, transaction=place.tx_hash)

    async def activate(self, version: VersionNumber) -> datetime:
        """Put a version in force at the next frame boundary; returns that moment."""
        receipt = await self._sender.send(self.tribune.model_registry.activate(MODEL, version))
        events = self.tribune.model_registry.events(receipt.logs)
        activated = next(event for event in events if isinstance(event, VersionActivated))
        self.story.step(f"v{version} activated", block=receipt.block_number, transaction=receipt.tx_hash)
        return activated.since

    def conclude(self, case_id: CaseId, incident: Incident) -> Digest:
        """Write the conclusion of the incident for all to read; returns its digest."""
        conclusion = {
            "schema": "tribune/conclusion/1",
            "model": MODEL,
            "case": case_id,
            "cause": f"The feed of this demo was spoilt on purpose: {incident.words}.",
            "fix": "The feed is mended. v2 is trained anew and refuses ages that nobody has.",
        }
        write_evidence(str(self.stage.folder / "steward"), conclusion)
        return digest(canonical_bytes(conclusion))

    async def call_resume(self, conclusion: Digest) -> Receipt:
        """Call for a vote to let the second version run, once it is in force.

        Raises:
            TribuneError: it does not take force.
        """
        deadline = time.monotonic() + 30
        while await self.tribune.model_registry.active_version(MODEL) != SECOND:
            if time.monotonic() > deadline:
                raise TribuneError("Version 2 did not take force.")
            await asyncio.sleep(0.1)
        call = self.tribune.pause_governor.call_resume(MODEL, SECOND, conclusion)
        receipt = await self._sender.send(call)
        self.story.step("resume called", block=receipt.block_number, transaction=receipt.tx_hash)
        return receipt
