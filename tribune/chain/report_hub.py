"""`ReportHub`: takes reports with signatures, judges them, and notices where none come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tribune.chain.client import BlockTag
from tribune.chain.contract import Contract, Located
from tribune.chain.enums import Oversight
from tribune.chain.types import ContractCall, Log
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.signing import Report


@dataclass(frozen=True, slots=True)
class Attestation:
    """One monitor's signature over a report and its own witness."""

    index: int
    """Place of the monitor in the policy's panel."""
    witness: Digest
    signature: bytes


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """What the hub knows of a frame."""

    reported: frozenset[int]
    """Places in the panel of the monitors that have reported."""
    agreement: int
    """Largest number of monitors that agree."""
    judged: bool
    """Whether k agreed and the report was judged."""
    breached: bool
    """Whether a rule was hit at severity VOTE or TRIP."""
    disputed: bool
    """Whether no report can reach k any more."""
    stale: bool
    """Whether the missing report was made a case."""


@dataclass(frozen=True, slots=True)
class Attested(Located):
    """A monitor's report counted."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    monitor: Address
    report: Digest
    witness: Digest


@dataclass(frozen=True, slots=True)
class AttestationSkipped(Located):
    """A signature was wrong or repeated."""

    model_id: ModelId
    frame: FrameIndex
    index: int


@dataclass(frozen=True, slots=True)
class FrameDisputed(Located):
    """Monitors contradict each other so that no report of the frame can reach k any more."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex


@dataclass(frozen=True, slots=True)
class FrameStale(Located):
    """The deadline of a frame in service passed without an accepted report."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    case_id: CaseId
    """The case that it opened or joined, 0 where staleness cools down after a rejected vote."""


@dataclass(frozen=True, slots=True)
class ReportJudged(Located):
    """k monitors agreed and the rules were applied."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    digest: Digest
    hits: frozenset[int]
    """Places of the rules that were hit."""
    case_id: CaseId
    """The case that it opened or joined, 0 if none."""
    report: Report


def _attested(log: Log, **raw: Any) -> Attested:
    return Attested(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        frame=FrameIndex(raw["frame"]),
        monitor=raw["monitor"],
        report=Digest(raw["report"]),
        witness=Digest(raw["witness"]),
    )


def _attestation_skipped(log: Log, **raw: Any) -> AttestationSkipped:
    return AttestationSkipped(
        log=log, model_id=ModelId(raw["model_id"]), frame=FrameIndex(raw["frame"]), index=raw["index"]
    )


def _frame_disputed(log: Log, **raw: Any) -> FrameDisputed:
    return FrameDisputed(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        frame=FrameIndex(raw["frame"]),
    )


def _frame_stale(log: Log, **raw: Any) -> FrameStale:
    return FrameStale(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        frame=FrameIndex(raw["frame"]),
        case_id=CaseId(raw["case_id"]),
    )


def _report_judged(log: Log, **raw: Any) -> ReportJudged:
    report = raw["report"]
    return ReportJudged(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        frame=FrameIndex(raw["frame"]),
        digest=Digest(raw["digest"]),
        hits=_places(raw["hits"]),
        case_id=CaseId(raw["case_id"]),
        report=Report(
            model_id=ModelId(report["model_id"]),
            version=VersionNumber(report["version"]),
            frame=FrameIndex(report["frame"]),
            policy=Digest(report["policy"]),
            manifest=Digest(report["manifest"]),
            evidence=Digest(report["evidence"]),
            values=report["values"],
        ),
    )


def _places(bits: int) -> frozenset[int]:
    """Return the positions of the bits that are set."""
    return frozenset(i for i in range(bits.bit_length()) if bits >> i & 1)


class ReportHub(Contract):
    """Reads and calls of `ReportHub`."""

    NAME: ClassVar[str] = "ReportHub"
    EVENTS: ClassVar = {
        "Attested": _attested,
        "AttestationSkipped": _attestation_skipped,
        "FrameDisputed": _frame_disputed,
        "FrameStale": _frame_stale,
        "ReportJudged": _report_judged,
    }

    async def frame(
        self,
        model_id: ModelId,
        version: VersionNumber,
        frame: FrameIndex,
        policy: Digest,
        *,
        block: BlockTag = "latest",
    ) -> FrameRecord:
        """Return what is known of a frame under a policy; all zero where nothing was reported."""
        raw = await self._read("frameOf", model_id, version, frame, policy, block=block)
        return FrameRecord(
            reported=_places(raw["reported"]),
            agreement=raw["agreement"],
            judged=raw["judged"],
            breached=raw["breached"],
            disputed=raw["disputed"],
            stale=raw["stale"],
        )

    async def attested(
        self, model_id: ModelId, frame: FrameIndex, from_block: int, to_block: int
    ) -> list[Attested]:
        """Return which signatures of a frame counted within a range of blocks, in chain order."""
        topics = (self.topic("Attested"), model_id.to_bytes(32, "big"), frame.to_bytes(32, "big"))
        logs = await self.chain.logs([self.address], from_block, to_block, topics)
        return [event for event in self.events(logs) if isinstance(event, Attested)]

    async def evaluation_passed(self, model_id: ModelId, version: VersionNumber) -> bool:
        """Return whether a version's evaluation met every rule of severity VOTE and TRIP."""
        return bool(await self._read("evaluationPassed", model_id, version))

    async def oversight(self, model_id: ModelId, *, block: BlockTag = "latest") -> Oversight:
        """Return how well a model in service is watched: Healthy, Stale or Disputed."""
        return Oversight.of(await self._read("oversightOf", model_id, block=block))

    async def stale_window_s(self) -> int:
        """Return for how many seconds after its deadline a frame that nobody reported can be made a case."""
        return int(await self._read("STALE_WINDOW"))

    def submit(self, report: Report, attestations: Sequence[Attestation]) -> ContractCall:
        """Hand in a report with signatures; anyone may.

        A signature that does not count is skipped: look for `Attested` in the receipt.
        """
        fields = (
            report.model_id,
            report.version,
            report.frame,
            report.policy,
            report.manifest,
            report.evidence,
            list(report.values),
        )
        signed = [(a.index, a.witness, a.signature) for a in attestations]
        what = f"report frame {report.frame} of model {report.model_id} v{report.version}"
        return self._call(what, "submit", fields, signed)

    def poke_stale(self, model_id: ModelId, frame: FrameIndex) -> ContractCall:
        """Make a frame that nobody reported in time a case; anyone may, once a frame."""
        return self._call(
            f"record that frame {frame} of model {model_id} was not reported", "pokeStale", model_id, frame
        )
