"""Records the decisions of a server whose answers are written by somebody else, such as MLflow's.

    app = gated(recorded(app))

Whatever computes an answer says so with `decided`, in the request or in a thread that it waits for. It is on
record before the answer begins, or before its last piece where the model decided later, or when the request
ends; where it cannot be, the server fails and the gate withholds what is left of the answer. Does not read
what an answer says, and never sees labels.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from tribune.decisions.proofs.receipts import Receipt
from tribune.gate.connections import Message, Receive, Scope, Send
from tribune.gate.middleware import App
from tribune.gate.recorder import RECEIPT_HEADER, Answer, DecisionRecorder, open_recorder, receipt_headers

RECEIPTS = 8
"""Most that are told in a header: a signed one takes half a kilobyte, and clients bound headers."""

_DECIDED: ContextVar[list[Answer]] = ContextVar("decided")


def decided(*answers: Answer) -> None:
    """Say what the model decided for the request that is being answered.

    Raises:
        LookupError: outside of a request, or of a server that is not `recorded`.
    """
    _DECIDED.get().extend(answers)


def recorded(app: App, recorder: DecisionRecorder | None = None) -> App:
    """Return an ASGI application whose decisions are recorded; what stands before it may only be the gate.

    The receipts of up to `RECEIPTS` decisions are in the header `tribune-receipt`.

    Args:
        app: calls `decided` for each decision.
        recorder: keeps them, and is closed when the server shuts down; None: as the settings have it.

    Raises:
        ConfigurationError: the settings describe no recorder.
    """
    keeper = recorder or open_recorder()

    async def recording(scope: Scope, receive: Receive, send: Send) -> None:
        answers: list[Answer] = []
        _DECIDED.set(answers)
        turn = asyncio.Lock()

        async def keep() -> list[Receipt]:
            """Record what was decided so far, each decision once; tasks of a request may decide meanwhile."""
            async with turn:
                taken = list(answers)
                receipts = await keeper.record_many(taken) if taken else []
                del answers[: len(taken)]
                return receipts

        async def sending(message: Message) -> None:
            begins = message["type"] == "http.response.start"
            if answers and (begins or not message.get("more_body")):
                receipts = await keep()
                if begins and 0 < len(receipts) <= RECEIPTS:
                    told = RECEIPT_HEADER.encode(), receipt_headers(*receipts)[RECEIPT_HEADER].encode()
                    message["headers"] = [*message.get("headers", ()), told]
            await send(message)

        try:
            await app(scope, receive, sending)
            await keep()  # what was decided behind the answer
        finally:
            if scope["type"] == "lifespan":
                await keeper.close()

    return recording
