"""Performance of models whose answer is a number: how far it lies from the label, in the label's units.

From exact sums of errors (prediction less label) and their powers, an error standing for the middle of its
fine cell, or for its very value where the reference's errors lie on a lattice. Refuses to count rows whose
prediction or label is no finite number, and says how many.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tribune.metrics.binning import Grid
from tribune.metrics.fixed import MICRO, decimal, exact
from tribune.metrics.scheme import ABSOLUTE, ERRORS, FOURTHS, NO_ERROR, SQUARES, SUM
from tribune.metrics.spec import Task
from tribune.metrics.statistics.compared import Found, both, plain
from tribune.metrics.statistics.intervals import mean
from tribune.metrics.statistics.numbers import Numbers
from tribune.metrics.statistics.outcomes import sums
from tribune.metrics.value import MAX_VALUE, Metric, Value, unavailable, unlabelled
from tribune.wording import counted, too_few

if TYPE_CHECKING:
    from tribune.metrics.profile import Profile
    from tribune.metrics.tally import Tally


def _errors(profile: Profile, tally: Tally) -> tuple[int, ...] | Value:
    """Return the statistics of errors, or why there are none to speak of."""
    if not profile.spec.has_errors:
        return unlabelled(profile)
    statistics = sums(profile, tally).statistics
    n, needed = statistics[ERRORS], max(2, profile.spec.min_rows)
    if n + statistics[NO_ERROR] == 0:
        return unlabelled(profile)
    if n < needed:
        return unavailable(too_few(n, needed, "with a label and a prediction"), n)
    return statistics


def _note(statistics: tuple[int, ...]) -> str:
    lost = statistics[NO_ERROR]
    return f"{counted(lost, 'row has', 'rows have')} a label or prediction that is no number" if lost else ""


def _unit(profile: Profile) -> Fraction:
    return profile.scheme.grid(profile.spec.error_name).half_cell


def mae(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the mean absolute error: 0 always exact. Normal bounds of a mean."""
    statistics = _errors(profile, tally)
    if isinstance(statistics, Value):
        return statistics
    n, unit = statistics[ERRORS], _unit(profile)
    absolute, squares = statistics[ABSOLUTE] * unit, statistics[SQUARES] * unit**2
    return Found(absolute / n, n, lambda z: mean(absolute, squares, n, z).within(0), _note(statistics))


def rmse(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the root of the mean squared error: 0 always exact. Bounds: roots of those of the mean of e²."""
    statistics = _errors(profile, tally)
    if isinstance(statistics, Value):
        return statistics
    n, unit = statistics[ERRORS], _unit(profile)
    squares, fourths = statistics[SQUARES] * unit**2, statistics[FOURTHS] * unit**4
    with exact():
        value = decimal(squares / n).sqrt()
    return Found(
        value, n, lambda z: mean(squares, fourths, n, z).within(0).through(Decimal.sqrt), _note(statistics)
    )


def bias(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the mean of prediction less label: 0 none, above 0 too high answers. Normal bounds of a mean."""
    statistics = _errors(profile, tally)
    if isinstance(statistics, Value):
        return statistics
    n, unit = statistics[ERRORS], _unit(profile)
    total, squares = statistics[SUM] * unit, statistics[SQUARES] * unit**2
    return Found(total / n, n, lambda z: mean(total, squares, n, z), _note(statistics))


def r2(profile: Profile, tally: Tally, target: str) -> Found | Value:
    """Find the coefficient of determination 1 − mean e²/variance of labels: 1 exact, 0 like their mean.

    Below 0: worse than always saying the labels' mean. It has no bounds: these would need the joint fourth
    moments of errors and labels, which no tally holds. Bound the errors themselves instead. Refuses rows of
    which only the label can be used: one label far out, without a prediction, would make any model look good.
    """
    statistics = _errors(profile, tally)
    if isinstance(statistics, Value):
        return statistics
    n = statistics[ERRORS]
    grid = profile.scheme.grid(profile.spec.label_name)
    column = tally.columns[profile.spec.label_name]
    if alone := abs(Numbers(grid, column).n - n):
        return unavailable(f"rows with a label but no usable prediction: {alone}", n)
    variance = label_variance(grid, column)
    if not variance:
        return unavailable("all labels are the same", n)
    squares = Fraction(statistics[SQUARES], n) * _unit(profile) ** 2
    return Found(1 - squares / variance, n, note=_note(statistics))


def label_variance(grid: Grid, column: tuple[int, ...]) -> Fraction:
    """Return the variance of the finite labels (divided by n), exact on fine cells and tails; 0 for none."""
    numbers = Numbers(grid, column)
    if not numbers.n:
        return Fraction(0)
    total, squares = numbers.sums
    return squares / numbers.n - (total / numbers.n) ** 2


_TASKS = frozenset({Task.REGRESSION})
METRICS = (
    *both(
        "mae",
        mae,
        "the mean error without its sign (MAE)",
        "the mean error",
        _TASKS,
        percent=False,
        error=True,
        highest=MAX_VALUE,
    ),
    *both(
        "rmse",
        rmse,
        "the typical error, large ones weighing more (RMSE)",
        "the RMSE",
        _TASKS,
        percent=False,
        error=True,
        highest=MAX_VALUE,
    ),
    Metric(
        "performance.bias",
        -MAX_VALUE,
        MAX_VALUE,
        plain(bias),
        None,
        "how much too high predictions are on average",
        True,
        labels=True,
        percent=False,
        tasks=_TASKS,
    ),
    *both(
        "r2",
        r2,
        "the share of the labels' variance explained (R²)",
        "the R²",
        _TASKS,
        percent=False,
        lowest=-MAX_VALUE,
        highest=MICRO,
        bounded=False,
    ),
)
"""Definitions of this family for models whose answer is a number; values are millionths of a label's unit."""
