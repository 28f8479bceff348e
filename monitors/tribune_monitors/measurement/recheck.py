"""Checking somebody's report: evidence by its name, recomputed from the sealed log that the chain names.

Believes nothing but the chain and the bytes that match it. Needs the sealed log, the profile and the
evidence; says which one is missing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.exceptions import EvidenceError, EvidenceMissingError, PolicyError
from tribune.ids import Cid, Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy
from tribune.reports.canonical import canonical_bytes
from tribune.reports.evidence_store import read_from_any
from tribune.reports.oversight import independence
from tribune.reports.verify import verify_evidence
from tribune.settings import Settings
from tribune.wording import counted
from tribune_monitors.audit.auditing import Auditor
from tribune_monitors.audit.replaying import Replayers
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.measurement.measuring import context_of, read_frames
from tribune_monitors.sources.documents import load_profile
from tribune_monitors.sources.sealed import SealedFrame, SealedLog
from tribune_monitors.watching.due import Reported
from tribune_monitors.watching.history import Frames, looked_at, steps_of, window_files


@dataclass(frozen=True)
class Outcome:
    """Whether a report is what recomputing gives, in words."""

    same: bool
    words: str


async def recheck(settings: Settings, name: Cid) -> Outcome:
    """Recompute the report whose evidence has this name.

    Raises:
        EvidenceError: evidence, profile or sealed log are missing, or not what the chain names.
        PolicyError: the chain has no such policy.
        ConfigurationError, ArtifactMismatchError, ReplayError: the policy asks that decisions be run again,
            which cannot be done here.
    """
    stores = settings.evidence_stores
    document = await asyncio.to_thread(_evidence, stores, name)
    model_id, version = ModelId(document["model"]), VersionNumber(document["version"])
    frame = FrameIndex(document["frame"])
    async with await Tribune.connect(settings) as tribune:
        record = await _policy(tribune, model_id, frame, document["policy"])
        details = (await tribune.model_registry.version(model_id, version)).details
        profile = await asyncio.to_thread(load_profile, stores, details.profile)
        policy = Policy.from_chain([rule.on_chain() for rule in record.policy.rules])
        steps = steps_of(record.policy)
        numbers = looked_at(frame, policy, profile.spec, steps)
        about = Reported(model_id, version, frame, await _word(tribune, model_id, version, frame))
        frames = await read_frames(tribune, SealedLog(settings.log_folder), about, numbers)
        context = context_of(tribune.chain.chain_id, about, record, frames)
        audits = await Auditor(tribune, Replayers(settings.monitor.replay)).audits(about, policy, frames)
    window = window_files(frame, frames, policy, profile.spec, steps, record.first_frame)
    verdict = await asyncio.to_thread(
        verify_evidence,
        canonical_bytes(document),
        profile,
        policy,
        window,
        DuckDBEngine().count,
        context,
        audits,
    )
    rows = sum(partition.rows for partition in _current(frames, frame).manifest.partitions)
    if verdict.same:
        alone = independence(len(record.policy.panel))
        words = (
            f"The same to the last byte: frame {frame}, {counted(rows, 'decision')}, recomputed as {name}."
        )
        return Outcome(True, f"{words} Measured by {alone}." if alone else words)
    return Outcome(False, f"DIFFERENT. First difference: {verdict.difference}")


def _current(frames: Frames, frame: FrameIndex) -> SealedFrame:
    sealed = frames[frame]
    if sealed is None:
        raise EvidenceError(f"Frame {frame} is not anchored on this chain.", frame=frame)
    return sealed


def _evidence(stores: list[str], name: Cid) -> dict[str, Any]:
    missing = EvidenceMissingError(
        f"No store that was named holds the evidence {name}.",
        mend="Name one that does in TRIBUNE_EVIDENCE_URLS or TRIBUNE_EVIDENCE_READ_URLS.",
    )
    return read_from_any(stores, name, missing)


async def _policy(tribune: Tribune, model_id: ModelId, frame: FrameIndex, digest: str) -> PolicyRecord:
    """Return the newest policy of this digest that judges a frame: one that was voted again begins anew."""
    for record in reversed(await tribune.policy_book.policies(model_id)):
        if "0x" + record.digest.hex() == digest and (frame == 0 or record.first_frame <= frame):
            return record
    raise PolicyError(
        f"Model {model_id} never had the policy {digest}.", mend="Is this the chain that it is from?"
    )


async def _word(tribune: Tribune, model_id: ModelId, version: VersionNumber, frame: FrameIndex) -> Digest:
    if frame == 0:
        return await tribune.model_registry.evaluation_set(model_id, version)
    word = await tribune.decision_log.anchor_of(model_id, version, frame)
    if word is None:
        raise EvidenceError(f"Frame {frame} is not anchored on this chain.", frame=frame)
    return word
