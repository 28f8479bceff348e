"""Mutants that no test can tell from the original, each with the reason, in `equivalent.toml`.

A list, not a rule: each was looked at by a person. An entry that fits no mutant any more is an error, so that
the list does not outlive the code it is about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutant import Mutant
from tribune.exceptions import ConfigurationError

LIST = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant by its file (the end of its path), function and changed lines, and why it does not matter."""

    file: str
    function: str
    before: str
    after: str
    reason: str

    def fits(self, mutant: Mutant) -> bool:
        """Tell whether this is about `mutant`."""
        same_place = mutant.file.endswith(f"/{self.file}") and mutant.function == self.function
        return same_place and (mutant.before, mutant.after) == (self.before, self.after)


def listed(path: Path = LIST) -> list[Equivalent]:
    """Read the list."""
    return [Equivalent(**entry) for entry in tomllib.loads(path.read_text()).get("mutant", [])]


def reasons(equivalents: Iterable[Equivalent], mutants: Iterable[Mutant]) -> dict[str, str]:
    """Return the reason for each mutant that is listed, by its key.

    Raises:
        ConfigurationError: if an entry fits none of `mutants`, which must be all there are.
    """
    mutants = list(mutants)
    found: dict[str, str] = {}
    for entry in equivalents:
        fitting = [mutant for mutant in mutants if entry.fits(mutant)]
        if not fitting:
            raise ConfigurationError(
                f"No mutant of {entry.file} {entry.function} is `{entry.after}`.",
                mend=f"Mend or remove the entry in {LIST.name}.",
            )
        found |= {mutant.key: entry.reason for mutant in fitting}
    return found
