"""A day of frames for many models, and a backlog: nothing lost, memory flat, lag bounded, oldest first.

A day is 24 frames a model, an hour each in the models' terms, on a grid that tests let pass in seconds. Lag
is wall time from a frame's anchor to the block that counted a monitor's report of it, as seen by asking the
node five times a second.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.estate import Estate, estate
from chaos.ledger import Ledger
from integration import monitor_world
from support.anvil import Anvil
from tribune.ids import FrameIndex, ModelId

ROWS = 120
LOOK_S = 0.2
BLOCK_S = 2
"""Pause between two blocks, as on many chains: a whole day of empty ones only loads the machine."""
POLL_S = 1.0
DAY_STEPS = 60
"""Steps in which a frame of the day must be reported, as a frame of an hour has many hours."""
ROUND_S = 600.0
"""Wall time after which a frame's successor comes, whatever is reported."""
GROWTH = 1.3
"""Memory at the end of a day against that after its first quarter, from which on it counts as not flat."""


@dataclass
class Day:
    """What came of it."""

    name: str
    models: int
    monitors: int
    frames: int
    lags_s: list[float]
    memory_mb: list[list[float]]
    """By frame, of each monitor."""
    in_order: bool
    ledger: Ledger
    took_s: float
    drain_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Largest memory at the end against that after the first quarter, of any monitor."""
        if len(self.memory_mb) < 4:
            return 1.0
        start, end = self.memory_mb[len(self.memory_mb) // 4], self.memory_mb[-1]
        return max(after / before for before, after in zip(start, end, strict=True))

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, memory was flat and frames came in order."""
        return self.ledger.clean and self.growth < GROWTH and self.in_order

    @property
    def row(self) -> dict[str, object]:
        """The numbers."""
        lags = sorted(self.lags_s)
        return {
            "campaign": self.name,
            "kills": 0,
            "faults": 0,
            "frames": self.models * self.frames,
            **self.ledger.numbers,
            "models": self.models,
            "monitors": self.monitors,
            "lag_p50_s": round(statistics.median(lags), 2),
            "lag_p99_s": round(lags[min(len(lags) - 1, int(0.99 * len(lags)))], 2),
            "lag_max_s": round(lags[-1], 2),
            "lag_p50_by_quarter_s": [round(statistics.median(part), 2) for part in _quarters(self.lags_s)],
            "memory_growth": round(self.growth, 3),
            "memory_start_mb": [round(one) for one in self.memory_mb[0]],
            "memory_end_mb": [round(one) for one in self.memory_mb[-1]],
            "in_order": self.in_order,
            "drain_s": round(self.drain_s, 1),
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


class _Eyes:
    """Notes when the hub counted what."""

    def __init__(self, of: Estate) -> None:
        self._of = of
        self._next = of.world.chain.web3.eth.block_number + 1
        self.anchored: dict[tuple[int, int], float] = {}
        self.lags: list[float] = []
        self.order: dict[tuple[int, str], list[int]] = {}
        self.counted = 0

    def look(self) -> None:
        """Ask the node what is new."""
        head = self._of.world.chain.web3.eth.block_number
        if head < self._next:
            return
        events = self._of.world.chain.contracts["ReportHub"].events.Attested()
        for event in events.get_logs(from_block=self._next, to_block=head):
            args = event["args"]
            anchored = self.anchored.get((args["modelId"], args["frame"]))
            if anchored is not None:
                self.counted += 1
                self.lags.append(time.monotonic() - anchored)
                self.order.setdefault((args["modelId"], args["monitor"]), []).append(args["frame"])
        self._next = head + 1

    @property
    def in_order(self) -> bool:
        """Whether each monitor's reports of a model counted oldest first."""
        return all(frames == sorted(frames) for frames in self.order.values())


def day(root: Path, *, models: int = 20, monitors: int = 5, frames: int = 24, loud: bool = False) -> Day:
    """Let a day pass; a frame's successor comes when all of it is reported, or after ten minutes.

    Args:
        root: empty folder.
        models: each sealed and anchored one after another, which lets a step of chain time pass.
        monitors: on the panel of all, of which three must agree.
        frames: of each model.
        loud: say how it goes on.
    """
    began = time.monotonic()
    with (
        _deadline(max(DAY_STEPS, 3 * models) * monitor_world.STEP),
        Anvil.start(extra=("--block-time", str(BLOCK_S), "--mixed-mining")) as anvil,
        estate(root, members=monitors, poll_s=POLL_S, anvil=anvil) as of,
    ):
        for place in of.places:
            of.fleet.start(place)
        of.register(models, k=monitors // 2 + 1)
        eyes = _Eyes(of)
        memory = []
        for number in range(frames):
            for model in of.models:
                _seal(of, eyes, model)
                eyes.look()
            deadline = time.monotonic() + ROUND_S
            while eyes.counted < len(eyes.anchored) * monitors and time.monotonic() < deadline:
                time.sleep(LOOK_S)
                eyes.look()
                of.fleet.look()
            memory.append([_memory_mb(place.life.process) for place in of.places if place.life is not None])
            if loud:
                took, used = time.monotonic() - began, statistics.mean(memory[-1])
                print(
                    f"  frame {number + 1}: {eyes.counted} reports, {used:.0f} MB, {took:.0f} s", flush=True
                )
        for place in of.places:
            of.fleet.end(place)
        eyes.look()
        ledger = of.account()
    took = time.monotonic() - began
    return Day("day", models, monitors, frames, eyes.lags, memory, eyes.in_order, ledger, took)


def backlog(root: Path, *, frames: int = 1000, loud: bool = False) -> Day:
    """Seal frames while the only monitor of a model is away; let it come back.

    Args:
        root: empty folder.
        frames: all due when it does.
        loud: say how it goes on.
    """
    began = time.monotonic()
    with _deadline((frames + 50) * monitor_world.STEP), estate(root, members=1, poll_s=POLL_S) as of:
        (place,) = of.places
        of.fleet.start(place)
        of.register(k=1)
        of.fleet.end(place)
        eyes = _Eyes(of)
        for number in range(frames):
            _seal(of, eyes, of.models[0], rows=60)
            if loud and (number + 1) % 100 == 0:
                print(f"  sealed {number + 1}, {time.monotonic() - began:.0f} s", flush=True)
        back = time.monotonic()
        eyes.anchored = dict.fromkeys(eyes.anchored, back)
        of.fleet.start(place)
        memory, said = [], 0
        while eyes.counted < frames and time.monotonic() < back + 5 * frames:
            time.sleep(LOOK_S)
            eyes.look()
            of.fleet.look()
            if eyes.counted >= said + frames / 10:
                said = eyes.counted
                assert place.life is not None
                memory.append([_memory_mb(place.life.process)])
                if loud:
                    took = time.monotonic() - back
                    print(f"  {said} reported, {memory[-1][0]:.0f} MB, {took:.0f} s", flush=True)
        drained = time.monotonic() - back
        of.fleet.end(place)
        ledger = of.account()
    took = time.monotonic() - began
    return Day("backlog", 1, 1, frames, eyes.lags, memory, eyes.in_order, ledger, took, drained)


@contextmanager
def _deadline(seconds: int) -> Iterator[None]:
    """Let the models' policies give reports so much time."""
    usual, monitor_world.DEADLINE = monitor_world.DEADLINE, seconds
    try:
        yield
    finally:
        monitor_world.DEADLINE = usual


def _quarters(values: list[float]) -> list[list[float]]:
    """Return values in four parts, in their order; fewer where there are not as many."""
    size = -(-len(values) // 4)
    return [values[start : start + size] for start in range(0, len(values), size)]


def _seal(of: Estate, eyes: _Eyes, model: ModelId, rows: int = ROWS) -> FrameIndex:
    frame = of.seal(model, rows=rows)
    eyes.anchored[model, frame] = time.monotonic()
    return frame


def _memory_mb(process: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
