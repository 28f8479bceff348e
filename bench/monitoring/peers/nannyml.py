"""NannyML's univariate drift: Jensen-Shannon, Kolmogorov-Smirnov and Wasserstein on 24 features in 10 chunks.

Run in its own environment with (reference, rows) as paths.
"""

from __future__ import annotations

import sys

import nannyml as nml
import pandas as pd

from bench.monitoring.data import CATEGORIES, FEATURES, NUMBERS
from bench.monitoring.meter import report

reference, rows = (pd.read_parquet(path, columns=list(FEATURES)) for path in sys.argv[1:3])
for frame in (reference, rows):
    frame[list(CATEGORIES)] = frame[list(CATEGORIES)].astype("category")
calculator = nml.UnivariateDriftCalculator(
    column_names=[*NUMBERS, *CATEGORIES],
    continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein"],
    categorical_methods=["jensen_shannon"],
    chunk_number=10,
)
results = calculator.fit(reference).calculate(rows)
report(results=len(results.to_df()))
