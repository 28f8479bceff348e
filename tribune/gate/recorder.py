"""Records a served model's decisions and tells the asker under which receipt.

For the application behind a gate: record, then answer with the receipt's header. When the record cannot be
written it raises, and the gate withholds the answer: no decision without a record. Never sees labels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tribune.decisions.anchor import log_folder
from tribune.decisions.grid import Frames
from tribune.decisions.leaf import Decision, LogSchema, new_id
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipt_key import ReceiptKey
from tribune.decisions.proofs.receipts import Receipt
from tribune.decisions.redaction import Redaction
from tribune.decisions.waiting.gridfile import read_grids
from tribune.exceptions import ConfigurationError
from tribune.gate.configured import read
from tribune.ids import ModelId, VersionNumber
from tribune.keys.keystore import read_secret
from tribune.metrics.spec import ModelSpec

if TYPE_CHECKING:
    from tribune.settings import Settings

RECEIPT_HEADER = "tribune-receipt"


def open_recorder(
    settings: Settings | None = None, *, schema: LogSchema | None = None, grid: Frames | None = None
) -> DecisionRecorder:
    """Return the recorder that `[gate]` and `[gate.log]` describe, with receipts signed where there is a key.

    Args:
        settings: None reads `tribune.toml` and the environment.
        schema: the log's columns; None: those of the model's description that the settings name.
        grid: which frame a time belongs to; None: as whoever seals this log has told it, in its folder.

    Raises:
        ConfigurationError: no model is named, or no description of it; nobody seals this log; or a key,
            certificate or redaction cannot be used.
    """
    settings = read(settings)
    gate, given = settings.gate, settings.gate.log
    model_id, version = ModelId(gate.model), VersionNumber(gate.version)
    schema = schema or _columns(given.columns)
    grid = grid or _frames(settings.log_folder, model_id, version)
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
        model_id=model_id,
        version=version,
        capacity=given.capacity,
        fsync_s=given.fsync_s,
        receipt_key=key,
        max_body=given.max_body,
    )
    return DecisionRecorder(log, redaction=Redaction(schema, given.redact, secret))


def _columns(description: Path | None) -> LogSchema:
    if description is None:
        raise ConfigurationError(
            "The settings do not say which columns of a decision are recorded.",
            mend='Write columns = "model.toml" under [gate.log]: the model\'s description.',
        )
    return LogSchema.of(ModelSpec.load(description))


def _frames(root: Path, model_id: ModelId, version: VersionNumber) -> Frames:
    folder = log_folder(root, model_id, version)
    told = read_grids(folder)
    if told is None:
        raise ConfigurationError(
            f"Nobody seals the log {folder}, so it is not known into which frames decisions go.",
            mend=f'Run `tribune up` with seal = ["{model_id}/{version}"] where it has this folder too.',
        )
    return told


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
