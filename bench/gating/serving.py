"""The servers that `bench.gate` puts under load: a Starlette application bare, gated, and gated with a log.

With no model at all, which shows best what a gate costs; with the smallest one that there is, a logistic
regression; and with boosted trees as in the demo. Models run in a thread, one row a request.

Run as a process. One event loop serves all, each on a port of its own, so that they differ in nothing else;
the ports go to stdout as one JSON line, and all ends with stdin. Uvicorn takes httptools and uvloop where
they are installed, and the line says whether they are. No collection of garbage walks through what was made
before the first request: it would take as long as a hundred requests, of whichever server was asked then.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import secrets
import socket
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.acs_employment.rows import load_spec
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipt_key import Certificate, ReceiptKey
from tribune.decisions.typed import LogContract, address_of, signing_with, typed_digest
from tribune.gate.middleware import App, ModelGate
from tribune.gate.recorder import DecisionRecorder, receipt_headers
from tribune.gate.status import Reading, StatusView
from tribune.ids import Address, CaseId, ModelId, VersionNumber

BARE, GATED, LOGGED, SIGNED = "bare", "gated", "log", "log, signed receipts"
SMALLEST, TREES = "logistic regression", "boosted trees"
PATH = "/predict"
MODEL, VERSION = ModelId(1), VersionNumber(1)
_HOUR = 3_600_000_000


def asked() -> bytes:
    """Return the body of a request: one row of the demo's model."""
    features = LogSchema.of(load_spec()).features
    return json.dumps({name: 1.5 if kind == "numeric" else "2" for name, kind in features.items()}).encode()


class Chain:
    """A status source whose chain makes a block a second and never halts the model."""

    @staticmethod
    def first() -> Reading:
        """Return the model's status at the first block."""
        return Reading("Active", "Healthy", VERSION, 1, 0, CaseId(0), False, 1, int(time.time()))

    async def run(self, view: StatusView, /) -> None:
        """Tell of each block, until cancelled."""
        reading = self.first()
        while True:
            view.update(reading, asked_at=time.monotonic())
            await asyncio.sleep(1)
            reading = replace(
                reading, block_number=reading.block_number + 1, block_time=reading.block_time + 1
            )


def _server(recorder: DecisionRecorder | None, model: Any = None) -> Starlette:
    async def predict(request: Request) -> Response:
        row: dict[str, Any] = await request.json()
        score = 0.75
        if model is not None:
            values = [[float(value) for value in row.values()]]
            score = float((await asyncio.to_thread(model.predict_proba, values))[0][1])
        answer = {"prediction": "1" if score > 0.5 else "0", "score": score}
        if recorder is None:
            return JSONResponse(answer)
        receipt = await recorder.record(row, answer["prediction"], score)
        return JSONResponse(answer, headers=receipt_headers(receipt))

    return Starlette(routes=[Route(PATH, predict, methods=["POST"])])


def _models() -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    chance = random.Random(1)  # noqa: S311 - rows, no secrets
    rows = [[chance.random() for _ in json.loads(asked())] for _ in range(2000)]
    labels = [int(row[0] + row[1] > 1) for row in rows]
    models = {SMALLEST: LogisticRegression(), TREES: HistGradientBoostingClassifier(random_state=1)}
    return {name: model.fit(rows, labels) for name, model in models.items()}


def _gated(app: App) -> ModelGate:
    return ModelGate(app, Chain(), model=MODEL, version=VERSION, max_staleness_s=10)


def _log(folder: Path, key: ReceiptKey | None) -> DecisionLog:
    schema, grid = LogSchema.of(load_spec()), FrameGrid(epoch=0, step=_HOUR, length=_HOUR, grace=0)
    return DecisionLog(folder, schema, grid, model_id=MODEL, version=VERSION, receipt_key=key)


def _receipt_key() -> ReceiptKey:
    steward, secret = secrets.token_bytes(32), secrets.token_bytes(32)
    contract = LogContract(31337, Address("0x" + "11" * 20))
    claim = Certificate(contract, MODEL, address_of(secret), int(time.time()) + 3600, b"")
    signed = replace(claim, signature=signing_with(steward)(typed_digest(contract, claim.struct())))
    return ReceiptKey(secret, signed)


async def _serve(folder: Path) -> None:
    logs = [_log(folder / "unsigned", None), _log(folder / "signed", _receipt_key())]
    recorders = {LOGGED: DecisionRecorder(logs[0]), SIGNED: DecisionRecorder(logs[1])}
    apps: dict[str, App] = {BARE: _server(None), GATED: _gated(_server(None))}
    apps |= {how: _gated(_server(recorder)) for how, recorder in recorders.items()}
    for name, model in _models().items():
        apps[f"{BARE}, {name}"] = _server(None, model)
        for how, recorder in recorders.items():
            apps[f"{how}, {name}"] = _gated(_server(recorder, model))
    ports, servers = {}, []
    for name, app in apps.items():
        # IPPROTO_TCP by name: only then does asyncio send at once (TCP_NODELAY).
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        ports[name] = listening.getsockname()[1]
        # Connections stay while other servers have their turns.
        config = uvicorn.Config(app, access_log=False, log_config=None, timeout_keep_alive=600)
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
        servers.append((server, asyncio.create_task(server.serve(sockets=[listening]))))
    fast = [name for name in ("httptools", "uvloop") if find_spec(name)]
    gc.collect()
    gc.freeze()
    print(json.dumps({"ports": ports, "fast": fast}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for server, task in servers:
        server.should_exit = True
        await task
    for log in logs:
        await asyncio.to_thread(log.close)


def main() -> None:
    """Serve until stdin ends."""
    loop = uvicorn.Config(_server(None)).get_loop_factory()
    with TemporaryDirectory(prefix="tribune-bench-") as folder, asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_serve(Path(folder)))


if __name__ == "__main__":
    main()
