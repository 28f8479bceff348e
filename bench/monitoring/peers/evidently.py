"""Evidently as its users run it: default drift and data summary presets on the 24 features, result as JSON.

Run in its own environment with (reference, rows) as paths.
"""

from __future__ import annotations

import sys

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset

from bench.monitoring.data import CATEGORIES, FEATURES, NUMBERS
from bench.monitoring.meter import report

reference, rows = (pd.read_parquet(path, columns=list(FEATURES)) for path in sys.argv[1:3])
definition = DataDefinition(numerical_columns=list(NUMBERS), categorical_columns=list(CATEGORIES))
result = Report([DataDriftPreset(), DataSummaryPreset()]).run(
    Dataset.from_pandas(rows, data_definition=definition),
    Dataset.from_pandas(reference, data_definition=definition),
)
report(results=len(result.json()))
