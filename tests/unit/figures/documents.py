"""Evidence of small samples, as monitors write it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import (
    Binning,
    Categories,
    Column,
    ColumnKind,
    Grid,
    ModelSpec,
    Policy,
    Profile,
    Role,
    Rule,
    Scheme,
    Severity,
    Tally,
    make_profile,
)
from tribune.metrics.spec import Task
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


OTHER_POLICY = Policy((Rule("drift.effect.lower.max", ">", 100_000, Severity.VOTE, z=3_000_000),))
_LANGUAGE = Column("lang", ColumnKind.CATEGORY, Role.GROUP, "language")
_LATENCY = Column("latency", ColumnKind.NUMERIC, Role.FEATURE, "seconds to answer")
_ANSWER = {
    Task.GENERIC: Column("answer", ColumnKind.CATEGORY, Role.FEATURE, "answer"),
    Task.MULTICLASS: Column("answer", ColumnKind.CATEGORY, Role.PREDICTION, "answer"),
    Task.REGRESSION: Column("answer", ColumnKind.NUMERIC, Role.PREDICTION, "answer"),
}


def other_evidence(task: Task) -> tuple[Mapping[str, Any], Profile]:
    """Return evidence of a model that does not say yes or no, slower than its reference, and its profile."""
    classes = ("cat", "dog", "bird") if task is Task.MULTICLASS else ()
    spec = ModelSpec((_LANGUAGE, _LATENCY, _ANSWER[task]), task=task, classes=classes, min_rows=10)
    answers: Binning = Categories(("cat", "dog", "bird"))
    if task is Task.REGRESSION:
        answers = Grid(0, (0, 1, 2, 3))
    binnings: dict[str, Binning] = {
        "lang": Categories(("en", "de")),
        "latency": Grid(3, tuple(range(0, 81, 8))),
        "answer": answers,
    }
    scheme = Scheme(spec, binnings)
    profile = make_profile(spec, _counted(scheme, 1000, slower=0), binnings)
    now = _counted(scheme, 500, slower=3)
    policy = OTHER_POLICY
    document = build_evidence(CONTEXT, profile, policy, FrameTallies(now, None), []).document
    return dict(json.loads(json.dumps(document))), profile


def _counted(scheme: Scheme, rows: int, *, slower: int) -> Tally:
    dice = random.Random(rows)  # noqa: S311 - samples, not secrets
    columns = {name: [0] * scheme.binnings[name].length for name in scheme.names}
    layout, outcomes = scheme.outcomes, dict[int, int]()
    for _ in range(rows):
        lang, answer, latency = dice.randrange(2), dice.randrange(3), dice.randrange(40) + 8 * slower
        for name, cell in (("lang", lang), ("latency", latency), ("answer", answer)):
            columns[name][cell] += 1
        said = answer if scheme.spec.task is Task.MULTICLASS else 0
        place = layout.flat((lang, layout.labels - 1, said, 0))
        outcomes[place] = outcomes.get(place, 0) + 1
    return Tally(rows, {name: tuple(cells) for name, cells in columns.items()}, outcomes)
