"""Sorting an engine's keys into cells: bounded by the profile, not by what a log holds."""

from __future__ import annotations

import tracemalloc

from tribune_monitors.engines.classify import OutcomeCounter
from unit.metrics.samples import SCHEME, Row, count

ROWS = 20_000


def test_outcome_counter__each_row_of_another_unknown_group__keeps_none_of_them() -> None:
    counter = OutcomeCounter(SCHEME)
    tracemalloc.start()
    for number in range(ROWS):
        counter.add(((f"group {number}",), False, None, f"answer {number}"), 0.5, 1)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 10 * ROWS  # bytes
    same = count([Row(None, None, "group", "answer", 0.5 / 128)] * ROWS)
    assert counter.columns() == {name: same.columns[name] for name in ("sex", "prediction")}
    assert counter.outcomes() == same.outcomes
