"""A second opinion on a report: scikit-learn and fairlearn compute the same measures on the same counts.

Counts are given to them as rows with `sample_weight`. Only measures that both sides define alike are asked
for. Slow to import (some three seconds), so nothing else uses this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tribune.exceptions import ConfigurationError
from tribune.metrics.binning import Categories
from tribune.metrics.fixed import MICRO
from tribune.metrics.profile import Profile
from tribune.metrics.spec import Task
from tribune.metrics.tally import Tally

_CLOSE = 1
"""Millionths that two roundings may be apart."""

Measures = Mapping[str, Callable[[], float]]


@dataclass(frozen=True)
class Opinion:
    """What another library says of a value: its name, ours and theirs in millionths, and who they are."""

    metric: str
    ours: int
    theirs: int
    library: str

    @property
    def agrees(self) -> bool:
        """Whether both say the same, but for the last digit."""
        return abs(self.ours - self.theirs) <= _CLOSE


@dataclass(frozen=True)
class _Rows:
    """Cells of the outcomes as weighted rows: labels, predictions, groups, weights."""

    labels: list[int]
    said: list[int]
    groups: list[tuple[int, ...]]
    weights: list[int]

    def where(self, keep: Callable[[int], bool]) -> _Rows:
        """Return the rows at some places."""
        places = [place for place in range(len(self.weights)) if keep(place)]
        columns = (self.labels, self.said, self.groups, self.weights)
        return _Rows(*([column[place] for place in places] for column in columns))  # type: ignore[arg-type]


def second_opinion(profile: Profile, tally: Tally, document: Mapping[str, Any]) -> list[Opinion]:
    """Return what scikit-learn and fairlearn say of the values of a document that they define alike.

    Args:
        profile: by which rows were counted.
        tally: of the rows, labels joined.
        document: evidence about them.

    Raises:
        ConfigurationError: the libraries are not installed.
    """
    if not profile.spec.outcomes:
        return []
    try:
        import fairlearn.metrics  # noqa: F401
        import sklearn.metrics  # noqa: F401
    except ImportError:
        raise ConfigurationError(
            "A second opinion needs scikit-learn and fairlearn.", mend="pip install 'tribune-dao[monitors]'."
        ) from None
    rows = _rows(profile, tally)
    asked = {
        "scikit-learn": {**_performance(profile, rows), **_ranking(profile, tally)},
        "fairlearn": dict(_fairness(profile, rows)),
    }
    return [
        Opinion(metric, document["values"][metric]["micro"], round(ask() * MICRO), library)
        for library, measures in asked.items()
        for metric, ask in measures.items()
        if document["values"].get(metric, {}).get("micro") is not None
    ]


def _rows(profile: Profile, tally: Tally) -> _Rows:
    layout = profile.scheme.outcomes
    rows = _Rows([], [], [], [])
    for index, count in tally.outcomes.items():
        *groups, label, said, _ = layout.positions(index)
        rows.labels.append(label)
        rows.said.append(said)
        rows.groups.append(tuple(groups))
        rows.weights.append(count)
    return rows


def _performance(profile: Profile, rows: _Rows) -> Measures:
    from sklearn import metrics

    outcomes = len(profile.spec.outcomes)
    judged = rows.where(lambda at: rows.labels[at] < outcomes and rows.said[at] < outcomes)
    pair, weigh = (judged.labels, judged.said), {"sample_weight": judged.weights}
    measures: dict[str, Callable[[], float]] = {
        "performance.accuracy": lambda: metrics.accuracy_score(*pair, **weigh),
        "performance.mcc": lambda: metrics.matthews_corrcoef(*pair, **weigh),
    }
    if profile.spec.task is Task.BINARY:
        measures |= {
            "performance.balanced_accuracy": lambda: metrics.balanced_accuracy_score(*pair, **weigh),
            "performance.precision": lambda: metrics.precision_score(*pair, **weigh),
            "performance.recall": lambda: metrics.recall_score(*pair, **weigh),
            "performance.specificity": lambda: metrics.recall_score(*pair, pos_label=0, **weigh),
            "performance.f1": lambda: metrics.f1_score(*pair, **weigh),
        }
        return measures
    kinds = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}
    everywhere = set(judged.labels) == set(judged.said) == set(range(outcomes))
    for kind, score in kinds.items():
        for place, name in enumerate(profile.spec.classes):
            only = {"labels": [place], "average": "macro", "zero_division": 0}
            measures[f"performance.class_{kind}/{name}"] = partial(score, *pair, **only, **weigh)
        if everywhere:  # a mean leaves out classes without rows, where scikit-learn takes 0
            measures[f"performance.macro_{kind}"] = partial(score, *pair, average="macro", **weigh)
    return measures


def _ranking(profile: Profile, tally: Tally) -> Measures:
    """Return the areas under the curve, each score's outcome against all others."""
    from sklearn.metrics import roc_auc_score

    measures: dict[str, Callable[[], float]] = {}
    for name in profile.scheme.scored:
        of_class, table = profile.spec.column(name).of_class, tally.scores[name]
        if table.others and table.own:
            sides = enumerate((table.others, table.own))
            labelled = [(label, cell, n) for label, cells in sides for cell, n in cells.items()]
            labels, scores, weights = zip(*labelled, strict=True)
            metric = f"performance.class_auc/{of_class}" if of_class else "performance.auc"
            measures[metric] = partial(roc_auc_score, labels, scores, sample_weight=weights)
    return measures


def _fairness(profile: Profile, rows: _Rows) -> Iterator[tuple[str, Callable[[], float]]]:
    from fairlearn import metrics

    if profile.spec.task is not Task.BINARY:
        return
    said = rows.where(lambda at: rows.said[at] < 2)
    judged = said.where(lambda at: said.labels[at] < 2)
    for axis, column in enumerate(profile.spec.groups):
        binning = profile.binnings[column.name]
        named = len(binning.values) if isinstance(binning, Categories) else 0
        enough = [place for place in range(named) if _count(said, axis, place) >= profile.spec.min_group]
        both = [
            place
            for place in range(named)
            if all(_count(judged, axis, place, label) >= profile.spec.min_group for label in (0, 1))
        ]
        for measure, source, places in (
            ("demographic_parity_difference", said, enough),
            ("demographic_parity_ratio", said, enough),
            ("equalized_odds_difference", judged, both),
            ("equalized_odds_ratio", judged, both),
            ("equal_opportunity_difference", judged, both),
            ("equal_opportunity_ratio", judged, both),
        ):
            chosen = source.where(partial(_is_in, source, axis, frozenset(places)))
            yield f"fairness.{measure}/{column.name}", partial(_ask, getattr(metrics, measure), chosen, axis)


def _is_in(rows: _Rows, axis: int, places: frozenset[int], at: int) -> bool:
    return rows.groups[at][axis] in places


def _ask(measure: Callable[..., float], rows: _Rows, axis: int) -> float:
    """Ask fairlearn; a measure of predictions only takes labels and does not look at them."""
    labels = [min(label, 1) for label in rows.labels]
    groups = [places[axis] for places in rows.groups]
    return measure(labels, rows.said, sensitive_features=groups, sample_weight=rows.weights)


def _count(rows: _Rows, axis: int, place: int, label: int | None = None) -> int:
    return sum(
        weight
        for groups, found, weight in zip(rows.groups, rows.labels, rows.weights, strict=True)
        if groups[axis] == place and label in (None, found)
    )
