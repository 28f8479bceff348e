"""The audit of a report's logs: of each frame that rules look back on, what these rules ask for and no more.

A monitor that cannot look (no replayer, another artifact, a replayer that fails) raises and so reports
nothing: others do, or the frame is stale. Never takes "could not look" for a value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tribune.chain import Tribune
from tribune.decisions.anchor import manifest_digest
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy
from tribune.metrics.families.log_audit import SAMPLE, Leaves, LogAudit, Replayed
from tribune_monitors.audit.replaying import Replayers, confirms
from tribune_monitors.audit.rows import check_leaves, rows_at
from tribune_monitors.audit.sampling import Seed, drawn, read_seeds
from tribune_monitors.kept import Kept
from tribune_monitors.sources.sealed import SealedFrame
from tribune_monitors.watching.due import Reported
from tribune_monitors.watching.history import Frames

_KEPT = 256  # frames: the windows of a few dozen models
LEAVES, REPLAY = "log.anchored_share", "replay.mismatch"


class Auditor:
    """Audits frames, each once while its log and its seed stay the same.

    Args:
        tribune: the contracts.
        replayers: what can run decisions again.
    """

    def __init__(self, tribune: Tribune, replayers: Replayers) -> None:
        self._tribune = tribune
        self._replayers = replayers
        self._leaves: Kept[Leaves] = Kept(_KEPT)
        self._replayed: Kept[Replayed] = Kept(_KEPT)
        self._artifacts: dict[tuple[ModelId, VersionNumber], Digest] = {}

    async def audits(self, about: Reported, policy: Policy, frames: Frames) -> dict[FrameIndex, LogAudit]:
        """Return what rules ask of the logs of the last frames; nothing where none asks.

        Args:
            about: the reported frame.
            policy: by which it is judged.
            frames: as read, the reported one last.

        Raises:
            ConfigurationError, ArtifactMismatchError: this monitor cannot run decisions again.
            ReplayError: running them again failed.
            EvidenceError: the log cannot be read, or its sample is not drawn yet.
            ChainError: we could not look.
        """
        asked = policy.audits
        if not asked:
            return {}
        last = list(frames.items())[-policy.audited_window :]
        sealed = {frame: one for frame, one in last if one is not None}
        seeds: Mapping[FrameIndex, Seed] = {}
        artifact = Digest(b"")
        if REPLAY in asked:
            self._replayers.command(about.model_id)  # before anything that costs
            artifact = await self._artifact(about.model_id, about.version)
            seeds = await read_seeds(self._tribune, about, list(sealed))
        return {
            frame: await asyncio.to_thread(self._audit, one, LEAVES in asked, seeds.get(frame), artifact)
            for frame, one in sealed.items()
        }

    async def _artifact(self, model_id: ModelId, version: VersionNumber) -> Digest:
        if (model_id, version) not in self._artifacts:
            details = (await self._tribune.model_registry.version(model_id, version)).details
            self._artifacts[model_id, version] = details.artifact
        return self._artifacts[model_id, version]

    def _audit(self, sealed: SealedFrame, leaves: bool, seed: Seed | None, artifact: Digest) -> LogAudit:
        word = manifest_digest(sealed.manifest)
        return LogAudit(
            self._leaves.get(word, lambda: check_leaves(sealed)) if leaves else None,
            None
            if seed is None
            else self._replayed.get(
                (word, seed, artifact), lambda: replay(sealed, seed, artifact, self._replayers)
            ),
        )


def replay(sealed: SealedFrame, seed: Seed, artifact: Digest, replayers: Replayers) -> Replayed:
    """Run a sample of a frame again and compare; raises as `Replayers.replay` and `rows_at`."""
    places = drawn(seed.hash, sealed.manifest.rows, SAMPLE)
    rows = rows_at(sealed, places)
    decisions = {place: row.decision for place, row in rows.items() if row.decision is not None}
    answers = replayers.replay(sealed.manifest.model_id, artifact, decisions)
    differing = [place for place, said in decisions.items() if not confirms(answers[place], said)]
    return Replayed(
        block=seed.block,
        hash=seed.hash,
        sampled=len(places),
        proven=sum(row.proven for row in rows.values()),
        replayed=len(decisions),
        mismatched=len(differing),
        mismatched_at=tuple(differing),
        missing_at=tuple(place for place in places if place not in decisions),
    )
