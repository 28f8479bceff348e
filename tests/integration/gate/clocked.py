"""A server behind its gate, with a decision log, for tests that set its clock; ends with its standard input.

    python -m integration.gate.clocked LOG_FOLDER

Says its port. Its chain makes a block ten times a second, until somebody asks for `/blind`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.gate.middleware import ModelGate
from tribune.gate.recorder import DecisionRecorder
from tribune.gate.status import StatusView
from unit.gate.chain import ACTIVE, MODEL, VERSION
from unit.gate.serving import served

HOUR_US = 3_600_000_000
GRID = FrameGrid(epoch=0, step=HOUR_US // 4, length=HOUR_US // 4, grace=0)
MAX_STALENESS_S = 3.0


class _Chain:
    def __init__(self) -> None:
        self.stands_still = False

    async def run(self, view: StatusView, /) -> None:
        reading = ACTIVE
        while True:
            if not self.stands_still:
                reading = replace(reading, block_number=reading.block_number + 1)
                view.update(reading, asked_at=time.monotonic())
            await asyncio.sleep(0.1)


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    log = DecisionLog(folder, LogSchema({"AGEP": "numeric"}), GRID, model_id=MODEL, version=VERSION)
    recorder, chain = DecisionRecorder(log), _Chain()

    async def predict(_: Request) -> JSONResponse:
        return JSONResponse((await recorder.record({"AGEP": 40.0}, "1")).document())

    async def blind(_: Request) -> JSONResponse:
        chain.stands_still = True
        return JSONResponse({})

    app = Starlette(routes=[Route("/predict", predict), Route("/blind", blind)])
    gate = ModelGate(
        app, chain, model=MODEL, version=VERSION, max_staleness_s=MAX_STALENESS_S, open_paths=["/blind"]
    )
    async with served(gate) as port:
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await recorder.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
