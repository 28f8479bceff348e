"""Records a served model's decisions and tells the asker under which receipt.

For the application behind a gate: record, then answer with the receipt's header. When the record cannot be
written it raises, and the gate withholds the answer: no decision without a record. Never sees labels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from tribune.decisions.leaf import Decision, new_id
from tribune.decisions.log import DecisionLog
from tribune.decisions.receipts import Receipt

RECEIPT_HEADER = "tribune-receipt"


class DecisionRecorder:
    """Records decisions into a log under the time at which they are made.

    Args:
        log: the log of the served model version; closed by `close`.
        clock: UTC microseconds.
    """

    def __init__(
        self, log: DecisionLog, *, clock: Callable[[], int] = lambda: time.time_ns() // 1000
    ) -> None:
        self._log = log
        self._clock = clock

    async def record(
        self,
        features: Mapping[str, object],
        prediction: object,
        score: float | None = None,
        *,
        id: str | None = None,
    ) -> Receipt:
        """Record one decision and return its receipt once it is kept.

        Args:
            features: value by column of the log; None where a value is missing.
            prediction: what the model said.
            score: its score, if it has one.
            id: by which labels will name the decision, unique; made up where None.

        Raises:
            DataError: for a decision that is not of the log's columns.
            LogUnavailableError: when it cannot be kept; do not answer then.
        """
        now = self._clock()
        return await self._log.record(Decision(id or new_id(now), now, features, prediction, score))

    async def close(self) -> None:
        """Write what waits and take no more; call when the server shuts down."""
        await asyncio.to_thread(self._log.close)


def receipt_headers(*receipts: Receipt) -> dict[str, str]:
    """Return the response header that names the receipts; empty for none.

    For a handful: a receipt takes some 120 bytes, and servers bound headers. Put more into the body.
    """
    return {RECEIPT_HEADER: ", ".join(receipt.header() for receipt in receipts)} if receipts else {}
