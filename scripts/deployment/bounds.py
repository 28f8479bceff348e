"""Parameters beside the defaults and bounds that DESIGN section 5 gives for real networks.

A demo may use smaller ones; whoever looks is told so. `None` stands for "no bound".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Parameter:
    """One row of the table; `unit` is s, ppm (millionths), %, gas or empty."""

    name: str
    words: str
    unit: str
    default: int
    least: int | None = None
    most: int | None = None
    at_most_of: str = ""
    """Another parameter that it must not exceed."""


TABLE: tuple[Parameter, ...] = (
    Parameter("budget_s", "suspension budget", "s", 7 * DAY, DAY, 30 * DAY),
    Parameter("refill_ppm", "refill of the budget", "ppm", 100_000, 0, 500_000),
    Parameter("hard_cap_s", "longest suspension", "s", 5 * DAY, HOUR, 14 * DAY),
    Parameter("voting_delay_s", "voting delay", "s", 10, 1),
    Parameter("voting_period_s", "voting period", "s", DAY, 10 * MINUTE, 7 * DAY),
    Parameter("late_extension_s", "late extension", "s", 4 * HOUR, 0, None, "voting_period_s"),
    Parameter("margin_s", "margin after a vote", "s", 2 * HOUR, 1),
    Parameter("open_window_s", "window to open a vote", "s", 12 * HOUR, 1, None, "voting_period_s"),
    Parameter("execution_grace_s", "execution grace", "s", 3 * DAY, 1),
    Parameter("cooldown_s", "cooldown after a rejection", "s", 3 * DAY, 0, 30 * DAY),
    Parameter("guardian_period_s", "guardian's period", "s", 30 * DAY, 1),
    Parameter("guardian_models", "models a guardian's period", "", 3, 0),
    Parameter("halt_budget_s", "guardian's global halt", "s", DAY, 1, 72 * HOUR),
    Parameter("quorum_percent", "quorum", "%", 10, 1),
    Parameter("super_quorum_percent", "super-quorum", "%", 25, 2, 100),
    Parameter("call_threshold_ppm", "threshold of a holders' call", "ppm", 5_000, 1, 1_000_000),
    Parameter("activation_distance_s", "distance of activations", "s", DAY, 0, 30 * DAY),
    Parameter("contract_gas", "gas of a contract's signature check", "gas", 250_000, 50_000),
)


def compared(values: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return lines for people and warnings, for the parameters of the table that `values` has."""
    lines, warnings = [], []
    for row in TABLE:
        if row.name not in values:
            continue
        value = values[row.name]
        most = row.most if not row.at_most_of else values.get(row.at_most_of, row.most)
        bounds = f"{shown(row.least, row.unit)} to {shown(most, row.unit)}"
        odd = (row.least is not None and value < row.least) or (most is not None and value > most)
        lines.append(
            f"{'!' if odd else ' '} {row.words:37}{shown(value, row.unit):>12}   "
            f"default {shown(row.default, row.unit):>8}, real networks {bounds}"
        )
        if odd:
            warnings.append(f"{row.words} is {shown(value, row.unit)}: outside {bounds}")
    return lines, warnings


def shown(value: int | None, unit: str) -> str:
    """Return a value as people say it: 5400 s is `1.5 h`, 5000 millionths `0.5 %`."""
    if value is None:
        return "any"
    if unit == "ppm":
        return f"{value / 10_000:g} %"
    if unit == "s":
        for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
            if value >= size and value * 10 % size == 0:
                return f"{value / size:g} {name}"
    return f"{value} {unit}".rstrip()
