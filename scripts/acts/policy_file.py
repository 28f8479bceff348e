"""A policy.toml as a policy to propose; what it must hold, `ballots.slow_lane.policy_file` says."""

from __future__ import annotations

from pathlib import Path

from tribune.ballots.slow_lane import policy_file
from tribune.chain.policy_book import PolicyInput
from tribune.ids import Address
from tribune.metrics.toml_file import load_toml


def read_policy(path: Path, panel: tuple[Address, ...] = ()) -> PolicyInput:
    """Read a policy; `panel` replaces the file's where it is given.

    Raises:
        ConfigurationError: the file cannot be read.
        PolicyError: its terms or rules cannot be judged, or its panel cannot decide.
    """
    return policy_file.read_policy(load_toml(path, "policy"), panel, str(path))
