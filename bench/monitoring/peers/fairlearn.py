"""fairlearn on raw rows: a MetricFrame per group column and one of their intersection, with gaps and ratios.

From the frames' `difference` and `ratio` follow demographic parity, equalized odds and equal opportunity,
without a pass over the rows for each. Run in its own environment with (reference, rows) as paths; fairness
has no use for the reference.
"""

from __future__ import annotations

import sys

import pandas as pd
from fairlearn import metrics
from sklearn.metrics import accuracy_score

from bench.monitoring.data import GROUPS, LABEL, PREDICTION
from bench.monitoring.meter import report

rows = pd.read_parquet(sys.argv[2], columns=[*GROUPS, LABEL, PREDICTION])
results = 0
for groups in (*([group] for group in GROUPS), list(GROUPS)):
    frame = metrics.MetricFrame(
        metrics={
            "rows": metrics.count,
            "accuracy": accuracy_score,
            "selection rate": metrics.selection_rate,
            "true positive rate": metrics.true_positive_rate,
            "false positive rate": metrics.false_positive_rate,
        },
        y_true=rows[LABEL],
        y_pred=rows[PREDICTION],
        sensitive_features=rows[groups],
    )
    results += sum(part.size for part in (frame.by_group, frame.difference(), frame.ratio()))
report(results=results)
