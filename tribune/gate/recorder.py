"""Records a served model's decisions and tells the asker under which receipt.

For the application behind a gate: record, then answer with the receipt's header. When the record cannot be
written it raises, and the gate withholds the answer: no decision without a record. Never sees labels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import Decision, LogSchema, new_id
from tribune.decisions.log import DecisionLog
from tribune.decisions.receipt_key import ReceiptKey
from tribune.decisions.receipts import Receipt
from tribune.decisions.redaction import Redaction
from tribune.exceptions import ConfigurationError
from tribune.ids import ModelId, VersionNumber
from tribune.keys.keystore import read_secret

if TYPE_CHECKING:
    from tribune.settings import Settings

RECEIPT_HEADER = "tribune-receipt"


def open_recorder(schema: LogSchema, grid: FrameGrid, settings: Settings) -> DecisionRecorder:
    """Return the recorder that `[gate]` and `[gate.log]` describe, with receipts signed where there is a key.

    Raises:
        ConfigurationError: no model is named, or a key, certificate or redaction cannot be used.
    """
    gate, given = settings.gate, settings.gate.log
    if not gate.model:
        raise ConfigurationError(
            "The settings name no model whose decisions are recorded.",
            mend="Write model and version under [gate] in tribune.toml.",
        )
    secret = b""
    if given.redact_secret_file is not None:
        secret = read_secret(given.redact_secret_file, "secret of the redaction").encode()
    key = None
    if given.receipt_key is not None and given.receipt_certificate is not None:
        key = ReceiptKey.load(given.receipt_key, given.receipt_certificate)
    log = DecisionLog(
        settings.log_folder,
        schema,
        grid,
        model_id=ModelId(gate.model),
        version=VersionNumber(gate.version),
        capacity=given.capacity,
        fsync_s=given.fsync_s,
        receipt_key=key,
        max_body=given.max_body,
    )
    return DecisionRecorder(log, redaction=Redaction(schema, given.redact, secret))


class Answer(NamedTuple):
    """One answer of a model, as `DecisionRecorder.record` takes it."""

    features: Mapping[str, object]
    prediction: object
    score: float | None = None
    id: str | None = None
    input: bytes | None = None


class DecisionRecorder:
    """Records decisions into a log under the time at which they are made.

    Args:
        log: the log of the served model version; closed by `close`.
        redaction: what is taken out of the features before the log sees them; None: nothing.
        clock: UTC microseconds.
    """

    def __init__(
        self,
        log: DecisionLog,
        *,
        redaction: Redaction | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._log = log
        self._redaction = redaction
        self._clock = clock

    async def record(
        self,
        features: Mapping[str, object],
        prediction: object,
        score: float | None = None,
        *,
        id: str | None = None,
        input: bytes | None = None,
    ) -> Receipt:
        """Record one decision and return its receipt once it is kept.

        Args:
            features: value by column of the log; None where a value is missing.
            prediction: what the model said.
            score: its score, if it has one.
            id: by which labels will name the decision, unique; made up where None.
            input: what the model was given, of which the log keeps a salted digest only.

        Raises:
            DataError: for a decision that is not of the log's columns, or too large.
            LogUnavailableError: when it cannot be kept; do not answer then.
        """
        return await self._log.record(self._made(Answer(features, prediction, score, id, input)))

    async def record_many(self, answers: Iterable[Answer]) -> list[Receipt]:
        """Record several decisions and return their receipts, in order, once all are kept.

        Raises:
            DataError: for a decision that is not of the log's columns, or too large; none is kept then.
            LogUnavailableError: when they cannot be kept; do not answer then.
        """
        return await self._log.record_many([self._made(answer) for answer in answers])

    def _made(self, answer: Answer) -> Decision:
        features, prediction, score, id, input = answer
        if self._redaction is not None:
            features = self._redaction.of(features)
        now = self._clock()
        return Decision(new_id(now) if id is None else id, now, features, prediction, score, input)

    async def close(self) -> None:
        """Write what waits and take no more; call when the server shuts down."""
        await asyncio.to_thread(self._log.close)


def receipt_headers(*receipts: Receipt) -> dict[str, str]:
    """Return the response header that names the receipts; empty for none.

    For a handful: a receipt takes some 120 bytes, and servers bound headers. Put more into the body.
    """
    return {RECEIPT_HEADER: ", ".join(receipt.header() for receipt in receipts)} if receipts else {}
