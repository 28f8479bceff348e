"""A deployment's configuration: one TOML file a network, checked before anything is sent.

Holds no key and no address of a node. All times are in seconds.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from eth_utils.address import is_address

from tribune.exceptions import ConfigurationError

T = TypeVar("T")

_MEND = "Compare it with deployments/local.toml."
_HOLDERS = "Each is written with an address and a whole number of tokens above 0."


@dataclass(frozen=True)
class Holder:
    """Who gets how many tokens (whole tokens, 18 decimals)."""

    address: str
    tokens: int


@dataclass(frozen=True)
class SlowLane:
    """OversightGovernor and timelock."""

    timelock_delay_s: int
    voting_delay_s: int
    voting_period_s: int
    late_extension_s: int
    threshold_tokens: int
    quorum_percent: int


@dataclass(frozen=True)
class FastLane:
    """PauseGovernor; the order is that of the struct in the contract."""

    voting_delay_s: int
    voting_period_s: int
    late_extension_s: int
    execution_grace_s: int
    quorum_percent: int
    super_quorum_percent: int
    least_period_s: int
    most_period_s: int


@dataclass(frozen=True)
class Switch:
    """Parameters of KillSwitch; the order is that of the struct in the contract."""

    budget_s: int
    refill_ppm: int
    hard_cap_s: int
    margin_s: int
    open_window_s: int
    cooldown_s: int

    def as_tuple(self) -> tuple[int, ...]:
        """Return the values in the struct's order."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class DeploymentConfig:
    """All that a deployment needs to know."""

    token_name: str
    token_symbol: str
    holders: tuple[Holder, ...]
    slow_lane: SlowLane
    fast_lane: FastLane
    switch: Switch
    switch_least: Switch
    switch_most: Switch

    @property
    def vote_span_s(self) -> int:
        """Longest time from the opening of a fast vote to its latest end."""
        lane = self.fast_lane
        return lane.voting_delay_s + lane.voting_period_s + lane.late_extension_s


def load(path: Path, holders: tuple[Holder, ...] = ()) -> DeploymentConfig:
    """Read and check a configuration; `holders` replaces the file's where it is given.

    Raises:
        ConfigurationError: the file is missing, lacks a value, or its values are unsafe together.
    """
    if not path.exists():
        raise ConfigurationError(
            f"There is no deployment configuration {path}.", mend="Copy deployments/local.toml."
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a syntax error or text that is not UTF-8 is a ValueError
        raise ConfigurationError(f"{path} cannot be read: {error}.", mend=_MEND) from error
    token = _table(raw, "token", path)
    listed = holders or read_holders(token.get("holders", []))
    config = DeploymentConfig(
        token_name=str(token.get("name", "")),
        token_symbol=str(token.get("symbol", "")),
        holders=listed,
        slow_lane=_section(SlowLane, "slow_lane", raw, path),
        fast_lane=_section(FastLane, "fast_lane", raw, path),
        switch=_section(Switch, "switch", raw, path),
        switch_least=_section(Switch, "switch_least", raw, path),
        switch_most=_section(Switch, "switch_most", raw, path),
    )
    check(config)
    return config


def read_holders(listed: object) -> tuple[Holder, ...]:
    """Return the holders of a list of `{"address", "tokens"}`.

    Raises:
        ConfigurationError: it is another thing, an address is none, or a number of tokens is not above 0.
    """
    if not isinstance(listed, list):
        raise ConfigurationError("The holders are no list.", mend=_HOLDERS)
    holders = []
    for place, entry in enumerate(listed, start=1):
        fields_given = dict(entry) if isinstance(entry, dict) else {}
        address, tokens = fields_given.pop("address", None), fields_given.pop("tokens", None)
        if fields_given or not (isinstance(address, str) and is_address(address)):
            raise ConfigurationError(f"Holder {place} has no address that is one.", mend=_HOLDERS)
        if type(tokens) is not int or tokens < 1:
            raise ConfigurationError(f"Holder {place} has no tokens.", mend=_HOLDERS)
        holders.append(Holder(address, tokens))
    return tuple(holders)


def check(config: DeploymentConfig) -> None:
    """Raise ConfigurationError where the values are unsafe together, in plain words."""
    lane, switch = config.fast_lane, config.switch
    needed = switch.open_window_s + config.vote_span_s + switch.margin_s
    problems = {
        "the token has no name, symbol or holder": not (
            config.token_name and config.token_symbol and config.holders
        ),
        f"a suspension ends after at most {switch.hard_cap_s} s (switch.hard_cap_s), but its vote can take "
        f"{needed} s": needed > switch.hard_cap_s,
        f"a suspension of up to {switch.hard_cap_s} s (switch.hard_cap_s) is more than the budget of "
        f"{switch.budget_s} s": switch.hard_cap_s > switch.budget_s,
        f"the suspension budget of {switch.budget_s} s does not cover one suspension of {needed} s": (
            needed > switch.budget_s
        ),
        "fast_lane.super_quorum_percent must be above quorum_percent": (
            lane.super_quorum_percent <= lane.quorum_percent
        ),
        "fast_lane.late_extension_s must be at most voting_period_s": lane.late_extension_s
        > lane.voting_period_s,
        "fast_lane.voting_delay_s must be at least 1": lane.voting_delay_s < 1,
        "fast_lane.voting_period_s is outside its hard bounds": not (
            lane.least_period_s <= lane.voting_period_s <= lane.most_period_s
        ),
    }
    found = [problem for problem, present in problems.items() if present]
    if found:
        raise ConfigurationError(
            f"This deployment would be unsafe: {'; '.join(found)}.", mend="Change the file."
        )


def _table(raw: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    if not isinstance(raw.get(name), dict):
        raise ConfigurationError(f"{path} lacks the table [{name}].", mend=_MEND)
    return cast("dict[str, Any]", raw[name])


def _section(kind: type[T], name: str, tables: dict[str, Any], path: Path) -> T:
    raw = _table(tables, name, path)
    names = set(get_type_hints(kind))
    if set(raw) != names:
        odd = ", ".join(sorted(names ^ set(raw)))
        raise ConfigurationError(f"{path}: missing or unknown in [{name}]: {odd}.", mend=_MEND)
    wrong = ", ".join(sorted(key for key, value in raw.items() if type(value) is not int or value < 0))
    if wrong:
        raise ConfigurationError(f"{path}: no whole number from 0 on in [{name}]: {wrong}.", mend=_MEND)
    return kind(**raw)
