"""Words about cases that people called for or that nobody could measure, and a plain admission of that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from support.small_model import BINNINGS, SPEC, tally_of
from tribune.metrics import (
    Profile,
    make_profile,
)
from tribune.metrics.value import NOT_AVAILABLE
from tribune.reports.words import NOT_LOOKED, Kind, Subject, case_words
from unit.reports.worded import FAIR, parity


@pytest.fixture(scope="module")
def profile() -> Profile:
    return make_profile(SPEC, tally_of(FAIR), BINNINGS)


def test_case_words__no_evidence__says_that_it_could_not_look(profile: Profile) -> None:
    case = Subject("acs-employment", 1, value=430_000, limit=100_000, stopped=True)
    words = case_words(case, parity(), None, profile)
    assert not words.looked
    assert words.headline == "acs-employment v1 has been stopped: it treats groups by SEX differently"
    assert words.sentence.endswith(f"this gap is at least 43. {NOT_LOOKED}")
    assert "groups by sex" in words.finding


def test_case_words__evidence_of_another_profile__says_that_it_could_not_look(profile: Profile) -> None:
    case = Subject("m", 1, value=430_000, limit=100_000)
    words = case_words(case, parity(), {"schema": "tribune/evidence/1", "profile": "0x00"}, profile)
    assert not words.looked


def test_case_words__malformed_evidence__says_that_it_could_not_look(profile: Profile) -> None:
    case = Subject("m", 1, value=430_000, limit=100_000)
    broken = {"schema": "tribune/evidence/1", "profile": "0x" + profile.digest.hex(), "rates": [[1]]}
    assert not case_words(case, parity(), broken, profile).looked


def test_case_words__not_available__says_that_nobody_could_measure(profile: Profile) -> None:
    case = Subject("m", 1, value=NOT_AVAILABLE, limit=100_000)
    words = case_words(case, parity(), None, profile)
    assert words.fault == "cannot be measured"
    assert words.finding.startswith(
        "For more than 3 frames in a row nobody could measure the gap in positive"
    )


def test_case_words__no_rule__still_has_words() -> None:
    words = case_words(Subject("m", 1, value=1, limit=0), None, None, None)
    assert words.headline == "m v1 needs your vote: it broke one of the rules you voted"
    assert not words.looked


def test_case_words__resume__tells_cause_and_fix() -> None:
    case = Subject("m", 2, kind=Kind.HOLDER_RESUME)
    words = case_words(case, None, {"cause": "Ages came in wrong.", "fix": "The feed was mended."}, None)
    assert words.question == "Let m v2 answer again?"
    assert words.sentence == "Cause: Ages came in wrong.\nFix: The feed was mended."


def test_case_words__resume_without_conclusion__says_so() -> None:
    words = case_words(Subject("m", 2, kind=Kind.HOLDER_RESUME), None, None, None)
    assert "could not be read" in words.sentence
    assert not words.looked


def test_case_words__resume_called_by_holders__says_how_many_votes() -> None:
    case = Subject("m", 2, kind=Kind.HOLDER_RESUME, share=3.04)
    words = case_words(case, None, {"cause": "Ages came in wrong."}, None)
    assert words.why.startswith("Holders of 3.04 % of all votes say that the incident is over")
    assert words.clause == "holders of 3.04 % of all votes ask to run it again"


@pytest.mark.parametrize(
    ("kind", "stopped", "headline", "clause"),
    [
        (Kind.GUARDIAN, True, "m v1 has been stopped by the guardian", "the guardian stopped it"),
        (
            Kind.GUARDIAN,
            False,
            "m v1 needs your vote: the guardian asks to stop it",
            "the guardian asks to stop it",
        ),
        (
            Kind.STALE,
            True,
            "m v1 has been stopped: nobody has measured it since 14:00 UTC on 21 November",
            "nobody has measured it since 14:00 UTC on 21 November",
        ),
        (
            Kind.HOLDER_PAUSE,
            False,
            "m v1 needs your vote: holders of 0.5 % of all votes ask to stop it",
            "holders of 0.5 % of all votes ask to stop it",
        ),
    ],
)
def test_case_words__kind_without_rule__says_who_and_why(
    kind: Kind, stopped: bool, headline: str, clause: str
) -> None:
    start, end = (datetime(2026, 11, 21, 14, minute, tzinfo=UTC) for minute in (0, 10))
    case = Subject("m", 1, kind=kind, stopped=stopped, start=start, end=end, share=0.5)
    words = case_words(case, None, {"reason": "It insults people."}, None)
    assert (words.headline, words.clause, words.fault) == (headline, clause, "")
    assert words.question == ("Keep m v1 stopped?" if stopped else "Stop m v1?")
    said = "between 14:00 and 14:10 UTC" if kind is Kind.STALE else "why: “It insults people.”"
    assert said in words.sentence
    assert words.looked


@pytest.mark.parametrize("kind", [Kind.GUARDIAN, Kind.HOLDER_PAUSE])
@pytest.mark.parametrize("evidence", [None, {}, {"reason": 7}, {"reason": " "}])
def test_case_words__reason_cannot_be_read__says_so(kind: Kind, evidence: dict[str, Any] | None) -> None:
    words = case_words(Subject("m", 1, kind=kind), None, evidence, None)
    assert words.sentence.endswith(NOT_LOOKED)
    assert not words.looked


def test_case_words__stale_and_nothing_known_of_the_frame__still_has_words() -> None:
    words = case_words(Subject("m", 1, kind=Kind.STALE, value=0, frame=7), None, None, None)
    assert words.clause == "nobody has measured it"
    assert words.finding.startswith("No report on its decisions in frame 7 was accepted")
