"""Evidence: equal bytes on honest monitors, and nothing in it that should not be published."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics import NOT_AVAILABLE, Policy, Profile, Rule, Severity, Tally, make_profile
from tribune.metrics.families.log_audit import Leaves, LogAudit, Replayed
from tribune.metrics.measure import measure
from tribune.metrics.published import read_rates
from tribune.reports.canonical import parse_canonical
from tribune.reports.evidence import Evidence, EvidenceContext, FrameTallies, build_evidence
from unit.metrics.samples import BINNINGS, SPEC, Row, count, profile_of, rows

PARITY = "fairness.demographic_parity_difference.lower/sex"
POLICY = Policy(
    (
        Rule(PARITY, ">", 100_000, Severity.TRIP, z=3_000_000),
        Rule("performance.accuracy", "<", 500_000, Severity.VOTE, m=2, w=2),
    )
)
CONTEXT = EvidenceContext(
    chain=31337,
    model=ModelId(1),
    version=VersionNumber(1),
    frame=FrameIndex(3),
    start_us=0,
    end_us=10,
    manifest=b"m" * 32,
    policy=b"p" * 32,
    manifests=((2, b"a" * 32), (3, b"b" * 32)),
)
FRAME = [*rows(700, 2), Row(None, "new", "3", "1", None, None)]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of(rows(1000, 1))


def evidence(profile: Profile, sample: list[Row], **context: object) -> Evidence:
    tally = count(sample)
    return build_evidence(
        replace(CONTEXT, **context),  # type: ignore[arg-type]
        profile,
        POLICY,
        FrameTallies(tally, tally),
        [measure(POLICY, profile, count(rows(300, 5)), None)],
    )


def test_build_evidence__rows_in_another_order__has_the_same_digest(profile: Profile) -> None:
    one, other = evidence(profile, FRAME), evidence(profile, FRAME[::-1])
    assert (one.digest, one.cid, one.values) == (other.digest, other.cid, other.values)


def test_build_evidence__one_row_more__has_another_digest(profile: Profile) -> None:
    assert evidence(profile, FRAME).digest != evidence(profile, [*FRAME, FRAME[0]]).digest


def test_build_evidence__data__is_canonical_without_floats(profile: Profile) -> None:
    made = evidence(profile, FRAME)
    assert parse_canonical(made.data)["rules"][0]["metric"] == PARITY
    assert b"." not in json.dumps(json.loads(made.data)["tally"]).encode()


def test_build_evidence__window_with_too_few_frames__is_not_available(profile: Profile) -> None:
    made = evidence(profile, FRAME)
    assert made.values[1] == NOT_AVAILABLE
    assert made.document["rules"][1]["value"] is None


def test_build_evidence__frame_zero__values_are_its_own(profile: Profile) -> None:
    made = evidence(profile, FRAME, frame=FrameIndex(0))
    assert made.values[1] == made.document["values"]["performance.accuracy"]["micro"]


def test_build_evidence__no_rows__every_value_says_so(profile: Profile) -> None:
    empty = Tally.zero(profile.scheme)
    made = build_evidence(CONTEXT, profile, POLICY, FrameTallies(empty, None))
    assert set(made.values) == {NOT_AVAILABLE}
    reasons = {value["reason"] for value in made.document["values"].values()}
    assert reasons == {"no rows", "no labels yet"}


def test_evidence_context__a_digest_of_another_length__is_refused() -> None:
    with pytest.raises(EvidenceError, match="32 bytes"):
        replace(CONTEXT, policy=b"p")


def test_build_evidence__names_from_the_data__are_no_keys() -> None:
    profile = make_profile(SPEC, count(rows(500)), BINNINGS)
    document = evidence(profile, FRAME).document
    assert isinstance(document["tally"]["columns"], list)
    assert all(isinstance(cells, list) for cells in document["tally"]["columns"])


def test_build_evidence__groups_too_small_in_one_frame__rates_and_value_of_the_trailing_sum(
    profile: Profile,
) -> None:
    frames = [count(rows(30, seed)) for seed in (5, 6, 7)]
    tallies = FrameTallies(frames[0], frames[0], tuple((tally, tally) for tally in frames[1:]))
    document = build_evidence(CONTEXT, profile, POLICY, tallies).document
    assert document["values"][PARITY]["reason"].startswith("over 2 frames")
    everyone = read_rates(document, profile, "sex")
    assert sum(n for _, n in everyone.values()) == document["values"][PARITY]["n"] == 60
    alone = build_evidence(CONTEXT, profile, POLICY, FrameTallies(frames[0], frames[0])).document
    assert alone["values"][PARITY]["micro"] is None


def test_build_evidence__no_rule_asks_for_an_audit__document_is_what_it_was(profile: Profile) -> None:
    """The digest was taken before there were audits: no new metric may move that of a policy without it."""
    was = "d636017996cac8d619868ecdf312ef7f5dcb3aa383911d63a72641407c129c5f"
    assert evidence(profile, FRAME).digest.hex() == was


def test_build_evidence__audited_frame__carries_its_integers_and_its_seed(profile: Profile) -> None:
    audit = LogAudit(Leaves(700, True, 699, 1, (5,)), Replayed(9, b"\1" * 32, 200, 199, 199, 2, (3, 8), (5,)))
    policy = Policy(
        (
            Rule("log.anchored_share", "<", 1_000_000, Severity.WARN),
            Rule("replay.mismatch", ">", 10_000, Severity.VOTE),
            Rule("log.volume", "<", 1_000_000, Severity.WARN),
        )
    )
    tally = count(FRAME)
    made = build_evidence(CONTEXT, profile, policy, FrameTallies(tally, None, audit=audit))
    assert made.values == (998_571, 15_000, 701_000_000)
    assert parse_canonical(made.data)["audit"] == {
        "leaves": {"rows": 700, "rooted": 1, "proven": 699, "erased": [1, 5], "changed": [0]},
        "replay": {
            "block": 9,
            "hash": "0x" + "01" * 32,
            "sampled": 200,
            "proven": 199,
            "replayed": 199,
            "mismatched": [2, 3, 8],
            "missing": [5],
        },
    }
