"""Metrics: functions of integer tallies, exact to the last digit, that never see a row."""

from tribune.metrics.binning import Binning, Categories, Grid
from tribune.metrics.policies.policy import Policy, Rule, Severity, Stage, window_value
from tribune.metrics.policies.words import describe
from tribune.metrics.profile import Profile, make_profile
from tribune.metrics.registry import METRICS, evaluate, needs_labels, standard_metrics
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import Column, ColumnKind, ModelSpec, Role, Task
from tribune.metrics.tally import Tally
from tribune.metrics.value import NOT_AVAILABLE, Metric, MetricName, Value

__all__ = [
    "METRICS",
    "NOT_AVAILABLE",
    "Binning",
    "Categories",
    "Column",
    "ColumnKind",
    "Grid",
    "Metric",
    "MetricName",
    "ModelSpec",
    "Policy",
    "Profile",
    "Role",
    "Rule",
    "Scheme",
    "Severity",
    "Stage",
    "Tally",
    "Task",
    "Value",
    "describe",
    "evaluate",
    "make_profile",
    "needs_labels",
    "standard_metrics",
    "window_value",
]
