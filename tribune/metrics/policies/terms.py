"""The terms around a policy's rules: which frames are measured, when reports are due, how many must agree.

Read from the table `[frames]` of a `policy.toml`. Who the monitors are is not said here: a panel names
accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tribune.exceptions import PolicyError
from tribune.language import _
from tribune.metrics.toml_file import load_toml

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str) -> int:
    """Read a stretch of time: "30s", "15m", "1h", "1d".

    Raises:
        PolicyError: for any other text.
    """
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or not int(number):
        raise PolicyError(f"{text!r} is no stretch of time.", mend="Write it as 30s, 15m, 1h or 1d.")
    return int(number) * _UNITS[unit]


@dataclass(frozen=True)
class FrameTerms:
    """Frames and how they are judged; times in seconds, `k` monitors that must agree.

    Raises:
        PolicyError: frames leave gaps, reports are due before logs are sealed, or nobody need agree.
    """

    step_s: int
    length_s: int
    grace_s: int
    deadline_s: int
    suspension_s: int
    k: int
    stale_suspends: bool = False
    """Whether a frame that nobody reported stops the model; it opens a vote in any case."""

    def __post_init__(self) -> None:
        if self.step_s < 1 or self.length_s < self.step_s:
            raise PolicyError(
                _("Frames of {length} s every {step} s leave gaps that nobody measures.").format(
                    length=self.length_s, step=self.step_s
                ),
                mend=_("length_s must be at least step_s, and step_s at least 1."),
            )
        if not 0 <= self.grace_s < self.deadline_s:
            raise PolicyError(
                _("Reports would be due after {deadline} s, logs sealed after {grace} s.").format(
                    deadline=self.deadline_s, grace=self.grace_s
                ),
                mend=_("deadline_s must be above grace_s."),
            )
        if self.suspension_s < 0 or self.k < 1:
            raise PolicyError(_("suspension_s is below 0 or k below 1."), mend=_("Give both as counts."))

    @classmethod
    def load(cls, path: Path, changes: Mapping[str, int] | None = None) -> FrameTerms:
        """Read `[frames]` of a policy's file; `changes` stand in place of its, a `panel` is left out.

        Raises:
            ConfigurationError: the file cannot be read.
            PolicyError: a term is missing, unknown, of another kind, or unfit for the others.
        """
        return cls.of_table(load_toml(path, "policy"), str(path), changes)

    @classmethod
    def of_table(
        cls, table: Mapping[str, Any], where: str, changes: Mapping[str, int] | None = None
    ) -> FrameTerms:
        """Read `[frames]` of a policy's file that is parsed already; `where` names it in errors.

        Raises:
            PolicyError: a term is missing, unknown, of another kind, or unfit for the others.
        """
        frames = table.get("frames", {})
        if not isinstance(frames, Mapping):
            raise PolicyError(
                _("{where}: frames is no table.").format(where=where),
                mend=_("Write its terms below [frames]."),
            )
        given: dict[str, Any] = {**frames, **(changes or {})}
        given.pop("panel", None)
        kinds = {field.name: bool if field.name == "stale_suspends" else int for field in fields(cls)}
        needed = set(kinds) - {"stale_suspends"}
        if not needed <= set(given) <= set(kinds):
            raise PolicyError(
                _("{where}: [frames] lacks or does not know {names}.").format(
                    where=where, names=", ".join(sorted(set(given) ^ needed))
                ),
                mend=_("Give {names}, and stale_suspends where it is true.").format(
                    names=", ".join(sorted(needed))
                ),
            )
        if odd := sorted(name for name, value in given.items() if type(value) is not kinds[name]):
            raise PolicyError(
                _("{where}: [frames] has no fit value for {names}.").format(
                    where=where, names=", ".join(odd)
                ),
                mend=_("stale_suspends is true or false, everything else a whole number."),
            )
        return cls(**given)
