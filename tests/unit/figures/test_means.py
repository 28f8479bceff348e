"""Means beside the reference's: places and words from raw rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tribune.figures.means import Mean, means, means_of
from tribune.figures.report import report_drawings
from tribune.figures.theme import Theme
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Role, Task
from tribune.reports.evidence import FrameTallies, build_evidence
from unit.metrics.counted import profile_of_rows, tally_of_rows

from .documents import CONTEXT
from .svg import words

SPEC = ModelSpec(
    (
        Column("latency", ColumnKind.NUMERIC, Role.FEATURE, "seconds to answer"),
        Column("refused", ColumnKind.CATEGORY, Role.FEATURE, positive="yes"),
        Column("length", ColumnKind.NUMERIC, Role.FEATURE),
    ),
    Task.GENERIC,
    min_rows=10,
)


def rows(latency: int, refused: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "latency": [latency, latency + 20] * 50,
            "refused": ["yes"] * refused + ["no"] * (100 - refused),
            "length": [3, 5] * 50,
        }
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Mean]:
    folder = tmp_path_factory.mktemp("means")
    profile = profile_of_rows(folder, SPEC, rows(100, 20))
    tally = tally_of_rows(folder, profile, rows(105, 30))
    document = build_evidence(CONTEXT, profile, Policy(()), FrameTallies(tally, None)).document
    drawings = [one.name for one in report_drawings(document, profile, Policy(()))]
    assert "means" in drawings
    return means_of(document, profile)


def test_means_of__columns_of_any_unit__are_sorted_by_deviations_moved(found: list[Mean]) -> None:
    assert [mean.name for mean in found] == ["seconds to answer", "refused", "length"]
    expected = [5 / np.std([100, 120]), 0.1 / np.sqrt(0.2 * 0.8), 0]
    assert [mean.moved for mean in found] == pytest.approx(expected)
    assert all(mean.low <= mean.moved <= mean.high for mean in found)


def test_means_of__values__are_told_as_people_read_them(found: list[Mean]) -> None:
    assert [mean.words for mean in found] == ["110 → 115", "20 % → 30 %", "4 → 4"]


@pytest.mark.parametrize("theme", Theme)
def test_means__svg__holds_names_and_both_values(theme: Theme, found: list[Mean]) -> None:
    drawn = words(means(found, title="Means", form="svg", theme=theme))
    assert "seconds to answer" in drawn
    assert "110 → 115" in drawn
