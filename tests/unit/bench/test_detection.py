"""The benchmark's own counting against the engine's, and the rival rules against scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from bench.detection.acs import FAULTS
from bench.detection.coded import coded
from bench.detection.rivals import JS_LIMIT, PSI_LIMIT, Rivals
from tribune.metrics import Scheme
from unit.metrics.samples import BINNINGS, SPEC, Row, count, rows

SCHEME = Scheme(replace(SPEC, min_rows=1), BINNINGS)
NAMES = ("age", "job", "sex", "prediction", "score", "label")


def table(sample: list[Row]) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
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


@pytest.mark.parametrize("older", [0, 3, 6, 30])
def test_rivals__a_window__alarms_as_the_definitions_say(older: int) -> None:
    before, now = table(rows(4000, 1)), table(rows(1000, 2, older=older))
    rivals = Rivals(coded(SCHEME, before), before)
    binned = rivals.binned(coded(SCHEME, now), now)
    edges = np.histogram_bin_edges(before["age"], bins="doane")
    shares = [np.histogram(part["age"], edges)[0] / len(part["age"]) for part in (before, now)]
    outside = 1 - shares[1].sum()
    distance = jensenshannon(np.append(shares[0], 0), np.append(shares[1], outside), base=2)
    right = [part["prediction"] == part["label"] for part in (before, now)]
    chunks = [right[0][at : at + 1000].mean() for at in range(0, 4000, 1000)]
    off = abs(right[1].mean() - np.mean(chunks)) > 3 * np.std(chunks)
    assert rivals.nannyml_alarms(binned, slice(None)) is bool(distance > JS_LIMIT or off)
    tens = [np.histogram(part["age"], [-1e9, 20, 30, 40, 50, 60, 1e9])[0] for part in (before, now)]
    p, q = (np.maximum(part / part.sum(), 1e-4) for part in tens)
    assert rivals.psi_alarms(binned, slice(None)) is bool(((p - q) * np.log(p / q)).sum() > PSI_LIMIT)


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
