"""Evidence of small samples, as monitors write it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy, Profile, Rule, Severity
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from unit.metrics.samples import Row, count, profile_of, rows

PARITY = "fairness.demographic_parity_difference.lower/sex"
POLICY = Policy(
    (
        Rule(PARITY, ">", 100_000, Severity.TRIP, z=3_000_000),
        Rule("drift.effect.lower.max", ">", 100_000, Severity.VOTE, z=3_000_000),
        Rule("performance.accuracy", "<", 500_000, Severity.WARN, m=2, w=2),
    )
)
CONTEXT = EvidenceContext(
    chain=31337,
    model=ModelId(1),
    version=VersionNumber(1),
    frame=FrameIndex(3),
    start_us=1_700_000_000_000_000,
    end_us=1_700_000_600_000_000,
    manifest=b"m" * 32,
    policy=b"p" * 32,
    manifests=((2, b"a" * 32), (3, b"b" * 32)),
)
UNFAIR = rows(700, 2, older=15, unfair=0.4)
"""Older than the reference, and unfair to women."""


def reference() -> Profile:
    return profile_of(rows(1000, 1))


def evidence(
    profile: Profile, sample: Sequence[Row], policy: Policy = POLICY, **context: Any
) -> Mapping[str, Any]:
    """Return a document as readers get it: parsed from its bytes."""
    tally = count(sample)
    built = build_evidence(
        replace(CONTEXT, **context), profile, policy, FrameTallies(tally, tally), [None, None]
    )
    return dict(json.loads(built.data))
