"""The demo's model server: `POST /predict`, with every decision on record before it is told.

Knows nothing of the chain: the gate around it does (`serve.py`). A request that cannot be used is refused
whole, and no decision is told that could not be recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.acs_employment.model import Model
from tribune.decisions.leaf import check_id
from tribune.decisions.proofs.receipts import Receipt
from tribune.exceptions import DataError, LogUnavailableError
from tribune.gate.problem import NOT_RECORDED
from tribune.gate.recorder import receipt_headers
from tribune.ids import VersionNumber
from tribune.untrusted import load_json

MAX_BODY = 2**21
MAX_ROWS = 1_000
RECEIPTS = 8
"""Most that are told in a header: a signed one takes half a kilobyte, and clients bound headers."""
HEALTH = "/healthz"
"""Says that the server runs; the gate leaves it open."""
GATED_HEALTH = "/healthz-gated"
"""Says that the model may run: it is behind the gate."""


class Recorder(Protocol):
    """Where decisions are kept: `tribune.gate.recorder.DecisionRecorder`."""

    async def record(
        self, features: Mapping[str, object], prediction: object, score: float | None, *, id: str | None
    ) -> Receipt:
        """Keep one decision."""

    async def close(self) -> None:
        """Write what waits."""


def create_app(model: Model, recorder: Recorder, version: VersionNumber) -> Starlette:
    """Return the model's server.

    `POST /predict` takes `{"rows": [{"id": text, column: value, …}]}` and answers
    `{"model", "version", "decisions": [{"id", "prediction", "score"}]}`, with the receipts of up to
    `RECEIPTS` decisions in its header `tribune-receipt`. A row's columns are the features and groups of
    `model.toml`; null and NaN are missing values and answered as such. Faults of a request are told with
    400 (no JSON), 413 (too large) or 422, as `application/problem+json`.

    Args:
        model: answers.
        recorder: keeps its decisions; closed when the server shuts down.
        version: of the model, as registered.
    """
    about = {"model": model.card.name, "version": version}

    async def predict(request: Request) -> Response:
        try:
            rows = await _read_rows(request)
            ids = _ids(rows)
            features = [model.features(row) for row in rows]
        except _RequestFault as fault:
            return _problem(fault.status, fault.title, str(fault))
        except DataError as fault:
            return _problem(422, "This request cannot be answered", str(fault))
        answers = await asyncio.to_thread(model.answer, features)
        try:
            receipts = await asyncio.gather(
                *(
                    recorder.record(row, answer.prediction, answer.score, id=id_)
                    for id_, row, answer in zip(ids, features, answers, strict=True)
                )
            )
        except LogUnavailableError as fault:  # no decision without a record
            return _problem(
                503,
                "This answer could not be recorded",
                str(fault),
                kind=f"urn:tribune:problem:{NOT_RECORDED}",
            )
        decisions = [
            {"id": receipt.id, "prediction": answer.prediction, "score": answer.score}
            for receipt, answer in zip(receipts, answers, strict=True)
        ]
        headers = receipt_headers(*receipts) if len(receipts) <= RECEIPTS else {}
        return JSONResponse({**about, "decisions": decisions}, headers=headers)

    async def health(_: Request) -> Response:
        return JSONResponse(about)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await recorder.close()

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route(HEALTH, health),
            Route(GATED_HEALTH, health),
        ],
        lifespan=lifespan,
    )


class _RequestFault(Exception):
    """A request that is no list of rows."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title


async def _read_rows(request: Request) -> list[Mapping[str, object]]:
    size, pieces = 0, []
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            raise _RequestFault(413, "This request is too large", f"A request has at most {MAX_BODY} bytes.")
        pieces.append(piece)
    try:
        document: Any = load_json(b"".join(pieces))
    except ValueError:
        raise _RequestFault(400, "This is no JSON", 'Send {"rows": [{"id": …, …}]}.') from None
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError("The request has no list of rows.", mend='Send {"rows": [{"id": …, …}]}.')
    if len(rows) > MAX_ROWS:
        raise _RequestFault(413, "This request is too large", f"A request has at most {MAX_ROWS} rows.")
    return rows


def _ids(rows: Sequence[Mapping[str, object]]) -> list[str | None]:
    """Return the ids that the asker gave; None where the log is to make one up."""
    ids: list[str | None] = []
    for row in rows:
        id_ = row.get("id")
        if id_ is not None and not isinstance(id_, str):
            raise DataError("A row's id is text.", mend="Leave it out to be given one.")
        ids.append(None if id_ is None else check_id(id_))
    given = [id_ for id_ in ids if id_ is not None]
    if len(set(given)) < len(given):
        raise DataError("Two rows of the request have the same id.")
    return ids


def _problem(status: int, title: str, detail: str, *, kind: str = "about:blank") -> Response:
    return JSONResponse(
        {"type": kind, "title": title, "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )
