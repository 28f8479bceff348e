"""Where a page of a list ended: a place in the list's own order, not a row of the database.

Newest first, so what comes meanwhile comes before it. A place on the chain (block, place in it) or a number
that the contracts gave stays the same where the index is made anew or a reorg puts rows in others' place:
the next page goes on at that place of the chain as it then is, and gives nothing twice.
"""

from __future__ import annotations

import base64
from typing import NamedTuple

PATTERN = "^[A-Za-z0-9_-]{16}$"
_MOST = 2**63 - 1
"""What databases can compare with."""


class Place(NamedTuple):
    """A place in a list; those after it in the list are below it."""

    major: int
    """Block number, or a number that a contract counts."""
    minor: int = 0
    """Index of the log in the block."""

    def written(self) -> str:
        """Return it as a text without a meaning to anybody else."""
        raw = self.major.to_bytes(8, "big") + self.minor.to_bytes(4, "big")
        return base64.urlsafe_b64encode(raw).decode("ascii")

    @classmethod
    def read(cls, text: str) -> Place:
        """Read what `written` gave; any text of its form is some place."""
        raw = base64.urlsafe_b64decode(text)
        return cls(min(int.from_bytes(raw[:8], "big"), _MOST), int.from_bytes(raw[8:], "big"))
