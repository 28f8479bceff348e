"""The benchmark's own counting against the engine's, and the rival rules against scipy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from bench.detection.acs import FAULTS, Column, Table
from bench.detection.coded import coded
from bench.detection.rivals import PSI_LIMIT, Rivals
from tribune.metrics import Scheme
from unit.metrics.samples import BINNINGS, SPEC, Row, count, rows

SCHEME = Scheme(replace(SPEC, min_rows=1), BINNINGS)
NAMES = ("age", "job", "sex", "prediction", "score", "label")


def table(sample: list[Row]) -> dict[str, Column]:
    numbers = ("age", "score")
    return {
        name: np.array([getattr(row, name) for row in sample], dtype=float if name in numbers else object)
        for name in NAMES
    }


def odd(sample: list[Row]) -> list[Row]:
    """Rows of which some are out of range, never seen or unlabelled."""
    changes = ({"age": 150.0}, {"age": -3.0}, {"job": "z"}, {"sex": None}, {"label": None}, {"label": "?"})
    return [replace(row, **changes[at % 20]) if at % 20 < 6 else row for at, row in enumerate(sample)]


def test_coded__odd_rows__are_counted_as_by_hand() -> None:
    sample = odd(rows(400, 5))
    assert coded(SCHEME, table(sample)).tally(slice(None)) == count(sample, SCHEME)


def test_coded__rows_drawn_twice__count_twice() -> None:
    sample = odd(rows(50, 5))
    drawn = np.array([3, 3, 7, 0])
    assert coded(SCHEME, table(sample)).tally(drawn) == count([sample[at] for at in drawn], SCHEME)


def distances(before: Table, parts: Sequence[Table]) -> list[float]:
    """Jensen-Shannon distances of ages, in Doane's bins and beyond them."""
    edges = np.histogram_bin_edges(before["age"], bins="doane")
    then = np.append(np.histogram(before["age"], edges)[0] / len(before["age"]), 0)
    now = [np.histogram(part["age"], edges)[0] / len(part["age"]) for part in parts]
    return [float(jensenshannon(then, np.append(shares, 1 - shares.sum()), base=2)) for shares in now]


@pytest.mark.parametrize("older", [0, 3, 6, 30])
def test_rivals__a_window__alarms_as_the_definitions_say(older: int) -> None:
    before, now = table(rows(4500, 1)), table(rows(1000, 2, older=older))
    rivals = Rivals(coded(SCHEME, before), before)
    binned = rivals.binned(coded(SCHEME, now), now)
    chunks = [{k: v[at : at + 1000] for k, v in before.items()} for at in range(0, 4500, 1000)]
    usual, (distance,) = distances(before, chunks), distances(before, [now])
    if distance > np.mean(usual) + 3 * np.std(usual):
        assert rivals.nannyml_alarms(binned, slice(None)) is True
    else:
        assert older < 6
    tens = [np.histogram(part["age"], [-1e9, 20, 30, 40, 50, 60, 1e9])[0] for part in (before, now)]
    p, q = (np.maximum(part / part.sum(), 1e-4) for part in tens)
    assert rivals.psi_alarms(binned, slice(None)) is bool(((p - q) * np.log(p / q)).sum() > PSI_LIMIT)


def test_rivals__answers_suddenly_right__are_an_alarm_too() -> None:
    before, now = table(rows(4500, 1)), table(rows(4500, 1)[:1000])
    rivals = Rivals(coded(SCHEME, before), before)
    assert rivals.nannyml_alarms(rivals.binned(coded(SCHEME, now), now), slice(None)) is False
    now["label"] = now["prediction"]
    assert rivals.nannyml_alarms(rivals.binned(coded(SCHEME, now), now), slice(None)) is True


def test_rivals__window_as_large_as_the_reference__cannot_say() -> None:
    before = table(rows(300, 1))
    rivals = Rivals(coded(SCHEME, before), before)
    assert rivals.nannyml_alarms(rivals.binned(coded(SCHEME, before), before), slice(None)) is None


def test_faults__each__changes_what_it_says() -> None:
    dice = np.random.default_rng(1)
    before = {
        "AGEP": dice.integers(0, 95, 1000).astype(float),
        "SCHL": dice.choice(np.array(["16", "21", "21"], dtype=object), 1000),
        "SEX": dice.choice(np.array(["1", "2"], dtype=object), 1000),
        "label": dice.choice(np.array(["0", "1"], dtype=object), 1000),
    }
    changed = {}
    for name, fault in FAULTS.items():
        after = dict(before)
        fault.change(after)
        changed[name] = {key: int((after[key] != before[key]).sum()) for key in before}
    women, employed = before["SEX"] == "2", before["label"] == "1"
    assert changed["none"] == dict.fromkeys(before, 0)
    assert changed["months 100 %"]["AGEP"] == (before["AGEP"] > 0).sum()
    assert 20 < changed["months 5 %"]["AGEP"] < 80
    assert 10 < changed["SCHL 10 %"]["SCHL"] < 60
    assert changed["women + 40"]["AGEP"] == women.sum()
    share = changed["relabelled 30 %"]["label"] / (women & employed).sum()
    assert share == pytest.approx(0.3, abs=0.1)
