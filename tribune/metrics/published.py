"""The published form of a tally: reduced to what people and figures need, small cells merged.

Values, sums and caches never use it. A published cell is None where it was merged: a cell of fewer than
min_cell rows joins its successor in profile order, the last its predecessor. An empty cell describes nobody
and stays 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tribune.exceptions import EvidenceError
from tribune.metrics.binning import Categories, Grid
from tribune.metrics.canonical import json_integers
from tribune.metrics.profile import Profile
from tribune.metrics.spec import Task
from tribune.metrics.statistics.comparisons import ACCURACY, ODDS, OPPORTUNITY, SELECTION, Kind
from tribune.metrics.statistics.groups import Place, known_places, targets, title
from tribune.metrics.statistics.outcomes import by_group, by_score, confusion, sums
from tribune.metrics.statistics.trailing import Trail
from tribune.metrics.tally import NumericCounts, Tally

SCORE_BINS = 10
"""Published score bins, of equal width over the score's range; one more counts rows without a score."""

_NUMERIC_EDGE = ("missing", "NaN", "+inf", "-inf")


def merged(cells: Sequence[int], min_cell: int) -> list[int | None]:
    """Return the cells with small ones merged; the sum stays unless all rows together are too few to show."""
    result: list[int | None] = []
    waiting = 0
    for count in cells:
        waiting += count
        if 0 < waiting < min_cell:
            result.append(None)
        else:
            result.append(waiting)
            waiting = 0
    for place in range(len(result) - 1, -1, -1):
        if not waiting:
            break
        before = result[place]
        if before is not None:
            waiting += before
            result[place] = waiting if waiting >= min_cell else None
            waiting = 0 if waiting >= min_cell else waiting
    return result


def unmerged(cells: Sequence[int | None]) -> list[tuple[tuple[int, ...], int]]:
    """Return which cells `merged` put together, by place, with their rows.

    A merged cell joins its successor, the last ones go back; where all are merged there is nothing to return.
    """
    parts: list[tuple[tuple[int, ...], int]] = []
    waiting: list[int] = []
    for place, count in enumerate(cells):
        waiting.append(place)
        if count is not None:
            parts.append((tuple(waiting), count))
            waiting = []
    if waiting and parts:
        places, count = parts[-1]
        parts[-1] = (*places, *waiting), count
    return parts


def published_tally(profile: Profile, tally: Tally, min_cell: int, *, columns: bool) -> dict[str, Any]:
    """Return a tally's published form.

    `columns`: per measured column; numeric: low tail, bins, high tail, missing, NaN, +inf, -inf; category:
    values, other values, missing. `groups`: per group column [group × label × prediction], last axis fastest;
    for classifiers only. `confusion`: [label × prediction], where there are no groups; for classifiers only.
    `scores`: [label × score bin]; for binary models only. `errors`: rows with an error, without a label, with
    no error, sums of e, |e|, e² and e⁴; for regression models only.
    """
    spec = profile.spec
    document: dict[str, Any] = {"rows": tally.rows}
    if spec.outcomes and spec.groups:
        document["groups"] = [merged(_group_cells(profile, tally, c.name), min_cell) for c in spec.groups]
    elif spec.outcomes:
        document["confusion"] = merged(_confusion_cells(profile, tally), min_cell)
    if spec.score is not None:
        document["scores"] = merged(_score_cells(profile, tally), min_cell)
    if spec.has_errors:
        document["errors"] = json_integers(sums(profile, tally).statistics)
    if columns:
        document["columns"] = [
            merged(column_cells(profile, tally, column.name), min_cell) for column in profile.spec.measured
        ]
    return document


def published_rates(
    profile: Profile,
    tally: Tally,
    labelled: Tally | None,
    trailing: Sequence[tuple[Tally, Tally | None]] = (),
) -> list[dict[str, Any]]:
    """Return, per group column and intersection, what groups of at least `min_group` rows were told.

    Smaller groups are None. `selection`: [positive predictions, rows] per group; `true_positive`,
    `false_positive`: the same among rows labelled positive and negative, `opportunity`: among those labelled
    positive once more, over the frames that these alone need; binary models only. `right`: [right answers,
    labelled rows]; classifiers only. All are of the trailing sum of frames that their metric is measured on.
    """
    now = Trail(profile, tally, [frame for frame, _ in trailing])
    then = None if labelled is None else Trail(profile, labelled, [frame for _, frame in trailing])
    rates = []
    for target in targets(profile) if profile.spec.outcomes else []:
        kinds = {"right": _rates(ACCURACY, then, profile, target)[0]}
        if profile.spec.task is Task.BINARY:
            kinds["selection"] = _rates(SELECTION, now, profile, target)[0]
            kinds["opportunity"] = _rates(OPPORTUNITY, then, profile, target)[0]
            kinds["true_positive"], kinds["false_positive"] = _rates(ODDS, then, profile, target)
        rates.append(kinds)
    return rates


def _rates(kind: Kind, trail: Trail | None, profile: Profile, target: str) -> list[list[list[int] | None]]:
    """Return the rates that are compared, each by group, over the frames that their metric takes."""
    places, least = known_places(profile, target), profile.spec.min_group
    steps = trail.steps(kind.group_rows, target) if trail and trail.newest.rows else []
    shown: list[dict[Place, list[int]]] = [{} for _ in kind.compare(profile, Tally(0, {}), target)[0].rates]
    for step in steps:
        fresh = None if step is steps[-1] else step.pairs.fresh
        for found, rates in zip(shown, kind.compare(profile, step.tally, target)[0].rates, strict=True):
            new = {p: list(rate) for p, rate in rates.items() if p not in found and rate[1] >= least}
            found |= {p: rate for p, rate in new.items() if fresh is None or ("", p) in fresh}
    return [[found.get(place) for place in places] for found in shown]


def is_of(document: Mapping[str, Any], profile: Profile) -> bool:
    """Whether an evidence document was measured with this profile."""
    return bool(document.get("profile") == "0x" + profile.digest.hex())


def check_profile(document: Mapping[str, Any], profile: Profile) -> None:
    """Raise EvidenceError unless the document was measured with this profile."""
    if not is_of(document, profile):
        raise EvidenceError(
            "The evidence was measured with another profile.", mend="Give the profile whose digest it names."
        )


def read_rates(
    document: Mapping[str, Any], profile: Profile, target: str, kind: str = "selection"
) -> dict[str, tuple[int, int]]:
    """Return (positive predictions, rows) per group from an evidence document, by its name for people.

    Args:
        document: evidence.
        profile: the one it was measured with.
        target: a group column, or an intersection as "A&B".
        kind: "selection", "true_positive", "false_positive", "opportunity" or "right".
    """
    rates = document["rates"][targets(profile).index(target)][kind]
    return {
        title(profile, target, place): (rate[0], rate[1])
        for place, rate in zip(known_places(profile, target), rates, strict=True)
        if rate is not None
    }


def read_column(document: Mapping[str, Any], profile: Profile, name: str) -> dict[str, int | None]:
    """Return a column's published cells by what they count, in order; None: merged with a neighbour."""
    place = profile.spec.measured.index(profile.spec.column(name))
    cells = document["tally"]["columns"][place]
    return dict(zip(column_cell_names(profile, name), cells, strict=True))


def column_cells(profile: Profile, tally: Tally, name: str) -> list[int]:
    """Return the cells of a column that are published, before any is merged."""
    binning, column = profile.binnings[name], tally.columns[name]
    if isinstance(binning, Categories):
        return list(column)
    counts = NumericCounts.of(binning, column)
    ends = (counts.missing, counts.nan, counts.positive_infinity, counts.negative_infinity)
    return [counts.low, *counts.inner_bins(binning), counts.high, *ends]


def column_cell_names(profile: Profile, name: str) -> list[str]:
    """Return what the published cells of a column count."""
    binning = profile.binnings[name]
    if isinstance(binning, Categories):
        return [*(f"value {value!r}" for value in binning.values), "other values", "missing"]
    bins = [f"cells {low} to {high - 1}" for low, high in pairwise(binning.edges)]
    return ["low tail", *bins, "high tail", *_NUMERIC_EDGE]


def group_cell_names(profile: Profile, group: str) -> list[str]:
    """Return what the published cells of a group column's outcomes count."""
    places = [*_values(profile, group), "other values", "missing"]
    return [f"{group} {place}, {cell}" for place in places for cell in confusion_cell_names(profile)]


def confusion_cell_names(profile: Profile) -> list[str]:
    """Return what the published cells of label × prediction count."""
    labels, said = _outcome_names(profile), _outcome_names(profile)[:-1]
    return [f"label {label}, prediction {prediction}" for label in labels for prediction in said]


def score_cell_names(profile: Profile) -> list[str]:
    """Return what the published score cells count."""
    bins = [*(f"score bin {place}" for place in range(SCORE_BINS)), "no score"]
    return [f"label {label}, {place}" for label in _outcome_names(profile) for place in bins]


def _outcome_names(profile: Profile) -> list[str]:
    spec = profile.spec
    known = ["negative", "positive"] if spec.task is Task.BINARY else [repr(name) for name in spec.classes]
    return [*known, "invalid", "unknown"]


def _group_cells(profile: Profile, tally: Tally, group: str) -> list[int]:
    layout = profile.scheme.outcomes
    cells = [0] * (profile.binnings[group].length * layout.labels * layout.predictions)
    for (place, label, said), count in by_group(profile, tally, group).items():
        cells[(place * layout.labels + label) * layout.predictions + said] += count
    return cells


def _confusion_cells(profile: Profile, tally: Tally) -> list[int]:
    layout = profile.scheme.outcomes
    cells = [0] * (layout.labels * layout.predictions)
    for (label, said), count in confusion(profile, tally).items():
        cells[label * layout.predictions + said] += count
    return cells


def _score_cells(profile: Profile, tally: Tally) -> list[int]:
    cells = [0] * (4 * (SCORE_BINS + 1))
    last = profile.scheme.outcomes.score_cells - 1
    for (label, score), count in by_score(profile, tally).items():
        place = SCORE_BINS if score == last else score * SCORE_BINS // last
        cells[label * (SCORE_BINS + 1) + place] += count
    return cells


def _values(profile: Profile, group: str) -> tuple[str, ...]:
    binning = profile.binnings[group]
    return () if isinstance(binning, Grid) else binning.values
