"""One monitor: measures what is due, signs it, and sends its report.

A signature is stored before it is sent, so that a restart never signs two reports for one frame; what is
stored and not known to count is sent again. A monitor that cannot look says so and reports nothing: the frame
stays due until its deadline.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tribune.chain import Tribune
from tribune.chain.report_hub import Attestation
from tribune.decisions.anchor import manifest_digest
from tribune.exceptions import ChainError, EvidenceError, RevertedError, TribuneError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.metrics import Policy, Profile, Tally
from tribune.reports.canonical import write_evidence
from tribune.reports.evidence import Evidence, EvidenceContext, FrameFiles
from tribune.reports.signing import HubDomain, MessageSigner, Report, report_digest, sign_attestation
from tribune.reports.verify import recompute
from tribune.reports.witness import witness, witness_key
from tribune.store.queries import reports_in, set_report_state, signed_report, store_signature
from tribune.store.session import Store
from tribune.store.tables import ReportState, SignedReport
from tribune.sync.sender import Sender
from tribune_monitors.due import DueReport, due_reports
from tribune_monitors.engines.base import Engine
from tribune_monitors.sources.documents import load_profile
from tribune_monitors.sources.sealed import SealedFrame, SealedLog

_KEPT_TALLIES = 256
_JUDGING_GAS = 1_000_000
"""What judging, a suspension and a case may cost whoever's signature turns out to be the k-th in its block."""


@dataclass
class Worker:
    """A monitor's work.

    Args:
        tribune: the contracts.
        account: the monitor's key.
        sender: sends with that key.
        store: this monitor's own database.
        engine: conformant; counts.
        log: sealed logs.
        evidence: stores that evidence is written to.
        profiles: stores that profiles are read from.
        models: ids to watch; empty watches all.
    """

    tribune: Tribune
    account: MessageSigner
    sender: Sender
    store: Store
    engine: Engine
    log: SealedLog
    evidence: Sequence[str]
    profiles: Sequence[str]
    models: Sequence[ModelId] = ()
    _tallies: OrderedDict[tuple[tuple[Path, ...], tuple[Path, ...]], Tally] = field(
        default_factory=OrderedDict
    )
    _known_profiles: dict[Digest, Profile] = field(default_factory=dict)

    @property
    def monitor(self) -> Address:
        """The monitor's address."""
        return self.sender.address

    async def look(self) -> None:
        """Do all that is due now.

        Raises:
            ChainUnreachableError: we could not look; nothing was reported.
        """
        await self._send_stored()
        for model_id in self.models or await self._all_models():
            async for due in due_reports(self.tribune, self.monitor, model_id, self._signed):
                try:
                    await self._report(due)
                except ChainError:
                    raise
                except TribuneError as fault:
                    get_logger(__name__).warning(
                        "could not look", model=due.model_id, frame=due.frame, error=str(fault)
                    )

    async def _all_models(self) -> list[ModelId]:
        return [ModelId(number) for number in range(1, await self.tribune.model_registry.model_count() + 1)]

    def _signed(self, model_id: ModelId, version: VersionNumber, frame: FrameIndex) -> bool:
        with self.store.session(readonly=True) as session:
            return signed_report(session, self.monitor, model_id, frame, version) is not None

    async def _report(self, due: DueReport) -> None:
        log = get_logger(__name__)
        evidence, proof, manifest = await self._measure(due)
        report = Report(
            due.model_id,
            due.version,
            due.frame,
            due.policy.digest,
            manifest,
            evidence.digest,
            evidence.values,
        )
        for url in self.evidence:
            await asyncio.to_thread(write_evidence, url, evidence.document)
        hub = self.tribune.report_hub.address
        signature = sign_attestation(self.account, HubDomain(self.tribune.chain.chain_id, hub), report, proof)
        row = SignedReport(
            monitor=self.monitor,
            model_id=due.model_id,
            frame=due.frame,
            version=due.version,
            digest=report_digest(report).hex(),
            policy=report.policy.hex(),
            manifest=report.manifest.hex(),
            evidence=report.evidence.hex(),
            cid=evidence.cid,
            report_values=list(report.values),
            witness=proof.hex(),
            signature=signature.hex(),
        )
        kept = await self.store.run(store_signature, row)
        log.info("signed", model=due.model_id, frame=due.frame, report=kept.digest, evidence=kept.cid)
        await self._send(kept, due.index)

    async def _measure(self, due: DueReport) -> tuple[Evidence, Digest, Digest]:
        """Return the evidence, our witness and the manifest's word."""
        registry = self.tribune.model_registry
        details = (await registry.version(due.model_id, due.version)).details
        profile = await self._profile(details.profile)
        policy = Policy.from_chain([rule.on_chain() for rule in due.policy.policy.rules])
        frames = await self._window(due, policy, profile)
        return await asyncio.to_thread(self._evaluate, due, policy, profile, frames)

    async def _profile(self, digest: Digest) -> Profile:
        if digest not in self._known_profiles:
            self._known_profiles[digest] = await asyncio.to_thread(load_profile, self.profiles, digest)
        return self._known_profiles[digest]

    async def _window(
        self, due: DueReport, policy: Policy, profile: Profile
    ) -> dict[FrameIndex, SealedFrame | None]:
        """Read the frames that the report looks back over, by index; None: not anchored for this version."""
        back = 0 if due.frame == 0 else policy.longest_window - 1 + profile.spec.label_lag
        chain, hub = self.tribune.chain.chain_id, self.tribune.report_hub.address
        keys = [witness_key(chain, hub, self.monitor, due.model_id)]
        frames: dict[FrameIndex, SealedFrame | None] = {}
        for number in range(due.frame if due.frame == 0 else max(1, due.frame - back), due.frame + 1):
            frame = FrameIndex(number)
            word: Digest | None = due.word
            if frame != due.frame:
                word = await self.tribune.decision_log.anchor_of(due.model_id, due.version, frame)
            frames[frame] = None
            if word is not None:
                frames[frame] = await asyncio.to_thread(
                    self.log.read, due.model_id, due.version, frame, word=word, keys=keys
                )
        return frames

    def _evaluate(
        self, due: DueReport, policy: Policy, profile: Profile, frames: dict[FrameIndex, SealedFrame | None]
    ) -> tuple[Evidence, Digest, Digest]:
        current = frames[due.frame]
        if current is None:
            raise EvidenceError(f"Frame {due.frame} is not anchored.", frame=due.frame)
        files = [frame_files(frame, frames, profile.spec.label_lag) for frame in frames]
        window = files[-policy.longest_window :] if due.frame else files
        context = EvidenceContext(
            chain=self.tribune.chain.chain_id,
            model=due.model_id,
            version=due.version,
            frame=due.frame,
            start_us=_micros(due.start),
            end_us=_micros(due.end),
            manifest=due.word,
            policy=due.policy.digest,
            manifests=tuple(
                (frame, manifest_digest(sealed.manifest))
                for frame, sealed in sorted(frames.items())
                if sealed is not None
            ),
        )
        evidence = recompute(context, profile, policy, window, self._count)
        return evidence, witness(due.frame, current.macs[0]), due.word

    def _count(self, decisions: Sequence[Path], labels: Sequence[Path], profile: Profile) -> Tally:
        """Count once, whatever looks at the same sealed files again."""
        key = (tuple(decisions), tuple(labels))
        if key not in self._tallies:
            self._tallies[key] = self.engine.count(decisions, labels, profile)
            while len(self._tallies) > _KEPT_TALLIES:
                self._tallies.popitem(last=False)
        return self._tallies[key]

    async def _send_stored(self) -> None:
        """Send again what was signed and is not known to count, as after a crash."""
        for row in await self.store.read(reports_in, self.monitor, ReportState.SIGNED):
            frame, model_id = FrameIndex(row.frame), ModelId(row.model_id)
            record = await self.tribune.policy_book.policy_for(model_id, frame)
            if record is None or self.monitor not in record.policy.panel:
                continue
            await self._send(row, record.policy.panel.index(self.monitor))

    async def _send(self, row: SignedReport, index: int) -> None:
        log = get_logger(__name__)
        report = Report(
            ModelId(row.model_id),
            VersionNumber(row.version),
            FrameIndex(row.frame),
            Digest(bytes.fromhex(row.policy)),
            Digest(bytes.fromhex(row.manifest)),
            Digest(bytes.fromhex(row.evidence)),
            tuple(row.report_values),
        )
        hub = self.tribune.report_hub
        known = await hub.frame(report.model_id, report.version, report.frame, report.policy)
        state, tx_hash = ReportState.COUNTED, ""
        if index not in known.reported:
            attestation = Attestation(index, Digest(bytes.fromhex(row.witness)), bytes.fromhex(row.signature))
            try:
                receipt = await self.sender.send(hub.submit(report, [attestation]), headroom=_JUDGING_GAS)
                tx_hash = receipt.tx_hash
            except RevertedError as fault:
                if "tx_hash" in fault.ids:  # another's report came into the same block first: look again
                    log.info("not counted yet", model=row.model_id, frame=row.frame, error=str(fault))
                    return
                state = ReportState.REFUSED
                log.warning("refused", model=row.model_id, frame=row.frame, error=str(fault))
        await self.store.run(set_report_state, row.id or 0, state, tx_hash)
        log.info("sent", model=row.model_id, frame=row.frame, state=str(state), tx=tx_hash)


def frame_files(
    frame: FrameIndex, frames: dict[FrameIndex, SealedFrame | None], label_lag: int
) -> FrameFiles | None:
    """Return what a frame is measured on; None where it is not anchored.

    Args:
        frame: its index.
        frames: what was read, from frame − label_lag on.
        label_lag: frames that labels come late.
    """
    current = frames[frame]
    if current is None:
        return None
    labelled = frames.get(FrameIndex(frame - label_lag)) if frame else current
    waiting = range(frame - label_lag, frame + 1) if frame else (0,)
    sealed = [frames.get(FrameIndex(number)) for number in waiting]
    return FrameFiles(
        frame=frame,
        manifest_sha256=manifest_digest(current.manifest),
        decisions=tuple(current.decisions),
        labelled=None if labelled is None else tuple(labelled.decisions),
        labels=tuple(path for one in sealed if one is not None for path in one.labels),
    )


def _micros(time: datetime | None) -> int:
    return 0 if time is None else int(time.timestamp()) * 1_000_000
