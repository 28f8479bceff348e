"""A policy.toml as a policy to be proposed: `[frames]` with the terms, `[[rule]]` as the metrics read them.

`panel` is a list of the monitors' addresses in `[frames]`, or given beside the file; `stale_suspends = true`
lets a frame that nobody reported on suspend the model, not only open a vote.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.deployment.token_config import address
from tribune.chain.policy_book import PolicyInput
from tribune.exceptions import PolicyError
from tribune.ids import Address
from tribune.metrics import Policy
from tribune.metrics.spec import load_toml

_TERMS = {"step_s", "length_s", "grace_s", "deadline_s", "suspension_s", "k"}
_MOST_MONITORS = 96


def read_policy(path: Path, panel: tuple[Address, ...] = ()) -> PolicyInput:
    """Read a policy; `panel` replaces the file's where it is given.

    Raises:
        ConfigurationError: the file cannot be read, or names an account that is no address.
        PolicyError: its terms or rules cannot be judged, or its panel cannot decide.
    """
    given: dict[str, Any] = dict(load_toml(path, "policy").get("frames", {}))
    named = given.pop("panel", [])
    if not isinstance(named, list):
        raise PolicyError(f"{path}: panel is no list.", mend="Write the monitors' addresses in a list.")
    who = panel or tuple(Address(address(one, f"{path}: the panel")) for one in named)
    stale_suspends = given.pop("stale_suspends", False)
    if type(stale_suspends) is not bool:
        raise PolicyError(f"{path}: stale_suspends is neither true nor false.", mend="Write one of them.")
    if set(given) != _TERMS or any(type(value) is not int for value in given.values()):
        raise PolicyError(
            f"{path}: [frames] needs whole numbers.", mend=f"Give {', '.join(sorted(_TERMS))}, no other."
        )
    _check(given, who)
    return PolicyInput(
        step_s=given["step_s"],
        length_s=given["length_s"],
        grace_s=given["grace_s"],
        deadline_s=given["deadline_s"],
        suspension_s=given["suspension_s"],
        k=given["k"],
        panel=who,
        rules=Policy.load(path).rules,
        stale_suspends=stale_suspends,
    )


def _check(terms: dict[str, int], panel: tuple[Address, ...]) -> None:
    """Refuse what the contract would, in words that name the mend."""
    size, k = len(panel), terms["k"]
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
    if terms["step_s"] < 1 or terms["length_s"] < terms["step_s"]:
        raise PolicyError(
            f"Frames of {terms['length_s']} s every {terms['step_s']} s leave gaps that nobody measures.",
            mend="length_s must be at least step_s, and step_s at least 1.",
        )
    if not 0 <= terms["grace_s"] < terms["deadline_s"]:
        raise PolicyError(
            f"Reports would be due after {terms['deadline_s']} s, logs sealed after {terms['grace_s']} s.",
            mend="deadline_s must be above grace_s.",
        )
