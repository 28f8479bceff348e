"""Recomputing a report: the same, or the first cell that differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import Policy, Profile, Rule, Severity, Tally
from tribune.metrics.families.log_audit import LogAudit, Replayed
from tribune.reports.canonical import canonical_bytes, parse_canonical
from tribune.reports.evidence import Evidence, EvidenceContext, FrameFiles
from tribune.reports.verify import recompute, verify_evidence
from unit.metrics.samples import Row, count, profile_of, rows

POLICY = Policy((Rule("performance.accuracy", "<", 500_000, Severity.VOTE, m=2, w=2),))
PARITY = Policy((Rule("fairness.demographic_parity_difference/sex", ">", 100_000, Severity.WARN),))
CONTEXT = EvidenceContext(
    chain=31337,
    model=ModelId(1),
    version=VersionNumber(1),
    frame=FrameIndex(2),
    start_us=0,
    end_us=10,
    manifest=b"m" * 32,
    policy=b"p" * 32,
    manifests=((1, b"a" * 32), (2, b"b" * 32)),
)
ONE, TWO, LABELS = Path("one"), Path("two"), Path("labels")
FRAMES = [
    FrameFiles(FrameIndex(1), b"a" * 32, (ONE,), (ONE,), (LABELS,)),
    FrameFiles(FrameIndex(2), b"b" * 32, (TWO,), (TWO,), (LABELS,)),
]
PARTITIONS: dict[Path, list[Row]] = {ONE: rows(400, 1), TWO: rows(500, 2)}


def counting(partitions: dict[Path, list[Row]]) -> Callable[[Sequence[Path], Sequence[Path], Profile], Tally]:
    def engine(decisions: Sequence[Path], labels: Sequence[Path], profile: Profile) -> Tally:
        return sum((count(partitions[path]) for path in decisions), Tally.zero(profile.scheme))

    return engine


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 3))


@pytest.fixture(scope="module")
def made(profile: Profile) -> Evidence:
    return recompute(CONTEXT, profile, POLICY, FRAMES, counting(PARTITIONS))


def test_verify_evidence__honest_report__is_the_same(profile: Profile, made: Evidence) -> None:
    verdict = verify_evidence(made.data, profile, POLICY, FRAMES, counting(PARTITIONS))
    assert verdict.same
    assert verdict.recomputed.digest == made.digest
    assert verdict.recomputed.values == made.values != (-(2**63),)


def test_verify_evidence__rows_changed__names_the_cell(profile: Profile, made: Evidence) -> None:
    changed = [replace(row, age=5) for row in PARTITIONS[TWO][:40]]
    verdict = verify_evidence(
        made.data,
        profile,
        POLICY,
        FRAMES,
        counting({ONE: PARTITIONS[ONE], TWO: [*changed, *PARTITIONS[TWO][40:]]}),
    )
    assert not verdict.same
    assert verdict.difference.startswith("age, cells ")


def test_verify_evidence__an_earlier_frame_changed__names_the_rule(profile: Profile, made: Evidence) -> None:
    perfect = [replace(row, label=row.prediction) for row in PARTITIONS[ONE]]
    verdict = verify_evidence(
        made.data, profile, POLICY, FRAMES, counting({ONE: perfect, TWO: PARTITIONS[TWO]})
    )
    assert verdict.difference.startswith("rules.0.value: the evidence says")


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("tally", "rows"), 501, "tally.rows"),
        (("tally", "columns", 1, 0), 1, "job, value 'a'"),
        (("tally", "groups", 0, 0), 1, "tally, sex 1, label negative, prediction negative"),
        (("labelled", "scores", 0), 1, "labelled, label negative, score bin 0"),
        (("values", "performance.accuracy", "micro"), 1, "performance.accuracy, micro"),
        (("values", "performance.auc", "reason"), "x", "performance.auc, reason"),
        (("rates", 0, "selection", 0, 0), 1, "rates.0.selection.0.0"),
        (("note",), 1, "note"),
    ],
)
def test_verify_evidence__a_tampered_cell__is_named(
    profile: Profile, made: Evidence, path: tuple[str | int, ...], value: object, word: str
) -> None:
    document = parse_canonical(made.data)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    verdict = verify_evidence(canonical_bytes(document), profile, POLICY, FRAMES, counting(PARTITIONS))
    assert verdict.difference.startswith(f"{word}: the evidence says")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("chain", 1),
        ("start", 5),
        ("end", 11),
        ("min_cell", 1),
        ("manifest", "0x" + "00" * 32),
        ("manifests", [[2, "0x" + b"b".hex() * 32]]),
    ],
)
def test_verify_evidence__about_something_else_than_the_chain_says__is_named(
    profile: Profile, made: Evidence, key: str, value: Any
) -> None:
    said = canonical_bytes({**made.document, key: value})
    verdict = verify_evidence(said, profile, POLICY, FRAMES, counting(PARTITIONS), CONTEXT)
    assert verdict.difference.startswith(key)


def test_verify_evidence__another_profile__is_refused(made: Evidence) -> None:
    with pytest.raises(EvidenceError, match="another profile"):
        verify_evidence(made.data, profile_of(rows(1000, 4)), POLICY, FRAMES, counting(PARTITIONS))


def test_verify_evidence__other_rules__is_refused(profile: Profile, made: Evidence) -> None:
    other = Policy((Rule("drift.psi.max", ">", 0, Severity.WARN),))
    with pytest.raises(EvidenceError, match="other rules"):
        verify_evidence(made.data, profile, other, FRAMES, counting(PARTITIONS))


@pytest.mark.parametrize("data", [b"", b"[]", b'{"schema":"x"}', b'{"schema":"tribune/evidence/1"}'])
def test_verify_evidence__no_evidence__is_refused(profile: Profile, data: bytes) -> None:
    with pytest.raises(EvidenceError):
        verify_evidence(data, profile, POLICY, FRAMES, counting(PARTITIONS))


def test_recompute__reported_frame_without_partitions__is_refused(profile: Profile) -> None:
    with pytest.raises(EvidenceError, match="no sealed partitions"):
        recompute(CONTEXT, profile, POLICY, [FRAMES[0], None], counting(PARTITIONS))


def test_recompute__earlier_frame_without_anchor__gives_no_value(profile: Profile) -> None:
    made = recompute(CONTEXT, profile, POLICY, [None, FRAMES[1]], counting(PARTITIONS))
    assert made.values == (-(2**63),)


def test_verify_evidence__trailing_frames__are_recomputed_too(profile: Profile) -> None:
    small = {ONE: rows(60, 1), TWO: rows(30, 2)}
    before = FRAMES[0]
    frames = [before, replace(FRAMES[1], trailing=(before,))]
    made = recompute(CONTEXT, profile, PARITY, frames, counting(small))
    assert verify_evidence(made.data, profile, PARITY, frames, counting(small)).same
    other = {**small, ONE: rows(60, 3)}
    verdict = verify_evidence(made.data, profile, PARITY, frames, counting(other))
    assert verdict.difference.startswith("rates.0")


def audited(mismatched: int) -> LogAudit:
    return LogAudit(replayed=Replayed(9, b"\1" * 32, 200, 200, 200, mismatched, tuple(range(mismatched))))


AUDITED = Policy((Rule("replay.mismatch", ">", 10_000, Severity.VOTE, m=2, w=2),))


def test_verify_evidence__other_answers_in_the_sample__names_them(profile: Profile) -> None:
    audits = {frame.frame: audited(3) for frame in FRAMES}
    made = recompute(CONTEXT, profile, AUDITED, FRAMES, counting(PARTITIONS), audits)
    assert made.values == (15_000,)
    again = {**audits, FRAMES[1].frame: audited(4)}
    verdict = verify_evidence(made.data, profile, AUDITED, FRAMES, counting(PARTITIONS), audits=again)
    assert verdict.difference.startswith("audit of the log, replay, mismatched")


def test_recompute__log_was_not_audited__is_refused(profile: Profile) -> None:
    audits = {FRAMES[1].frame: audited(3)}
    with pytest.raises(EvidenceError, match="log of frame 1 was not audited"):
        recompute(CONTEXT, profile, AUDITED, FRAMES, counting(PARTITIONS), audits)
