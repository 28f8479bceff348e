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
    ("kind", "words"),
    [
        ("Guardian", "The guardian stopped acs-employment v1"),
        ("Stale", "nobody measured it in time"),
        ("HolderPause", "Token holders asked to stop acs-employment v1"),
    ],
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


def test_problem__chain_restarted_lower__says_how_to_mend_it_once_too_old() -> None:
    view = view_of(ACTIVE, age_s=60)
    view.go_back(3)
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    detail = problem(SUBJECT, refusal)["detail"]
    assert "at block 3 and was at 812" in detail
    assert "restart" in detail


def test_problem__chain_seen_again_or_lost__says_nothing_of_a_restart() -> None:
    view = view_of(ACTIVE, age_s=60)
    view.go_back(3)
    view.lose("The chain did not answer within 2 s.")
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    assert problem(SUBJECT, refusal)["detail"] == "We cannot see the chain, so we do not answer."


def test_problem__nodes_contradict_each_other__says_so_and_nothing_else() -> None:
    view = view_of(ACTIVE)
    view.dispute()
    refusal = view.refusal(VERSION, 5)
    assert refusal is not None
    found = problem(SUBJECT, refusal)
    assert found["state"] == "Unknown"
    assert found["detail"].startswith("The nodes of the chain contradict each other about this model.")
    assert "seen_block" not in found


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


def test_problem__not_available_for_too_long__names_no_number() -> None:
    found = _problem(SUSPENDED, replace(CASE, value=-(2**63)))
    assert f"{METRIC} could not be measured for too long." in found["detail"]


HALTED = replace(ACTIVE, halted=True, halted_until=1_795_275_000)


def test_problem__halted__says_until_when_and_counts_down() -> None:
    refusal = _refusal(HALTED, None)
    found = problem(SUBJECT, refusal)
    assert found["title"] == "All models are stopped"
    assert found["detail"] == "All models are halted until 2026-11-21 15:30:00 UTC."
    assert (found["state"], found["until"]) == ("Halted", "2026-11-21T15:30:00Z")
    assert dict(headers(found, refusal))[b"retry-after"] == b"1000"


def test_problem__halted_while_suspended_for_longer__ends_with_the_suspension() -> None:
    refusal = _refusal(replace(HALTED, state="Suspended", until=HALTED.halted_until + 60), None)
    found = problem(SUBJECT, refusal)
    assert "until 2026-11-21 15:30:00 UTC" in found["detail"]
    assert found["until"] == "2026-11-21T15:31:00Z"


@pytest.mark.parametrize(
    "reading", [replace(HALTED, halted_until=0), replace(HALTED, state="Paused", case_id=CASE.case_id)]
)
def test_problem__halted_without_a_known_end__promises_none(reading: Reading) -> None:
    refusal = _refusal(reading, None)
    found = problem(SUBJECT, refusal)
    assert "until" not in found
    assert b"retry-after" not in dict(headers(found, refusal))


def test_problem__halted_for_good__says_that_no_end_is_known() -> None:
    assert _problem(replace(HALTED, halted_until=0), None)["detail"] == (
        "All models are halted; no end is known."
    )


def test_problem__panel_of_one__says_that_it_is_not_independent() -> None:
    alone = _problem(SUSPENDED, replace(CASE, monitors=1))
    assert (alone["monitors"], "Measured by one monitor, not independent." in alone["detail"]) == (1, True)
    three = _problem(SUSPENDED, replace(CASE, monitors=3))
    assert (three["monitors"], "independent" in three["detail"]) == (3, False)
    assert "monitors" not in _problem(SUSPENDED, replace(CASE, monitors=0))


@pytest.mark.parametrize("registered", [b"", b"\x02" * 32])
def test_problem__artifact__says_which_of_the_two_it_is(registered: bytes) -> None:
    view = view_of(ACTIVE)
    view.register(VERSION, registered)
    refusal = view.refusal(VERSION, 5, b"\x01" * 32)
    assert refusal is not None
    found = problem(SUBJECT, refusal)
    assert ("does not have the digest" if registered else "has not been compared") in found["detail"]
    assert found["state"] == "Active"
