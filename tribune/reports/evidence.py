"""Evidence: the document behind a report, equal to the last byte on every honest monitor.

It holds integers, names and digests only: nothing of who made it or when, nothing random, no float. Refuses a
context whose digests are not digests. Its sha-256 is what a report carries; as a CID it is its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.ids import Cid, Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics.families.log_audit import LogAudit
from tribune.metrics.measure import measure, measured_metrics
from tribune.metrics.policies.policy import Policy
from tribune.metrics.profile import Profile
from tribune.metrics.published import published_rates, published_tally
from tribune.metrics.registry import DEFINITIONS
from tribune.metrics.tally import Tally
from tribune.metrics.value import NOT_AVAILABLE, Value
from tribune.reports.canonical import canonical_bytes, cid, digest

SCHEMA = "tribune/evidence/1"
MIN_CELL = 10
"""Rows under which a published cell is merged with its neighbour; usual in official statistics."""

Count = Callable[[Sequence[Path], Sequence[Path], Profile], Tally]
"""Counts decision partitions with label partitions; an engine's `count`."""


@dataclass(frozen=True)
class FrameFiles:
    """What one frame is measured on.

    Args:
        frame: its index.
        manifest_sha256: of its sealed manifest's bytes.
        decisions: decision partitions of the frame.
        labelled: decision partitions of frame i − label_lag; None: that frame has no sealed manifest.
        labels: label partitions of the manifests of frames i − label_lag … i.
        trailing: earlier frames that do not overlap this one or each other, newest first, for metrics whose
            groups need the rows of several frames.
    """

    frame: FrameIndex
    manifest_sha256: bytes
    decisions: tuple[Path, ...]
    labelled: tuple[Path, ...] | None = None
    labels: tuple[Path, ...] = ()
    trailing: tuple[FrameFiles, ...] = ()


@dataclass(frozen=True)
class FrameTallies:
    """The two tallies of a frame: its rows, and the rows of frame i − label_lag with labels joined.

    `trailing` has those of earlier frames, newest first; `audit` what was found in the log where rules ask.
    """

    tally: Tally
    labelled: Tally | None
    trailing: tuple[tuple[Tally, Tally | None], ...] = ()
    audit: LogAudit | None = None


def count_frame(
    files: FrameFiles, profile: Profile, count: Count, audit: LogAudit | None = None
) -> FrameTallies:
    """Count what one frame is measured on. Labels are joined to the labelled rows only; no rows twice."""

    def pair(one: FrameFiles) -> tuple[Tally, Tally | None]:
        labelled = None if one.labelled is None else count(one.labelled, one.labels, profile)
        if labelled is not None and one.labelled == one.decisions:
            return labelled.without_labels(profile.scheme), labelled
        return count(one.decisions, (), profile), labelled

    return FrameTallies(*pair(files), tuple(pair(one) for one in files.trailing), audit)


@dataclass(frozen=True)
class EvidenceContext:
    """What a report is about.

    Args:
        chain: chain id.
        model, version, frame: what was measured.
        start_us, end_us: the frame's bounds, UTC microseconds; 0 and 0 for frame 0.
        manifest: the anchored word of the frame (frame 0: the evaluation-set digest).
        policy: digest of the policy in force at the frame's start.
        manifests: sha-256 of every manifest that was read, by frame, ascending.
        min_cell: rows under which published cells are merged.
    """

    chain: int
    model: ModelId
    version: VersionNumber
    frame: FrameIndex
    start_us: int
    end_us: int
    manifest: bytes
    policy: bytes
    manifests: tuple[tuple[int, bytes], ...]
    min_cell: int = MIN_CELL

    def __post_init__(self) -> None:
        words = [self.manifest, self.policy, *(sha for _, sha in self.manifests)]
        if any(len(word) != 32 for word in words):
            raise EvidenceError(
                "Evidence needs a manifest, a policy and manifests' digests of 32 bytes each."
            )


@dataclass(frozen=True)
class Evidence:
    """An evidence document with the report's values.

    Args:
        document: the canonical document.
        values: one integer per rule, in rule order, as the report carries them.
    """

    document: Mapping[str, Any]
    values: tuple[int, ...]

    @cached_property
    def data(self) -> bytes:
        """Canonical bytes."""
        return canonical_bytes(self.document)

    @cached_property
    def digest(self) -> Digest:
        """The `evidence` word of the report."""
        return digest(self.data)

    @cached_property
    def cid(self) -> Cid:
        """Name in the evidence store."""
        return cid(self.digest)


def build_evidence(
    context: EvidenceContext,
    profile: Profile,
    policy: Policy,
    tallies: FrameTallies,
    history: Sequence[Mapping[str, Value] | None] = (),
) -> Evidence:
    """Measure a frame and write its evidence.

    Args:
        context: what it is about.
        profile: by which it is measured.
        policy: by which it is judged.
        tallies: of the frame.
        history: what `measure_rules` gave for earlier frames of this version and profile, oldest first,
            ending with frame i − 1; None: a frame without anchor. At least `policy.longest_window − 1` where
            they exist.

    Raises:
        PolicyError: when a rule cannot be judged with this profile.
    """
    values = measure(policy, profile, tallies.tally, tallies.labelled, tallies.trailing, tallies.audit)
    reported = policy.values([*history, values], evaluation=context.frame == 0)
    z_micro = measured_metrics(policy, profile)
    document = {
        "schema": SCHEMA,
        "definitions": DEFINITIONS,
        "chain": context.chain,
        "model": context.model,
        "version": context.version,
        "frame": context.frame,
        "start": context.start_us,
        "end": context.end_us,
        "manifest": _hex(context.manifest),
        "profile": _hex(profile.digest),
        "policy": _hex(context.policy),
        "manifests": [[frame, _hex(sha)] for frame, sha in context.manifests],
        "min_cell": context.min_cell,
        "rules": [
            {"metric": rule.metric, "limit": rule.limit, "value": None if value == NOT_AVAILABLE else value}
            for rule, value in zip(policy.rules, reported, strict=True)
        ],
        "values": {name: {**value.to_json(), "z": z_micro[name]} for name, value in values.items()},
        "rates": published_rates(profile, tallies.tally, tallies.labelled, tallies.trailing),
        "tally": published_tally(profile, tallies.tally, context.min_cell, columns=True),
        "labelled": None
        if tallies.labelled is None
        else published_tally(profile, tallies.labelled, context.min_cell, columns=False),
    }
    if tallies.audit is not None:  # where no rule asks, documents are what they were before there were audits
        document["audit"] = tallies.audit.to_json()
    return Evidence(document, reported)


def _hex(word: bytes) -> str:
    return "0x" + bytes(word).hex()
