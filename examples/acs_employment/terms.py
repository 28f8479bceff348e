"""The policy of the demo: its rules and the terms around them, as `policy.toml` has them.

The panel is no part of the file: who monitors is decided where contracts are deployed.
"""

from __future__ import annotations

from examples.acs_employment.rows import FOLDER
from tribune.metrics import Policy
from tribune.metrics.policies.terms import FrameTerms

PATH = FOLDER / "policy.toml"


def load_policy() -> Policy:
    """Return the rules."""
    return Policy.load(PATH)


def load_terms(**changes: int) -> FrameTerms:
    """Return the terms of the file, with changes (`step_s=10`) in place of what it says.

    Raises:
        PolicyError: for a term that is missing, unknown, or of another kind.
    """
    return FrameTerms.load(PATH, changes)
