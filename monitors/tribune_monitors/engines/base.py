"""What an engine is: rows of sealed partitions in, one tally out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from tribune.metrics.profile import Profile
from tribune.metrics.scheme import Scheme
from tribune.metrics.tally import Tally

Tell = Callable[[int, int], None]
"""Is told how many of how many parts of a count are done; from any thread."""

UNREADABLE = (
    "Write the file again, its text as UTF-8; fetch a sealed one again: its sha-256 is in the manifest."
)
"""What to do about a file that an engine cannot read to its end."""


class Engine(Protocol):
    """Counts rows by the rules of the profile, the same integers on every engine and machine.

    `name` says which it is, for messages and health pages.
    """

    name: str

    def count(
        self,
        decisions: Sequence[Path],
        labels: Sequence[Path],
        profile: Profile | Scheme,
        *,
        inline_labels: bool = False,
    ) -> Tally:
        """Count partitions.

        A column that a partition lacks, or has in a type whose cells engines would not agree on, is counted
        as missing in all its rows: one column never costs the report, and all missing is itself a breach.

        Args:
            decisions: partitions of the decision log; none: the tally of no rows.
            labels: label partitions (id, time, label); the least (time, label) of an id wins.
            profile: by which to count.
            inline_labels: labels stand in the decisions' own files (null: not in yet), as in a table of
                one's own; a sealed log never has them there.

        Raises:
            DataError: naming the file, when it cannot be read to its end.
        """
        ...


def scheme_of(profile: Profile | Scheme) -> Scheme:
    """Return how rows are counted."""
    return profile.scheme if isinstance(profile, Profile) else profile
