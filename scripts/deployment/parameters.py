"""The parameters in force on a chain, read from the contracts, under the names of the table of bounds."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.deployment.bounds import TABLE, shown
from scripts.deployment.node import Node

_SWITCH = {
    "budget": "budget_s",
    "refill": "refill_ppm",
    "hard_cap": "hard_cap_s",
    "margin": "margin_s",
    "open_window": "open_window_s",
    "cooldown": "cooldown_s",
    "guardian_period": "guardian_period_s",
    "guardian_models": "guardian_models",
    "halt_budget": "halt_budget_s",
}
"""Field of the switch's struct → name in the table."""
_FAST_LANE = {
    "votingDelay": "voting_delay_s",
    "votingPeriod": "voting_period_s",
    "lateQuorumVoteExtension": "late_extension_s",
    "executionGrace": "execution_grace_s",
    "quorumNumerator()": "quorum_percent",
    "superQuorumNumerator()": "super_quorum_percent",
    "callThreshold": "call_threshold_ppm",
    "contractGas": "contract_gas",
}
"""Function of the PauseGovernor → name in the table."""


def in_force(node: Node, addresses: Mapping[str, str]) -> dict[str, int]:
    """Return name → value of each parameter."""
    switch = node.read("KillSwitch", addresses["KillSwitch"], "parameters")
    lane = {
        name: node.read("PauseGovernor", addresses["PauseGovernor"], function)
        for function, name in _FAST_LANE.items()
    }
    distance = node.read("ModelRegistry", addresses["ModelRegistry"], "activationDistance")
    found = {name: switch[field] for field, name in _SWITCH.items()}
    return {**found, **lane, "activation_distance_s": distance}


def loose_bounds(node: Node, addresses: Mapping[str, str]) -> list[str]:
    """Return warnings where a hard bound, which is for good, is wider than real networks should have."""
    least, most = node.read("KillSwitch", addresses["KillSwitch"], "bounds")
    rows = {row.name: row for row in TABLE}
    limits = [(rows[name], least[field], most[field]) for field, name in _SWITCH.items()]
    governor = addresses["PauseGovernor"]
    periods = [node.read("PauseGovernor", governor, name) for name in ("leastPeriod", "mostPeriod")]
    limits.append((rows["voting_period_s"], periods[0], periods[1]))
    found = []
    for row, low, high in limits:
        if row.least is not None and low < row.least:
            found.append(f"{row.words} may be set down to {shown(low, row.unit)}, for good")
        if row.most is not None and high > row.most:
            found.append(f"{row.words} may be set up to {shown(high, row.unit)}, for good")
    return found
