"""What scikit-learn and fairlearn say of the same counts, and that a wrong value would be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tribune.metrics import Profile, Tally, evaluate, standard_metrics
from tribune_monitors.measurement.second_opinion import second_opinion

from ...metrics import measured
from ...metrics.families.test_multiclass import FRAME, REFERENCE, SPEC
from ...metrics.samples import Row, count, profile_of, rows

ODD = [
    Row(30, "a", "1", "1", None, "1"),
    Row(30, "a", "9", None, 0.5, "0"),
    Row(30, "a", "1", "0", 0.5, "no"),
]


def document_of(profile: Profile, tally: Tally) -> Mapping[str, Any]:
    """The values of a report, without all else."""
    found = evaluate(standard_metrics(profile), profile, tally, tally, {})
    return {"values": {name: value.to_json() for name, value in found.items()}}


@pytest.fixture(scope="module")
def binary() -> tuple[Profile, Tally]:
    return profile_of(rows(1000, 1)), count([*rows(800, 2, unfair=0.3), *ODD])


def test_second_opinion__a_binary_model__agrees_on_all(binary: tuple[Profile, Tally]) -> None:
    opinions = second_opinion(*binary, document_of(*binary))
    assert [opinion.metric for opinion in opinions if not opinion.agrees] == []
    names = {opinion.metric for opinion in opinions}
    assert {"performance.auc", "performance.specificity"} < names
    assert "fairness.equalized_odds_difference/sex" in names


def test_second_opinion__several_classes__agrees_on_all(tmp_path: Path) -> None:
    profile = measured.profile_of(tmp_path, SPEC, REFERENCE)
    tally = measured.tally_of(tmp_path, profile, FRAME)
    opinions = second_opinion(profile, tally, document_of(profile, tally))
    assert [opinion.metric for opinion in opinions if not opinion.agrees] == []
    names = {opinion.metric for opinion in opinions}
    assert {"performance.macro_f1", "performance.class_auc/cat", "performance.class_recall/dog"} < names


def test_second_opinion__a_wrong_value__is_seen(binary: tuple[Profile, Tally]) -> None:
    document = document_of(*binary)
    document["values"]["performance.recall"]["micro"] += 2
    wrong = [opinion for opinion in second_opinion(*binary, document) if not opinion.agrees]
    assert [(opinion.metric, opinion.library) for opinion in wrong] == [
        ("performance.recall", "scikit-learn")
    ]
    assert replace(wrong[0], ours=wrong[0].theirs + 1).agrees
