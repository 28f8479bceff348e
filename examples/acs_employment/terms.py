"""The policy of the demo: its rules and the terms around them, as `policy.toml` has them.

The panel is no part of the file: who monitors is decided where contracts are deployed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from examples.acs_employment.rows import FOLDER
from tribune.exceptions import PolicyError
from tribune.metrics import Policy
from tribune.metrics.spec import load_toml

PATH = FOLDER / "policy.toml"


@dataclass(frozen=True)
class FrameTerms:
    """Frames and how they are judged; times in seconds, `k` monitors that must agree."""

    step_s: int
    length_s: int
    grace_s: int
    deadline_s: int
    suspension_s: int
    stale_suspends: bool
    """Whether a frame that nobody reported stops the model; it opens a vote in any case."""
    k: int

    def __post_init__(self) -> None:
        if min(self.step_s, self.length_s, self.k) < 1 or not 0 <= self.grace_s < self.deadline_s:
            raise PolicyError("Frames need a step, a length and a deadline after their grace.")


def load_policy() -> Policy:
    """Return the rules."""
    return Policy.load(PATH)


def load_terms(**changes: int) -> FrameTerms:
    """Return the terms of the file, with changes (`step_s=10`) in place of what it says.

    Raises:
        PolicyError: for a term that is missing, unknown, or of another kind.
    """
    given = {"stale_suspends": False, **load_toml(PATH, "policy").get("frames", {}), **changes}
    known = {field.name: bool if field.name == "stale_suspends" else int for field in fields(FrameTerms)}
    if set(given) != set(known) or any(type(value) is not known[name] for name, value in given.items()):
        raise PolicyError(
            "[frames] needs whole numbers, and true or false for stale_suspends.",
            mend=f"Give {', '.join(sorted(known))}.",
        )
    return FrameTerms(**given)
