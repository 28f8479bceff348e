"""The demo's model and its rows: held-out rows of 2015, and 2016 to 2018 as they are or with a fault.

Rows of a year are ordered by the sha-256 of their ids: the survey's own order is not time. Faults of features
come before the model answers; where labels turn wrong, its answers stay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from examples.acs_employment.model import Model, load_model
from examples.acs_employment.rows import (
    LABEL,
    TRAFFIC_YEARS,
    load_spec,
    read_half,
    read_year,
    request_columns,
)
from examples.acs_employment.train import train

Column = NDArray[Any]
Table = Mapping[str, Column]
"""Columns by name: numbers as float64, anything else as text."""

MEN, WOMEN = "1", "2"
MONTHS, YEARS_TOO_MANY = 12, 40


@dataclass(frozen=True)
class Fault:
    """A fault: what is wrong, and how rows then arrive. `late`: it is in the labels, after the answer."""

    words: str
    change: Callable[[dict[str, Column]], None]
    late: bool = False


def _months(share: int) -> Callable[[dict[str, Column]], None]:
    def change(rows: dict[str, Column]) -> None:
        rows["AGEP"] = np.where(_chosen(rows, share), rows["AGEP"] * MONTHS, rows["AGEP"])

    return change


def _recode(rows: dict[str, Column]) -> None:
    """Let a tenth of the rows have the code of the commonest schooling."""
    values, counts = np.unique(rows["SCHL"], return_counts=True)
    rows["SCHL"] = np.where(_chosen(rows, 10), values[counts.argmax()], rows["SCHL"])


def _older_women(rows: dict[str, Column]) -> None:
    rows["AGEP"] = rows["AGEP"] + YEARS_TOO_MANY * (rows["SEX"] == WOMEN)


def _relabelled(rows: dict[str, Column]) -> None:
    wrong = (rows["SEX"] == WOMEN) & (rows["label"] == "1") & _chosen(rows, 30)
    rows["label"] = np.where(wrong, "0", rows["label"])


def _chosen(rows: Mapping[str, Column], percent: int) -> NDArray[np.bool_]:
    """Return which rows are concerned, drawn once for all windows."""
    dice = np.random.default_rng(percent)
    return dice.random(len(rows["AGEP"])) < percent / 100


FAULTS = {
    "none": Fault("no fault", lambda rows: None),
    "months 100 %": Fault("ages in months", _months(100)),
    "months 5 %": Fault("ages in months in 5 % of rows", _months(5)),
    "SCHL 10 %": Fault("schooling falls back to its commonest code in 10 % of rows", _recode),
    "women + 40": Fault("women's ages 40 years too high", _older_women),
    "relabelled 30 %": Fault("30 % of employed women labelled as not employed", _relabelled, late=True),
}


def trained() -> Model:
    """Train the demo's first version."""
    with tempfile.TemporaryDirectory() as folder:
        return load_model(train("v1", Path(folder)))


def reference(model: Model) -> Table:
    """Return the held-out half of 2015 with the model's answers."""
    return _answered(model, _table(read_half(held_out=True)))


def traffic(model: Model, fault: Fault) -> Table:
    """Return 2016 to 2018 in order, with a fault and the model's answers."""
    years = [_table(read_year(year)) for year in TRAFFIC_YEARS]
    rows = {name: np.concatenate([year[name] for year in years]) for name in years[0]}
    if fault.late:
        rows = dict(_answered(model, rows))
        fault.change(rows)
        return rows
    fault.change(rows)
    return _answered(model, rows)


def _table(table: Any) -> dict[str, Column]:
    names = request_columns(load_spec())
    rows = {name: table.column(name).to_numpy(zero_copy_only=False) for name in names}
    return {**rows, "label": table.column(LABEL).to_numpy(zero_copy_only=False)}


def _answered(model: Model, rows: Mapping[str, Column]) -> Table:
    lists = {name: rows[name].tolist() for name in model.card.inputs}
    dicts = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    answers = model.answer(dicts)
    return {
        **rows,
        "prediction": np.array([answer.prediction for answer in answers], dtype=object),
        "score": np.array([answer.score for answer in answers]),
    }
