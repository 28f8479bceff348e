"""The metric reference has a row for every metric that a rule can name, and none for others."""

from __future__ import annotations

import re

from support.anvil import ROOT
from tribune.metrics.registry import METRICS

PAGE = (ROOT / "docs" / "metrics.md").read_text("utf-8")
PERFORMANCE = ("_drop", "_increase")


def named() -> set[str]:
    """Return the names in first cells of tables; `.recall` and `macro_auc` are of the family before them."""
    found: set[str] = set()
    for line in PAGE.splitlines():
        cell = line.split("|")[1] if line.startswith("| `") else ""
        names = re.findall(r"`([\w.]+)`", cell)
        family = names[0].split(".")[0] if names else ""
        found.update(
            name if name.startswith(family + ".") else f"{family}.{name.lstrip('.')}" for name in names
        )
    return {name for name in found if name.split(".")[0] in {known.split(".")[0] for known in METRICS}}


def test_metrics_page__every_metric__has_a_row() -> None:
    changes = {name for name in METRICS if name.startswith("performance.") and name.endswith(PERFORMANCE)}
    assert set(METRICS) - changes == named()


def test_metrics_page__changes_of_performance__are_of_metrics_with_rows() -> None:
    """The page has one sentence for all `…_drop` and `…_increase`."""
    changes = [name for name in METRICS if name.startswith("performance.") and name.endswith(PERFORMANCE)]
    assert changes
    for name in changes:
        assert name.removesuffix("_drop").removesuffix("_increase") in named()
