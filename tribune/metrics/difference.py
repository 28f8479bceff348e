"""Where two tallies differ: the first cell, named for a person to look up. Never decides who is right."""

from __future__ import annotations

from itertools import zip_longest

from tribune.metrics.binning import Grid, Scheme
from tribune.metrics.tally import Tally

_LABELS = ("negative", "positive", "invalid", "unknown")
_PREDICTIONS = ("negative", "positive", "invalid")
_NUMERIC_TAIL = (
    "low tail",
    "sum of low tail",
    "high tail",
    "sum of high tail",
    "missing",
    "NaN",
    "+inf",
    "-inf",
)


def first_difference(scheme: Scheme, expected: Tally, found: Tally) -> str | None:
    """Return the first cell that differs with both counts, in profile order; None for equal tallies."""
    if expected.rows != found.rows:
        return f"rows: expected {expected.rows}, found {found.rows}"
    for name in (column.name for column in scheme.spec.measured):
        pairs = zip_longest(expected.columns.get(name, ()), found.columns.get(name, ()))
        for place, (wanted, counted) in enumerate(pairs):
            if wanted != counted:
                return f"{name}, {cell_name(scheme, name, place)}: expected {wanted}, found {counted}"
    for index in sorted({*expected.outcomes, *found.outcomes}):
        wanted, counted = expected.outcomes.get(index, 0), found.outcomes.get(index, 0)
        if wanted != counted:
            return f"outcomes, {outcome_name(scheme, index)}: expected {wanted}, found {counted}"
    return None


def cell_name(scheme: Scheme, column: str, place: int) -> str:
    """Return what a column's cell counts."""
    binning = scheme.binnings[column]
    if isinstance(binning, Grid):
        if place < binning.size:
            return f"cell {binning.edges[0] + place}"
        return _NUMERIC_TAIL[place - binning.size] if place < binning.length else f"cell {place}"
    if place < len(binning.values):
        return f"value {binning.values[place]!r}"
    return "other values" if place == len(binning.values) else "missing"


def outcome_name(scheme: Scheme, index: int) -> str:
    """Return what a cell of the outcomes counts."""
    layout = scheme.outcomes
    *groups, label, prediction, score = layout.positions(index)
    named = [
        f"{name} {cell_name(scheme, name, place)}"
        for (name, _), place in zip(layout.groups, groups, strict=True)
    ]
    return ", ".join(
        [*named, f"label {_LABELS[label]}", f"prediction {_PREDICTIONS[prediction]}", f"score cell {score}"]
    )
