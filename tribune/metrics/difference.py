"""Where two tallies differ: the first cell, named for a person to look up. Never decides who is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest

from tribune.metrics.binning import Grid
from tribune.metrics.scheme import Scheme
from tribune.metrics.tally import Tally

_STATISTICS = ("rows", "no label", "no error", "sum of e", "sum of |e|", "sum of e²", "sum of e⁴")
_NUMERIC_TAIL = (
    "low tail",
    "sum of low tail",
    "squares of low tail",
    "high tail",
    "sum of high tail",
    "squares of high tail",
    "missing",
    "NaN",
    "+inf",
    "-inf",
)


def first_difference(scheme: Scheme, expected: Tally, found: Tally) -> str | None:
    """Return the first cell that differs with both counts, in profile order; None for equal tallies."""
    if expected.rows != found.rows:
        return f"rows: expected {expected.rows}, found {found.rows}"
    for name in (column.name for column in scheme.spec.counted):
        pairs = zip_longest(expected.columns.get(name, ()), found.columns.get(name, ()))
        for place, (wanted, counted) in enumerate(pairs):
            if wanted != counted:
                return f"{name}, {cell_name(scheme, name, place)}: expected {wanted}, found {counted}"
    for index, wanted, counted in _differing(expected.outcomes, found.outcomes):
        return f"outcomes, {outcome_name(scheme, index)}: expected {wanted}, found {counted}"
    for name in scheme.scored:
        one, other = expected.scores[name], found.scores[name]
        if one.finer != other.finer:
            return f"{name}, bits finer than its column: expected {one.finer}, found {other.finer}"
        for label, pair in (("another", (one.others, other.others)), ("its own", (one.own, other.own))):
            for cell, wanted, counted in _differing(*pair):
                return f"{name}, label {label}, score cell {cell}: expected {wanted}, found {counted}"
    return None


def _differing(expected: Mapping[int, int], found: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    for index in sorted({*expected, *found}):
        wanted, counted = expected.get(index, 0), found.get(index, 0)
        if wanted != counted:
            yield index, wanted, counted


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
    if scheme.spec.has_errors:
        named.append(_STATISTICS[prediction])
    elif scheme.spec.outcomes:
        said = _outcome(scheme, prediction)
        named += [f"label {_outcome(scheme, label)}", f"prediction {said}", f"score cell {score}"]
    return ", ".join(named) or "rows"


def _outcome(scheme: Scheme, place: int) -> str:
    return [*(repr(value) for value in scheme.spec.outcomes), "invalid", "unknown"][place]
