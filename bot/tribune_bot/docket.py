"""Which cases still need attention: a vote to open, to show, to carry out. An index of the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.ids import CaseId

if TYPE_CHECKING:
    from tribune_bot.services import Services

BATCH = 50
"""Cases read in one request."""


class Docket:
    """Cases that are not settled.

    Args:
        services: where the chain is.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._open: set[CaseId] = set()

    @property
    def open(self) -> list[CaseId]:
        """Cases whose outcome is open, in order."""
        return sorted(self._open)

    def add(self, case_id: CaseId) -> None:
        """Take in a case."""
        self._open.add(case_id)

    def settle(self, case_id: CaseId) -> None:
        """Drop a case that has its outcome."""
        self._open.discard(case_id)

    async def load(self) -> list[CaseId]:
        """Read which cases are open now; return them.

        Raises:
            ChainUnreachableError: the chain cannot be read.
        """
        contracts = self._services.contracts
        [count] = await contracts.read(("KillSwitch", "caseCount", ()))
        for first in range(1, count + 1, BATCH):
            ids = range(first, min(first + BATCH, count + 1))
            cases = await contracts.read(*(("KillSwitch", "caseOf", (case_id,)) for case_id in ids))
            self._open.update(CaseId(i) for i, case in zip(ids, cases, strict=True) if case["outcome"] == 0)
        return self.open
