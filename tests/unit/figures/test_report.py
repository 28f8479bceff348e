"""The figures of a report: all of them, each in both forms and themes, whatever names the data has."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tribune.figures.finding import can_be_drawn, finding_drawing
from tribune.figures.history import Point
from tribune.figures.report import report_drawings, write_drawings
from tribune.figures.theme import Theme
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Profile, Role
from tribune.reports.evidence import FrameTallies, build_evidence
from unit.metrics.counted import profile_of_rows, tally_of_rows

from .documents import CONTEXT, POLICY, UNFAIR, evidence, reference
from .svg import size_of, words

HISTORY = [[Point(2, 0), Point(3, 431_000)], [], [Point(3, None)]]


def test_report_drawings__report__overview_columns_groups_and_history() -> None:
    profile = reference()
    drawings = report_drawings(evidence(profile, UNFAIR), profile, POLICY, history=HISTORY)
    assert [(d.section, d.name) for d in drawings] == [
        ("overview", "overview"),
        ("columns", "column-0"),
        ("columns", "column-3"),
        ("columns", "column-2"),
        ("groups", "groups-0-selection"),
        ("groups", "groups-0-true_positive"),
        ("groups", "groups-0-false_positive"),
        ("groups", "groups-0-right"),
        ("history", "rule-0"),
        ("history", "rule-1"),
        ("history", "rule-2"),
    ]


@pytest.mark.parametrize("theme", Theme)
def test_report_drawings__each__can_be_drawn_and_says_its_title(theme: Theme) -> None:
    profile = reference()
    for drawing in report_drawings(evidence(profile, UNFAIR), profile, POLICY, history=HISTORY):
        said = words(drawing.draw("svg", theme))
        assert drawing.title in said
        assert drawing.words
    assert size_of(drawing.draw("png", theme))[0] == 800


def test_write_drawings__report__writes_every_form_and_theme(tmp_path: Path) -> None:
    profile = reference()
    drawings = report_drawings(evidence(profile, UNFAIR), profile, POLICY)[:2]
    written = write_drawings(drawings, tmp_path)
    assert [path.name for path in written[:4]] == [
        "overview-light.png",
        "overview-light.svg",
        "overview-dark.png",
        "overview-dark.svg",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(written)
    assert len({path.read_bytes() for path in written}) == 8


def test_report_page__imported__has_not_imported_matplotlib() -> None:
    code = "import sys, tribune.figures.report_page; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_report_drawings__few_rows__still_has_an_overview() -> None:
    profile = reference()
    drawings = report_drawings(evidence(profile, UNFAIR[:5]), profile, POLICY)
    assert [d.section for d in drawings] == ["overview"]
    assert "2 not measured" in drawings[0].words or "3 not measured" in drawings[0].words


def crossed(tmp_path: Path) -> tuple[Mapping[str, Any], Profile]:
    """Return evidence of groups by sex and age together, of whom young women are never told 1."""
    groups = (Column(name, ColumnKind.CATEGORY, Role.GROUP) for name in ("sex", "age"))
    said = Column("said", ColumnKind.CATEGORY, Role.PREDICTION)
    spec = ModelSpec((*groups, said), intersections=(("sex", "age"),), min_rows=10, min_group=20)
    frame = pd.DataFrame(
        {
            "sex": ["man", "woman"] * 400,
            "age": ["old", "old", "young", "young"] * 200,
            "said": (["1"] * 3 + ["0"]) * 200,
        }
    )
    profile = profile_of_rows(tmp_path, spec, frame)
    tally = tally_of_rows(tmp_path, profile, frame)
    document = build_evidence(CONTEXT, profile, Policy(()), FrameTallies(tally, None)).document
    return document, profile


def test_report_drawings__crossed_groups__have_figures_of_their_own(tmp_path: Path) -> None:
    drawings = report_drawings(*crossed(tmp_path), Policy(()))
    (drawing,) = (one for one in drawings if one.name.startswith("groups-2"))
    assert drawing.title == 'Says "1", by sex and age'
    assert "0 of 100 (200 rows)" in drawing.words
    assert drawing.draw("svg", Theme.LIGHT)


def test_finding_drawing__crossed_groups__are_drawn(tmp_path: Path) -> None:
    metric = "fairness.demographic_parity_difference/sex&age"
    drawing = finding_drawing(*crossed(tmp_path), metric)
    assert can_be_drawn(metric)
    assert drawing is not None
    assert drawing.title == 'Says "1", by sex and age'
