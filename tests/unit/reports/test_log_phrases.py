"""Words about a log and about decisions that were run again: numbers from the audit, in German too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.small_model import BINNINGS, SPEC, tally_of
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.language import Language, spoken
from tribune.metrics import Policy, Profile, Rule, Severity, make_profile
from tribune.metrics.families.log_audit import Leaves, LogAudit, Replayed
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from tribune.reports.words import Subject, case_words
from unit.reports.worded import FAIR

PROVEN = Rule("log.anchored_share", "<", 1_000_000, Severity.VOTE)
MISMATCH = Rule("replay.mismatch", ">", 20_000, Severity.TRIP)
VOLUME = Rule("log.volume", "<", 5_000_000_000, Severity.WARN)
LEAVES = Leaves(2000, True, 1997, 1, (5,), (7, 8))
REPLAYED = Replayed(9, b"h" * 32, 200, 200, 200, 31, tuple(range(31)))


@pytest.fixture(scope="module")
def profile() -> Profile:
    return make_profile(SPEC, tally_of(FAIR), BINNINGS)


def words(profile: Profile, rule: Rule, audit: LogAudit | None) -> Any:
    context = EvidenceContext(
        31337, ModelId(1), VersionNumber(1), FrameIndex(2), 0, 1, bytes(32), bytes(32), ()
    )
    tallies = FrameTallies(tally_of(FAIR), None, audit=audit)
    made = build_evidence(context, profile, Policy((rule,)), tallies).document
    value = made["values"][rule.metric]["micro"]
    case = Subject("credit", 1, value=value, limit=rule.limit, stopped=True)
    return case_words(case, rule, made, profile)


def test_case_words__another_model_answered__says_how_many_of_the_drawn(profile: Profile) -> None:
    found = words(profile, MISMATCH, LogAudit(replayed=REPLAYED))
    assert found.headline == (
        "credit v1 has been stopped: it answers otherwise than the model that was registered"
    )
    assert found.sentence == (
        "200 decisions, drawn by lot, were put to the registered model again. It gave another answer to 31. "
        "The limit you voted is a share of 2; this share is 16."
    )
    assert found.looked


def test_case_words__some_could_not_be_run_again__says_so(profile: Profile) -> None:
    audit = LogAudit(replayed=replace(REPLAYED, replayed=198, missing_at=(40, 41)))
    assert words(profile, MISMATCH, audit).finding.endswith(
        "It gave another answer to 31. Of 2 the content is gone, so nobody can tell."
    )


def test_case_words__rows_not_proven__says_how_many_and_what_was_erased(profile: Profile) -> None:
    found = words(profile, PROVEN, LogAudit(LEAVES))
    assert found.fault == "has a log that does not prove its decisions"
    assert found.finding == (
        "Of 2,000 decisions in its log 3 are not proven by what was anchored on the chain. "
        "The content of 1 of them was erased."
    )


def test_case_words__another_root__says_that_first(profile: Profile) -> None:
    found = words(profile, PROVEN, LogAudit(replace(LEAVES, rooted=False)))
    assert found.finding == "The fingerprints in its log are not those that were anchored on the chain."


def test_case_words__volume_of_the_log__counts_decisions(profile: Profile) -> None:
    assert words(profile, VOLUME, None).finding == "It made 2,000 decisions in this frame."


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (PROVEN, "has a log that does not prove its decisions"),
        (MISMATCH, "answers otherwise than the model that was registered"),
        (VOLUME, "made an unusual number of decisions"),
    ],
)
def test_case_words__evidence_not_read__the_name_says_what_is_wrong(
    rule: Rule, fault: str, profile: Profile
) -> None:
    found = case_words(Subject("credit", 1, value=0, limit=rule.limit), rule, None, profile)
    assert (found.fault, found.looked) == (fault, False)


def test_case_words__german_reader__is_told_in_german(profile: Profile) -> None:
    with spoken(Language.GERMAN):
        found = words(profile, MISMATCH, LogAudit(replayed=REPLAYED))
    assert found.fault == "antwortet anders als das Modell, das registriert wurde"
    assert found.finding.startswith("200 ausgeloste Entscheidungen wurden dem registrierten Modell")
