"""Measuring a due report: sealed files in, evidence and our witness out.

Every file that is looked back over is checked against the chain before anything is counted; where one of them
is not what the chain names, nothing is measured. Signs nothing and sends nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.decisions.grid import microseconds
from tribune.exceptions import EvidenceError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy, Profile, Value
from tribune.metrics.families.log_audit import LogAudit
from tribune.metrics.measure import measure_rules
from tribune.reports.evidence import Evidence, EvidenceContext, FrameFiles, build_evidence, count_frame
from tribune.reports.witness import peer_index, witness, witness_key
from tribune.settings.sections import ReplaySettings
from tribune_monitors.audit.auditing import Auditor
from tribune_monitors.audit.replaying import Replayers
from tribune_monitors.engines.base import Engine
from tribune_monitors.kept import Kept
from tribune_monitors.sources.documents import load_profile
from tribune_monitors.sources.sealed import SealedFrame, SealedLog
from tribune_monitors.watching.due import DueReport, Reported, frame_bounds
from tribune_monitors.watching.history import (
    Frames,
    anchored_words,
    looked_at,
    manifests_read,
    steps_of,
    window_files,
)

_KEPT = 256  # values of earlier frames: the windows of a few dozen models


@dataclass(frozen=True)
class Measured:
    """What a report is made of."""

    evidence: Evidence
    witness: Digest


class Measurer:
    """Measures due reports.

    Args:
        tribune: the contracts.
        monitor: whose witness.
        engine: conformant; counts, and keeps what it counted where windows are to cost little.
        log: sealed logs.
        profiles: stores that profiles are read from.
        replay: what can run decisions again, for policies that ask for it.
    """

    def __init__(
        self,
        tribune: Tribune,
        monitor: Address,
        engine: Engine,
        log: SealedLog,
        profiles: Sequence[str],
        replay: ReplaySettings | None = None,
    ) -> None:
        self._tribune = tribune
        self._monitor = monitor
        self._engine = engine
        self._log = log
        self._stores = profiles
        self._auditor = Auditor(tribune, Replayers(replay or ReplaySettings()))
        self._profiles: dict[tuple[ModelId, VersionNumber], Profile] = {}
        self._measured: Kept[Mapping[str, Value]] = Kept(_KEPT)

    async def measure(self, due: DueReport) -> Measured:
        """Measure what is due.

        Raises:
            EvidenceError: profile or sealed files are missing, or not what the chain names.
            DataError, PolicyError: they cannot be measured as they are.
            ConfigurationError, ArtifactMismatchError, ReplayError: a rule asks that decisions be run again,
                which this monitor cannot.
            ChainError: we could not look.
        """
        profile = await self._profile(due.model_id, due.version)
        policy = Policy.from_chain([rule.on_chain() for rule in due.policy.policy.rules])
        steps = steps_of(due.policy.policy)
        numbers = looked_at(due.frame, policy, profile.spec, steps)
        keys = self._keys(due.model_id, peer_of(due.policy, due.frame))
        frames = await read_frames(self._tribune, self._log, due, numbers, *keys)
        audits = await self._auditor.audits(due, policy, frames)
        return await asyncio.to_thread(self._evaluate, due, policy, profile, frames, steps, audits)

    async def witness_of(self, about: Reported, peer: Address) -> Digest:
        """Return the witness that a peer must give; what was read for `measure` is not read again.

        Only for comparison: it is worth nothing once anybody published it.

        Raises:
            EvidenceError: the sealed files are missing, or not what the chain names.
        """
        keys = self._keys(about.model_id, peer)
        sealed = await asyncio.to_thread(
            self._log.read, about.model_id, about.version, about.frame, word=about.word, keys=keys
        )
        return witness(about.frame, sealed.macs[-1])

    def _keys(self, model_id: ModelId, peer: Address) -> list[bytes]:
        """Return our witness key, and the peer's after it where that is somebody else."""
        chain, hub = self._tribune.chain.chain_id, self._tribune.report_hub.address
        monitors = dict.fromkeys((self._monitor, peer))
        return [witness_key(chain, hub, monitor, model_id) for monitor in monitors]

    async def _profile(self, model_id: ModelId, version: VersionNumber) -> Profile:
        if (model_id, version) not in self._profiles:
            details = (await self._tribune.model_registry.version(model_id, version)).details
            profile = await asyncio.to_thread(load_profile, self._stores, details.profile)
            self._profiles[model_id, version] = profile
        return self._profiles[model_id, version]

    def _evaluate(
        self,
        due: DueReport,
        policy: Policy,
        profile: Profile,
        frames: Frames,
        steps: int,
        audits: Mapping[FrameIndex, LogAudit],
    ) -> Measured:
        current = frames[due.frame]
        if current is None:
            raise EvidenceError(f"Frame {due.frame} is not anchored.", frame=due.frame)
        context = context_of(self._tribune.chain.chain_id, due, due.policy, frames)
        first = due.policy.first_frame
        *earlier, own = window_files(due.frame, frames, policy, profile.spec, steps, first)
        if own is None:
            raise AssertionError("the reported frame has files")
        history = [
            None if files is None else self._values(policy, profile, files, audits.get(files.frame))
            for files in earlier
        ]
        tallies = count_frame(own, profile, self._engine.count, audits.get(due.frame))
        evidence = build_evidence(context, profile, policy, tallies, history)
        return Measured(evidence, witness(due.frame, current.macs[0]))

    def _values(
        self, policy: Policy, profile: Profile, files: FrameFiles, audit: LogAudit | None
    ) -> Mapping[str, Value]:
        """Measure an earlier frame for its rules; a window that slides on measures one more, not all."""

        def make() -> Mapping[str, Value]:
            tallies = count_frame(files, profile, self._engine.count)
            return measure_rules(policy, profile, tallies.tally, tallies.labelled, tallies.trailing, audit)

        key = (policy, profile.digest, files, audit)
        return self._measured.get(key, make)


def peer_of(record: PolicyRecord, frame: FrameIndex) -> Address:
    """Return the member of the panel whose witness all others recompute in a frame."""
    panel = record.policy.panel
    return panel[peer_index(frame, len(panel))]


async def read_frames(
    tribune: Tribune, log: SealedLog, about: Reported, numbers: Sequence[FrameIndex], *keys: bytes
) -> Frames:
    """Read the frames of a report, each checked against the chain; None: without an anchor.

    Args:
        tribune: the contracts.
        log: sealed logs.
        about: the reported frame.
        numbers: as from `looked_at`.
        keys: witness keys, for the reported frame.

    Raises:
        EvidenceError: a file is missing, or is not what the chain names.
    """
    frames: dict[FrameIndex, SealedFrame | None] = {}
    for frame, word in (await anchored_words(tribune, about, numbers)).items():
        frames[frame] = None
        if word is not None:
            frames[frame] = await asyncio.to_thread(
                log.read,
                about.model_id,
                about.version,
                frame,
                word=word,
                keys=keys if frame == about.frame else (),
            )
    return frames


def context_of(chain: int, about: Reported, policy: PolicyRecord, frames: Frames) -> EvidenceContext:
    """Return what a report is about, all of it as the chain says.

    Args:
        chain: its id.
        about: the reported frame.
        policy: that judges it.
        frames: what was read.
    """
    start, end = (0, 0) if about.frame == 0 else map(microseconds, frame_bounds(policy, about.frame))
    return EvidenceContext(
        chain=chain,
        model=about.model_id,
        version=about.version,
        frame=about.frame,
        start_us=start,
        end_us=end,
        manifest=about.word,
        policy=policy.digest,
        manifests=manifests_read(frames),
    )
