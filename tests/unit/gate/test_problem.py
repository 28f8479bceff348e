"""The words and fields of a refusal, as the examples have them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tribune.gate.problem import Subject, headers, not_recorded, problem
from tribune.gate.status import CaseFacts, Reading, Refusal, StatusView
from tribune.ids import Digest, VersionNumber
from tribune.reports.canonical import cid
from unit.gate.chain import ACTIVE, CASE, METRIC, MODEL, PAUSED, SUSPENDED, VERSION, view_of

SUBJECT = Subject(MODEL, VERSION, "acs-employment", "https://dao.example")


def _refusal(reading: Reading, case: CaseFacts | None = CASE, sentence: str = "") -> Refusal:
    view = view_of(reading)
    if case is not None:
        view.explain(case, sentence)
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    return refusal


def _problem(reading: Reading, case: CaseFacts | None = CASE, sentence: str = "") -> dict[str, Any]:
    return problem(SUBJECT, _refusal(reading, case, sentence))


def test_problem__suspended__has_the_fields_of_the_example() -> None:
    sentence = "acs-employment v1 treats women and men differently."
    found = _problem(SUSPENDED, sentence=sentence)
    assert found.pop("instance").startswith("/requests/")
    assert found.pop("view_age_s") < 1
    assert found == {
        "type": "https://dao.example/problems/model-suspended",
        "title": "This model is stopped",
        "status": 503,
        "detail": f"{sentence} Token holders are voting on whether it stays stopped.",
        "model": "acs-employment",
        "model_id": 1,
        "version": 1,
        "state": "Suspended",
        "reason": METRIC,
        "until": "2026-11-21T15:30:00Z",
        "vote": "https://dao.example/b/7",
        "evidence": cid(Digest(b"\x11" * 32)),
        "seen_block": 812,
    }


def test_problem__suspended_without_a_sentence__says_metric_value_and_limit() -> None:
    assert _problem(SUSPENDED)["detail"] == (
        "acs-employment v1 broke a rule that token holders voted: "
        f"{METRIC} is 0.431, the limit 0.100. Token holders are voting on whether it stays stopped."
    )


def test_problem__vote_not_open_yet__says_that_anyone_can_open_it() -> None:
    assert _problem(SUSPENDED, replace(CASE, vote=0))["detail"].endswith(
        "Anyone can open the vote on whether it stays stopped."
    )


def test_problem__case_not_read_yet__says_what_is_known() -> None:
    found = _problem(SUSPENDED, None)
    assert found["detail"] == "acs-employment v1 was stopped."
    assert not {"reason", "evidence"} & set(found)


@pytest.mark.parametrize(
    ("kind", "words"), [("Guardian", "the guardian"), ("Stale", "reported nothing in time")]
)
def test_problem__other_kinds_of_case__say_who_stopped_it(kind: str, words: str) -> None:
    found = _problem(SUSPENDED, replace(CASE, kind=kind, metric="", evidence=bytes(32)))
    assert words in found["detail"]
    assert found["reason"] == kind.lower()
    assert "evidence" not in found


def test_problem__paused__names_no_end() -> None:
    refusal = _refusal(PAUSED)
    found = problem(SUBJECT, refusal)
    assert found["state"] == "Paused"
    assert "until" not in found
    assert "only another vote sets it free" in found["detail"]
    assert b"retry-after" not in dict(headers(found, refusal))


def test_headers__suspended__count_down_by_chain_time() -> None:
    view = view_of(SUSPENDED, age_s=2)
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    assert dict(headers(problem(SUBJECT, refusal), refusal)) == {
        b"content-type": b"application/problem+json",
        b"cache-control": b"no-store",
        b"retry-after": b"998",
    }


def test_problem__blind__never_guesses() -> None:
    view = view_of(SUSPENDED, age_s=60, case=CASE)
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    found = problem(SUBJECT, refusal)
    assert (found["state"], found["detail"]) == ("Unknown", "We cannot see the chain, so we do not answer.")
    assert (found["seen_block"], found["view_age_s"]) == (812, pytest.approx(60, abs=1))
    assert not {"until", "vote", "reason", "evidence"} & set(found)
    assert b"retry-after" not in dict(headers(found, refusal))


def test_problem__blind_from_the_start__has_no_block_and_no_age() -> None:
    refusal = StatusView(MODEL).refusal(VERSION, 5)
    assert refusal is not None
    found = problem(SUBJECT, refusal)
    assert found["state"] == "Unknown"
    assert not {"seen_block", "view_age_s"} & set(found)


def test_problem__wrong_version__names_the_one_in_force() -> None:
    found = _problem(replace(ACTIVE, version=VersionNumber(2)), None)
    assert found["detail"] == "acs-employment v1 is not in force; version 2 is."


@pytest.mark.parametrize("change", [{"halted": True}, {"state": "Inactive"}, {"state": "Retired"}])
def test_problem__other_stops__have_words_of_their_own(change: dict[str, Any]) -> None:
    found = _problem(replace(ACTIVE, **change), None)
    assert found["detail"]
    assert "vote" not in found


def test_problem__no_site_and_no_name__needs_neither() -> None:
    found = problem(Subject(MODEL, VERSION), _refusal(SUSPENDED))
    assert found["type"] == "urn:tribune:problem:model-suspended"
    assert found["detail"].startswith("model 1 v1")
    assert not {"vote", "model"} & set(found)


def test_problem__negative_value_with_six_places__is_exact() -> None:
    found = _problem(SUSPENDED, replace(CASE, value=-123_456, limit=-1_500_000))
    assert "is -0.123456, the limit -1.500." in found["detail"]


def test_not_recorded__withheld_answer__says_so() -> None:
    assert not_recorded(SUBJECT)["status"] == 503


def test_problem__each_time__has_an_instance_of_its_own() -> None:
    refusal = _refusal(SUSPENDED)
    assert len({problem(SUBJECT, refusal)["instance"] for _ in range(20)}) == 20
