"""A deployment's configuration: one TOML file a network, checked before anything is sent.

Holds no key and no address of a node. All times are in seconds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast, get_type_hints

from scripts.deployment.token_config import (
    ExistingToken,
    Holder,
    OwnToken,
    TokenConfig,
    WrappedToken,
    read_token,
)
from scripts.deployment.token_config import address as read_address
from tribune.exceptions import ConfigurationError

__all__ = [
    "DeploymentConfig",
    "ExistingToken",
    "FastLane",
    "Holder",
    "OwnToken",
    "Registry",
    "SlowLane",
    "Switch",
    "WrappedToken",
    "load",
]

T = TypeVar("T")

_MEND = "Compare it with deployments/local.toml."
_TABLES = {"token", "executive", "guardian", "slow_lane", "fast_lane", "registry"} | {
    "switch",
    "switch_least",
    "switch_most",
}


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
    call_threshold_ppm: int
    contract_gas: int
    least_period_s: int
    most_period_s: int

    def as_tuple(self) -> tuple[int, ...]:
        """Return the values in the struct's order."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Switch:
    """Parameters of KillSwitch; the order is that of the struct in the contract."""

    budget_s: int
    refill_ppm: int
    hard_cap_s: int
    margin_s: int
    open_window_s: int
    cooldown_s: int
    guardian_period_s: int
    guardian_models: int
    halt_budget_s: int

    def as_tuple(self) -> tuple[int, ...]:
        """Return the values in the struct's order."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Registry:
    """Parameters of ModelRegistry."""

    activation_distance_s: int
    """Least time between two versions of a model taking force, at most 30 days."""


@dataclass(frozen=True)
class DeploymentConfig:
    """All that a deployment needs to know."""

    token: TokenConfig
    slow_lane: SlowLane | None
    """None where an executive of the DAO's own decides in its place."""
    fast_lane: FastLane
    switch: Switch
    switch_least: Switch
    switch_most: Switch
    registry: Registry
    executive: str | None = None
    """An existing timelock, Safe or DAO that stands in the place of OversightGovernor and timelock."""
    guardian: str | None = None
    """A multisig that may halt for a bounded time."""

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
    from scripts.deployment.safety import check

    raw = _read(path)
    executive = _party(raw, "executive", path)
    if executive and "slow_lane" in raw:
        raise ConfigurationError(
            f"{path} names an [executive] and has a [slow_lane], but one of them decides.", mend="Remove one."
        )
    config = DeploymentConfig(
        token=read_token(_table(raw, "token", path), holders, path),
        slow_lane=None if executive else _section(SlowLane, "slow_lane", raw, path),
        fast_lane=_section(FastLane, "fast_lane", raw, path),
        switch=_section(Switch, "switch", raw, path),
        switch_least=_section(Switch, "switch_least", raw, path),
        switch_most=_section(Switch, "switch_most", raw, path),
        registry=_section(Registry, "registry", raw, path),
        executive=executive,
        guardian=_party(raw, "guardian", path),
    )
    check(config)
    return config


def fast_lane(path: Path) -> FastLane:
    """Read the `[fast_lane]` of a configuration alone, whose other tables may belong to an older deployment.

    Raises:
        ConfigurationError: the file is missing or lacks a value.
    """
    return _section(FastLane, "fast_lane", _read(path), path)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ConfigurationError(
            f"There is no deployment configuration {path}.",
            mend="Copy deployments/example.toml for a real network, deployments/local.toml for a test.",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a syntax error or text that is not UTF-8 is a ValueError
        raise ConfigurationError(f"{path} cannot be read: {error}.", mend=_MEND) from error
    if odd := sorted(set(raw) - _TABLES):
        raise ConfigurationError(f"{path} has a table that is not known: [{odd[0]}].", mend=_MEND)
    return raw


def _party(raw: Mapping[str, Any], name: str, path: Path) -> str | None:
    if name not in raw:
        return None
    table = _table(raw, name, path)
    if set(table) != {"address"}:
        raise ConfigurationError(f'{path}: [{name}] is written with address = "0x…" alone.', mend=_MEND)
    return read_address(table["address"], f"{path}: [{name}]")


def _table(raw: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    if not isinstance(raw.get(name), dict):
        raise ConfigurationError(f"{path} lacks the table [{name}].", mend=_MEND)
    return cast("dict[str, Any]", raw[name])


def _section(kind: type[T], name: str, tables: Mapping[str, Any], path: Path) -> T:
    raw = _table(tables, name, path)
    names = set(get_type_hints(kind))
    if set(raw) != names:
        odd = ", ".join(sorted(names ^ set(raw)))
        raise ConfigurationError(f"{path}: missing or unknown in [{name}]: {odd}.", mend=_MEND)
    wrong = ", ".join(sorted(key for key, value in raw.items() if type(value) is not int or value < 0))
    if wrong:
        raise ConfigurationError(f"{path}: no whole number from 0 on in [{name}]: {wrong}.", mend=_MEND)
    return kind(**raw)
