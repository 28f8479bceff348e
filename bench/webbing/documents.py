"""What the reports of the page benchmark rest on: a profile, the default policy, evidence as monitors do.

A lender's log of 24 features (bench.monitoring.data) is counted as monitors count; from a few frames of it
come the documents of all reports, which differ in what they are about, not in what they found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.monitoring import data
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy, Profile
from tribune.reports.canonical import cid_digest
from tribune.reports.evidence_store import write_evidence

ROWS = 20_000
KEPT, DRIFTED = 4, 2
"""Frames that are counted: without and with drift."""
STEP_S = 3600


@dataclass(frozen=True)
class Found:
    """What a frame's measurement found.

    Args:
        document: its evidence, about no model in particular.
        values: per rule, as a report carries them.
    """

    document: Mapping[str, Any]
    values: tuple[int, ...]


@dataclass(frozen=True)
class Measured:
    """A profile, the rules, and what was found in some frames: those without drift first."""

    profile: Profile
    policy: Policy
    found: tuple[Found, ...]

    def broken(self, found: Found) -> Found:
        """Return the same with the first rule broken by far."""
        rule, *_ = self.policy.rules
        value = min(3 * rule.limit, rule.range_micro[1])
        rules = [{**found.document["rules"][0], "value": value}, *found.document["rules"][1:]]
        return Found({**found.document, "rules": rules}, (value, *found.values[1:]))

    def figures(self) -> list[str]:
        """Return names of figures that each report has: the first and the last."""
        from tribune.figures.report import report_drawings

        drawings = report_drawings(self.found[0].document, self.profile, self.policy)
        return [drawings[0].name, drawings[-1].name]

    def hits(self, values: tuple[int, ...]) -> int:
        """Return the bits of the rules that these values break."""
        return sum(1 << place for place, rule in enumerate(self.policy.rules) if rule.is_hit(values[place]))


def about(found: Found, policy: bytes, model: int, version: int, frame: int, end_s: int) -> dict[str, Any]:
    """Return a frame's evidence as one of this model, version and frame, judged by this policy."""
    start_s = 0 if frame == 0 else end_s - STEP_S
    given = {
        "model": model,
        "version": version,
        "frame": frame,
        "start": start_s * 10**6,
        "end": end_s * 10**6,
    }
    return {**found.document, **given, "policy": "0x" + policy.hex()}


def stored(folder: Path, document: Mapping[str, Any]) -> bytes:
    """Write a document; return its digest."""
    return cid_digest(write_evidence(folder, document))


def measure_frames(chain_id: int) -> Measured:
    """Make the data and count it."""
    from tribune.metrics.policies.default_policy import default_policy, default_terms
    from tribune.reports.evidence import EvidenceContext, FrameFiles, build_evidence, count_frame
    from tribune_monitors.engines.duckdb_engine import DuckDBEngine
    from tribune_monitors.engines.fit import fit_profile

    engine = DuckDBEngine(1)
    found = []
    with TemporaryDirectory(prefix="tribune-bench-") as name:
        folder = Path(name)
        reference = data.make(folder, "reference", 2 * ROWS, drifted=False)
        profile = fit_profile(engine, [[reference]], (), data.model_spec(), inline_labels=True)
        policy = default_policy(profile, default_terms(STEP_S)).policy
        for number_of in range(KEPT + DRIFTED):
            drifted = number_of >= KEPT
            made = data.make(folder / str(number_of), "rows", ROWS, drifted=drifted, stream=1 + number_of)
            decisions, labels = data.make_frame(folder / str(number_of), made)
            files = FrameFiles(FrameIndex(1), bytes(32), (decisions,), (decisions,), (labels,))
            context = EvidenceContext(
                chain_id, ModelId(1), VersionNumber(1), FrameIndex(1), 0, STEP_S * 10**6,
                b"\1" * 32, b"\2" * 32, ((1, b"\3" * 32),),
            )  # fmt: skip
            evidence = build_evidence(context, profile, policy, count_frame(files, profile, engine.count))
            found.append(Found(evidence.document, evidence.values))
    return Measured(profile, policy, tuple(found))
