"""The campaign of kills: three workers, each killed again and again at drawn points, while frames go on."""

from __future__ import annotations

import json
import math
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from chaos.estate import Estate, estate, recomputed
from chaos.fleet import KILLED, Place
from chaos.ledger import Ledger
from chaos.points import BY_THE_CLOCK, Lots, Points, step_of
from support.postgres import Postgres
from tribune.ids import FrameIndex, ModelId

PATIENCE_S = 240.0
"""Wall time after which a frame is left to the next ones; its own deadline goes on counting."""
REST_S = 40.0
"""Wall time after which nobody is killed until a frame is reported: slow machines must meet deadlines too."""
OLD = 2
"""Rounds after which a process that did not come to its point is killed from outside."""
POLL_S = 1.0
"""Pause between two looks of a monitor, as long as a block: who looks more often only loads the machine."""
BREACH_EVERY = 8
UNWAITED = 0.25
"""Share of rounds that the next one does not wait for, so that work piles up."""
TELL_EVERY = 5
BOUND, VOTE_ENDS = 8, 9
"""Places in a case's words: the end of its suspension, and of its vote; 0 without."""

_Frames = list[tuple[ModelId, FrameIndex]]
"""One frame of each model."""


@dataclass
class Killed:
    """What came of it."""

    store: str
    frames: int
    kills: int
    by_step: Counter[str]
    by_function: Counter[str]
    unexpected: list[str]
    """Ends that nobody ordered, with the last words of the process."""
    cases: int
    votes: int
    recomputed: int
    """Reports that `tribune verify report` was asked about; what it found wrong is unexpected."""
    ledger: Ledger
    took_s: float

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, duplicated or unreadable, no vote missed, and nobody ended by itself."""
        return self.ledger.clean and not self.unexpected and self.votes == self.cases

    @property
    def row(self) -> dict[str, object]:
        """The numbers."""
        return {
            "campaign": f"kills, {self.store}",
            "kills": self.kills,
            "faults": 0,
            "frames": self.frames,
            **self.ledger.numbers,
            "cases": self.cases,
            "votes": self.votes,
            "recomputed": self.recomputed,
            "unexpected": len(self.unexpected),
            "seconds": round(self.took_s, 1),
            "ok": self.clean,
        }


class _Reaper:
    """Kills according to plan and starts anew."""

    def __init__(self, of: Estate, points: Lots) -> None:
        self.of, self.points = of, points
        self.rounds = 0
        self.kills = 0
        self.by_step: Counter[str] = Counter()
        self.by_function: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self.peace = self.rest = False
        self._born: dict[int, int] = {}
        self._noted = {place.life.number for place in of.places if place.life}

    def tend(self) -> None:
        """Note the dead, kill who is due from outside, start who is missing."""
        self.of.fleet.look()
        for place in self.of.places:
            life = place.life
            if life is not None and life.code is None:
                old = self.rounds - self._born[life.number] >= OLD
                if old and not self.peace:
                    self.of.fleet.kill(place)
                    self._note(place)
            elif life is not None:
                self._note(place)
            if not place.runs:
                self._start(place)

    def make_peace(self) -> None:
        """Kill nobody any more after those who are still to come to their point."""
        self.peace = True
        for place in self.of.places:
            if place.runs and place.life is not None and place.life.point is not None:
                self.of.fleet.kill(place)
        self.tend()

    def _start(self, place: Place) -> None:
        point = None if self.peace or self.rest else self.points.draw()
        self._born[self.of.fleet.start(place, point).number] = self.rounds

    def _note(self, place: Place) -> None:
        life = place.life
        assert life is not None
        if life.number in self._noted:
            return
        self._noted.add(life.number)
        if life.code != KILLED:
            words = place.log.read_text("utf-8").splitlines()[-12:] if place.log.exists() else []
            self.unexpected.append(f"{place.name} ended with {life.code}: " + "\n".join(words))
            return
        self.kills += 1
        where = life.died_at.partition(" ")[2]
        self.by_step[step_of(where) if where else BY_THE_CLOCK] += 1
        self.by_function[life.died_at or BY_THE_CLOCK] += 1


def kill_campaign(
    root: Path,
    *,
    frames: int,
    kills: int,
    seed: int,
    models: int = 1,
    postgres: Postgres | None = None,
    points: Lots | None = None,
    recompute: int = 5,
    loud: bool = False,
) -> Killed:
    """Run at least so many frames and kills; return what came of it.

    Args:
        root: empty folder.
        frames: at least so many, of all models together.
        kills: at least so many of the three processes together.
        seed: of points and data.
        models: whose frames come side by side.
        postgres: gives each monitor a database; None: SQLite files.
        points: where to kill; None draws points from what workers do in a rehearsal of two frames more.
        recompute: so many reports at the end.
        loud: say how it goes on.
    """
    began = time.monotonic()
    dice = random.Random(seed)  # noqa: S311 - a reproducible campaign, no secret
    with estate(root, postgres=postgres, poll_s=POLL_S) as of:
        points = _after_evaluation(of, points) if points else rehearse(of, seed, models)
        reaper = _Reaper(of, points)
        sealed: list[_Frames] = []
        unwaited = 0
        while models * reaper.rounds < frames or reaper.kills < kills:
            breach = len(sealed) % BREACH_EVERY == BREACH_EVERY // 2
            reaper.tend()
            sealed.append(_sealed(of, breach=breach))
            if not breach and unwaited == 0 and dice.random() < UNWAITED:
                unwaited += 1
            else:
                unwaited = 0
                _wait(of, reaper, *sealed[-2:])
                if breach:
                    _vote(of, reaper)
            reaper.rounds += 1
            if loud and reaper.rounds % TELL_EVERY == 0:
                took = time.monotonic() - began
                print(f"  {models * reaper.rounds} frames, {reaper.kills} kills, {took:.0f} s", flush=True)
        reaper.make_peace()
        _wait(of, reaper, *sealed)
        for place in of.places:
            if (code := of.fleet.end(place, signal.SIGTERM)) != 0:
                reaper.unexpected.append(f"{place.name} ended with {code} when it was told to stop")
        ledger = of.account()
        cases, votes = cases_and_votes(of)
        verified, wrong = recomputed(of, ledger, recompute)
        reaper.unexpected += wrong
    return Killed(
        "postgres" if postgres else "sqlite",
        models * reaper.rounds,
        reaper.kills,
        reaper.by_step,
        reaper.by_function,
        reaper.unexpected,
        cases,
        votes,
        verified,
        ledger,
        time.monotonic() - began,
    )


def _after_evaluation(of: Estate, points: Lots) -> Lots:
    """Let three workers evaluate a model, and end them."""
    for place in of.places:
        of.fleet.start(place)
    of.register()
    for place in of.places:
        of.fleet.end(place)
    return points


def rehearse(of: Estate, seed: int, models: int = 1) -> Points:
    """Let three workers evaluate models, report two frames of each and open a vote; return points of that."""
    counts = [place.folder / "steps.json" for place in of.places]
    for place, count in zip(of.places, counts, strict=True):
        of.fleet.start(place, count=count)
    of.register(models)
    for breach in (False, True):
        frames = _sealed(of, breach=breach)
        of.wait(lambda frames=frames: _complete(of, frames), 120 + 30 * models, f"frames {frames}")
    _past_a_quarter(of)
    of.wait(lambda: len(set(cases_and_votes(of))) == 1, 60, "the vote")
    starting: Counter[str] = Counter()
    looking: Counter[str] = Counter()
    for place, count in zip(of.places, counts, strict=True):
        assert of.fleet.end(place) == 0, place.log.read_text()
        steps = json.loads(count.read_text("utf-8"))
        starting.update(steps["starting"])
        looking.update(steps["looking"])
    reports = 3 * models * len(of.places)  # an evaluation is one, too
    a_frame = {name: math.ceil(n / reports) for name, n in looking.items()}
    return Points(seed, {name: math.ceil(n / len(of.places)) for name, n in starting.items()}, a_frame)


def _sealed(of: Estate, *, breach: bool) -> _Frames:
    """Seal a frame of each model; a breach is the first one's."""
    return [(model, of.seal(model, breach=breach and model == of.models[0])) for model in of.models]


def _complete(of: Estate, frames: _Frames) -> bool:
    return all(of.complete(model, frame) for model, frame in frames)


def _wait(of: Estate, reaper: _Reaper, *rounds: _Frames) -> None:
    began = time.monotonic()
    while not all(_complete(of, frames) for frames in rounds) and time.monotonic() < began + PATIENCE_S:
        reaper.rest = time.monotonic() > began + REST_S
        reaper.tend()
        time.sleep(0.05)
    reaper.rest = False


def _vote(of: Estate, reaper: _Reaper) -> None:
    """Let the time of a case come at which monitors open its vote, while they are killed."""
    _past_a_quarter(of)
    deadline = time.monotonic() + PATIENCE_S / 2
    while time.monotonic() < deadline:
        cases, votes = cases_and_votes(of)
        if cases == votes:
            return
        reaper.tend()
        time.sleep(0.1)


def _past_a_quarter(of: Estate) -> None:
    of.world.until(of.world.chain.now + 16)


def cases_and_votes(of: Estate) -> tuple[int, int]:
    """Return how many cases suspended a model, and on how many of these a vote was opened.

    Only their time is waited for: seals pass over the short windows of all others, such as of a model whose
    accuracy is unknown too often because frames were left out.
    """
    switch = of.world.chain.contracts["KillSwitch"].functions
    cases = [switch.caseOf(number).call() for number in range(1, switch.caseCount().call() + 1)]
    suspending = [case for case in cases if case[BOUND]]
    return len(suspending), sum(case[VOTE_ENDS] != 0 for case in suspending)
