"""The figure of one finding: how groups are treated, or how a column's values changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tribune.figures.reading import rates_of
from tribune.figures.report import RATES, Drawing, column_drawing, group_drawing
from tribune.metrics.profile import Profile
from tribune.metrics.published import check_profile
from tribune.metrics.statistics.groups import targets
from tribune.metrics.value import MetricName

_KINDS = {
    "demographic_parity": ("selection",),
    "equalized_odds": ("true_positive", "false_positive"),
    "equal_opportunity": ("true_positive",),
    "accuracy": ("right",),
}
"""Rates that a fairness measure compares, by its name without "_difference" or "_ratio"."""


def can_be_drawn(metric: str) -> bool:
    """Return whether a finding of this metric can have a figure, as far as its name tells."""
    parts = MetricName.parse(metric)
    family, measure = parts.base.split(".")
    if family == "fairness":
        return measure.rpartition("_")[0] in _KINDS
    return family in ("drift", "quality") and bool(parts.target or parts.over == "max")


def finding_drawing(document: Mapping[str, Any], profile: Profile, metric: str) -> Drawing | None:
    """Return the figure that shows what a rule found; None where the document has nothing to draw.

    Where a measure compares two rates, the one with the wider gap is shown.

    Args:
        document: evidence.
        profile: the one it was measured with.
        metric: of the rule.

    Raises:
        EvidenceError: the document is of another profile.
    """
    check_profile(document, profile)
    parts = MetricName.parse(metric)
    target = parts.target or str((document["values"].get(metric) or {}).get("at", ""))
    drawn = {*(column.name for column in profile.spec.measured), *targets(profile)}
    if not can_be_drawn(metric) or target not in drawn:
        return None
    family, measure = parts.base.split(".")
    if family != "fairness":
        return column_drawing(document, profile, target)
    wanted = [kind for kind in RATES if kind[0] in _KINDS[measure.rpartition("_")[0]]]
    kind, _, words = max(wanted, key=lambda kind: _gap(rates_of(document, profile, target, kind[0])))
    return group_drawing(document, profile, target, kind, parts.base, words)


def _gap(rates: Mapping[str, tuple[int, int]]) -> float:
    shares = [hits / rows for hits, rows in rates.values() if rows]
    return max(shares) - min(shares) if shares else -1.0
