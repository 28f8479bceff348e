"""The figure of one finding: the rates that its measure compares, or the column that it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.exceptions import EvidenceError
from tribune.figures.finding import can_be_drawn, finding_drawing
from tribune.figures.theme import Theme

from .documents import UNFAIR, evidence, reference
from .svg import words

ODDS = "fairness.equalized_odds_difference.lower/sex"


@pytest.mark.parametrize(
    ("metric", "title"),
    [
        ("fairness.demographic_parity_difference.lower/sex", 'Says "employed", by sex'),
        ("fairness.equal_opportunity_ratio/sex", 'Says "employed" where that is true, by sex'),
        ("fairness.accuracy_difference/sex", "Right answers, by sex"),
        ("drift.effect.lower.max", "Age"),
        ("quality.missing_rate/job", "Job"),
    ],
)
def test_finding_drawing__metric__shows_what_it_compares(metric: str, title: str) -> None:
    profile = reference()
    drawing = finding_drawing(evidence(profile, UNFAIR), profile, metric)
    assert drawing is not None
    assert drawing.title == title
    assert title in words(drawing.draw("svg", Theme.LIGHT))
    assert can_be_drawn(metric)


@pytest.mark.parametrize(("label", "shown"), [("0", "where it is not"), ("1", "where that is true")])
def test_finding_drawing__two_rates__shows_the_wider_gap(label: str, shown: str) -> None:
    profile = reference()
    unfair_to_one_label = [
        replace(row, prediction="1" if row.sex == "1" else "0") if row.label == label else row
        for row in UNFAIR
    ]
    drawing = finding_drawing(evidence(profile, unfair_to_one_label), profile, ODDS)
    assert drawing is not None
    assert shown in drawing.title


def test_finding_drawing__bounded_rule__has_intervals_of_its_z() -> None:
    profile = reference()
    parity = "fairness.demographic_parity_difference.lower/sex"
    drawing = finding_drawing(evidence(profile, UNFAIR), profile, parity)
    assert drawing is not None
    assert "(z = 3)" in words(drawing.draw("svg", Theme.LIGHT))


@pytest.mark.parametrize(
    "metric",
    ["quality.volume", "drift.effect.share", "performance.accuracy", "fairness.error_difference/sex"],
)
def test_finding_drawing__nothing_to_draw__is_none(metric: str) -> None:
    profile = reference()
    assert not can_be_drawn(metric)
    assert finding_drawing(evidence(profile, UNFAIR), profile, metric) is None


def test_finding_drawing__another_profile__is_refused() -> None:
    profile = reference()
    with pytest.raises(EvidenceError):
        finding_drawing({**evidence(profile, UNFAIR), "profile": "0x00"}, profile, ODDS)
