"""What a configuration must not be: settings that are unsafe by themselves, told in plain words.

Reads nothing but the file's values. `chain_checks.py` asks the chain about the accounts that the file names.
"""

from __future__ import annotations

from scripts.deployment.config import DeploymentConfig, OwnToken, WrappedToken
from tribune.exceptions import ConfigurationError

_MAX_ACTIVATION_DISTANCE_S = 30 * 24 * 3600  # constant in ModelRegistry
_LEAST_CONTRACT_GAS = 50_000
_MOST_HALT_S = 72 * 3600


def check(config: DeploymentConfig) -> None:
    """Raise ConfigurationError where the values are unsafe together, naming every reason."""
    found = [
        *_token(config),
        *_suspension(config),
        *_votes(config),
        *_signers(config),
        *_versions(config),
        *_guardian(config),
    ]
    if found:
        raise ConfigurationError(
            f"This deployment would be unsafe: {'; '.join(found)}.", mend="Change the file."
        )


def _token(config: DeploymentConfig) -> list[str]:
    token = config.token
    if isinstance(token, OwnToken) and not (token.name and token.symbol and token.holders):
        return ["the token has no name, symbol or holder"]
    if isinstance(token, WrappedToken) and not (token.name and token.symbol):
        return ["the wrapped token has no name or symbol"]
    return []


def _suspension(config: DeploymentConfig) -> list[str]:
    switch, lane = config.switch, config.fast_lane
    needed = switch.open_window_s + config.vote_span_s + switch.margin_s
    found = []
    if needed > switch.hard_cap_s:
        found.append(
            f"a suspension ends after at most {switch.hard_cap_s} s (switch.hard_cap_s), but its vote can "
            f"take {needed} s"
        )
    if switch.hard_cap_s > switch.budget_s:
        found.append(
            f"a suspension of up to {switch.hard_cap_s} s (switch.hard_cap_s) is more than the budget of "
            f"{switch.budget_s} s"
        )
    if needed > switch.budget_s:
        found.append(
            f"the suspension budget of {switch.budget_s} s does not cover one suspension of {needed} s"
        )
    if switch.open_window_s > lane.voting_period_s:
        found.append(
            f"a vote could be opened for longer ({switch.open_window_s} s, switch.open_window_s) than it "
            f"runs ({lane.voting_period_s} s, fast_lane.voting_period_s)"
        )
    for name in ("margin_s", "open_window_s"):
        if getattr(switch, name) < 1:
            found.append(f"switch.{name} must be at least 1")
    for name in switch.__dataclass_fields__:
        least, value, most = (
            getattr(side, name) for side in (config.switch_least, switch, config.switch_most)
        )
        if not least <= value <= most:
            found.append(f"switch.{name} is {value}, outside its hard bounds of {least} to {most}")
    return found


def _votes(config: DeploymentConfig) -> list[str]:
    lane = config.fast_lane
    problems = {
        f"fast_lane.super_quorum_percent ({lane.super_quorum_percent}) must be above quorum_percent "
        f"({lane.quorum_percent})": lane.super_quorum_percent <= lane.quorum_percent,
        "fast_lane.super_quorum_percent is over 100": lane.super_quorum_percent > 100,
        "fast_lane.quorum_percent is 0, so that one vote would decide": lane.quorum_percent < 1,
        "fast_lane.late_extension_s must be at most voting_period_s": (
            lane.late_extension_s > lane.voting_period_s
        ),
        "fast_lane.voting_delay_s must be at least 1, or votes bought in the same second count": (
            lane.voting_delay_s < 1
        ),
        "fast_lane.execution_grace_s must be at least 1": lane.execution_grace_s < 1,
        f"fast_lane.voting_period_s is outside its hard bounds of {lane.least_period_s} to "
        f"{lane.most_period_s}": not lane.least_period_s <= lane.voting_period_s <= lane.most_period_s,
    }
    if (slow := config.slow_lane) is not None:
        problems["slow_lane.quorum_percent must be from 1 to 100"] = not 1 <= slow.quorum_percent <= 100
        problems["slow_lane.voting_period_s must be at least 1"] = slow.voting_period_s < 1
        problems["slow_lane.late_extension_s must be at most voting_period_s"] = (
            slow.late_extension_s > slow.voting_period_s
        )
    return [problem for problem, present in problems.items() if present]


def _versions(config: DeploymentConfig) -> list[str]:
    if config.registry.activation_distance_s > _MAX_ACTIVATION_DISTANCE_S:
        return [f"registry.activation_distance_s is over {_MAX_ACTIVATION_DISTANCE_S} (30 days)"]
    return []


def _signers(config: DeploymentConfig) -> list[str]:
    lane, found = config.fast_lane, []
    if lane.contract_gas < _LEAST_CONTRACT_GAS:
        found.append(
            f"fast_lane.contract_gas is {lane.contract_gas}: under {_LEAST_CONTRACT_GAS} a Safe or another "
            "contract cannot check its own signature, and cannot vote"
        )
    if not 1 <= lane.call_threshold_ppm <= 1_000_000:
        found.append(
            f"fast_lane.call_threshold_ppm is {lane.call_threshold_ppm}: it must be from 1 to 1000000 "
            "millionths of the supply, or anyone, or nobody, could call for a vote"
        )
    return found


def _guardian(config: DeploymentConfig) -> list[str]:
    found = []
    if not 1 <= config.switch.halt_budget_s <= _MOST_HALT_S:
        found.append(
            f"switch.halt_budget_s is {config.switch.halt_budget_s}: the guardian's global halt must be from "
            f"1 s to {_MOST_HALT_S} s (72 h)"
        )
    if config.switch_most.halt_budget_s > _MOST_HALT_S:
        found.append(f"switch_most.halt_budget_s is over {_MOST_HALT_S} (72 h), for good")
    if config.switch_most.refill_ppm >= 1_000_000:
        found.append("switch_most.refill_ppm must be under 1000000, or suspensions would be unbounded")
    if config.guardian and config.guardian == config.executive:
        found.append("guardian and executive are the same account: the guardian's limits would limit nothing")
    return found
