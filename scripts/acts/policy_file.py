"""A policy.toml as a policy to be proposed: its terms and rules, and the monitors that are to judge by it.

The panel is a list of addresses, `panel` in `[frames]`, or given beside the file.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from scripts.deployment.token_config import address
from tribune.chain.policy_book import PolicyInput
from tribune.exceptions import PolicyError
from tribune.ids import Address
from tribune.metrics import Policy
from tribune.metrics.spec import load_toml
from tribune.metrics.terms import FrameTerms

_MOST_MONITORS = 96


def read_policy(path: Path, panel: tuple[Address, ...] = ()) -> PolicyInput:
    """Read a policy; `panel` replaces the file's where it is given.

    Raises:
        ConfigurationError: the file cannot be read, or names an account that is no address.
        PolicyError: its terms or rules cannot be judged, or its panel cannot decide.
    """
    terms = FrameTerms.load(path)
    named = load_toml(path, "policy").get("frames", {}).get("panel", [])
    if not isinstance(named, list):
        raise PolicyError(f"{path}: panel is no list.", mend="Write the monitors' addresses in a list.")
    who = panel or tuple(Address(address(one, f"{path}: the panel")) for one in named)
    _check(terms.k, who)
    return PolicyInput(panel=who, rules=Policy.load(path).rules, **asdict(terms))


def _check(k: int, panel: tuple[Address, ...]) -> None:
    """Refuse what the contract would, in words that name the mend."""
    size = len(panel)
    if not 1 <= size <= _MOST_MONITORS or len(set(panel)) != size:
        raise PolicyError(
            f"The panel names {size} monitors, {len(set(panel))} different ones.",
            mend=f"Name 1 to {_MOST_MONITORS}, each once: --panel 0x…, or panel = [..] in [frames].",
        )
    if 2 * k <= size:
        raise PolicyError(
            f"k = {k} of {size} monitors is no majority: two groups could each agree on another result.",
            mend=f"Set k to at least {size // 2 + 1}, or name fewer monitors.",
        )
    if k > size:
        raise PolicyError(
            f"k = {k}, but the panel has {size} monitors: nothing would ever be decided.",
            mend=f"Set k to at most {size}, or name more monitors.",
        )
