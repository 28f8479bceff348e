"""Rules, columns and rates read from evidence; a document of something else is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.exceptions import EvidenceError
from tribune.figures.overview import Verdict
from tribune.figures.reading import (
    check,
    moved_columns,
    rates_of,
    rule_lines,
    shown_value,
    worst_columns,
    z_of,
)
from tribune.ids import FrameIndex, ModelId
from tribune.metrics import Policy, Rule, Severity
from tribune.metrics.policies.policy import Stage
from unit.metrics.samples import rows

from .documents import PARITY, POLICY, UNFAIR, evidence, reference


def test_check__another_profile_or_policy__is_refused() -> None:
    profile = reference()
    document = evidence(profile, UNFAIR)
    check(document, profile, POLICY)
    with pytest.raises(EvidenceError, match="another profile"):
        check({**document, "profile": "0x" + "00" * 32}, profile, POLICY)
    with pytest.raises(EvidenceError, match="other rules"):
        check(document, profile, Policy(POLICY.rules[:2]))


def test_rule_lines__unfair_frame__broken_kept_and_not_measured() -> None:
    profile = reference()
    parity, drift, accuracy = rule_lines(evidence(profile, UNFAIR), profile, POLICY)
    assert parity.verdict is Verdict.BROKEN
    assert parity.shown.startswith("at least ")
    assert "sex" in parity.subject
    assert drift.verdict is Verdict.BROKEN
    assert drift.subject.endswith("(age)")
    assert accuracy.verdict is Verdict.UNKNOWN  # 2 of 2 frames, and the frame before has no anchor
    assert accuracy.consequence == "warns"


def test_rule_lines__value_close_to_its_limit__shown_apart() -> None:
    profile = reference()
    document = {**evidence(profile, UNFAIR)}
    document["rules"] = [{**rule} for rule in document["rules"]]
    document["rules"][0]["value"] = 100_001
    line = rule_lines(document, profile, POLICY)[0]
    assert (line.shown, line.shown_limit) == ("at least 10.0001 %", "10 %")


@pytest.mark.parametrize(("stage", "frame"), [(Stage.PRODUCTION, 0), (Stage.EVALUATION, 3)])
def test_rule_lines__rule_of_another_stage__is_not_judged(stage: Stage, frame: int) -> None:
    profile = reference()
    policy = Policy((Rule("quality.volume", "<", 10**12, Severity.TRIP, stage=stage),))
    document = evidence(profile, UNFAIR, policy, frame=FrameIndex(frame))
    assert rule_lines(document, profile, policy)[0].verdict is Verdict.ELSEWHERE


@pytest.mark.parametrize("stage", Stage)
def test_rule_lines__data_of_ones_own__is_judged_by_all_rules(stage: Stage) -> None:
    profile = reference()
    policy = Policy((Rule("quality.volume", "<", 10**12, Severity.TRIP, stage=stage),))
    document = evidence(profile, UNFAIR, policy, frame=FrameIndex(0), chain=0, model=ModelId(0))
    assert rule_lines(document, profile, policy)[0].verdict is Verdict.BROKEN


def test_moved_columns__the_reference_itself__has_none() -> None:
    profile = reference()
    assert moved_columns(evidence(profile, rows(1000, 1)), profile) == []


def test_moved_columns__older_people__age_first() -> None:
    profile = reference()
    document = evidence(profile, UNFAIR)
    name, moved = moved_columns(document, profile)[0]
    assert (name, moved.micro) == ("age", document["values"]["drift.effect/age"]["micro"])


def test_worst_columns__broken_rule_on_one__comes_first() -> None:
    profile = reference()
    rule = Rule("quality.missing_rate/job", ">", 0, Severity.WARN)
    sample = [replace(row, job=None) if at % 4 == 0 else row for at, row in enumerate(UNFAIR)]
    document = evidence(profile, sample, Policy((rule,)))
    assert worst_columns(document, profile, Policy((rule,)))[:2] == ["job", "age"]


@pytest.mark.parametrize(
    ("kind", "label"), [("selection", None), ("true_positive", "1"), ("false_positive", "0")]
)
def test_rates_of__any_kind__is_what_the_raw_rows_say(kind: str, label: str | None) -> None:
    profile = reference()
    rates = rates_of(evidence(profile, UNFAIR), profile, "sex", kind)
    women = [row for row in UNFAIR if row.sex == "2" and label in (None, row.label)]
    assert rates["women"] == (sum(row.prediction == "1" for row in women), len(women))


def test_rates_of__right_answers__are_those_of_the_raw_rows() -> None:
    profile = reference()
    rates = rates_of(evidence(profile, UNFAIR), profile, "sex", "right")
    men = [row for row in UNFAIR if row.sex == "1"]
    assert rates["men"] == (sum(row.prediction == row.label for row in men), len(men))


def test_rates_of__document_without_such_a_rate__is_empty() -> None:
    profile = reference()
    assert rates_of({"rates": []}, profile, "sex", "selection") == {}
    assert rates_of({"rates": [{"selection": []}]}, profile, "sex", "right") == {}


def test_shown_value__thousands__are_written_out_without_decimals() -> None:
    assert shown_value("quality.volume", 12_345_678_900) == "12,346"
    assert shown_value("drift.effect/age", 431_400) == "0.431"
    assert shown_value("performance.accuracy", 831_000) == "83.1 %"


def test_z_of__bounded_metric__is_its_rules() -> None:
    profile = reference()
    document = evidence(profile, UNFAIR)
    assert z_of(document, PARITY) == z_of(document, PARITY.replace(".lower", "")) == 3_000_000
    assert z_of(document, "no.such") == 0
