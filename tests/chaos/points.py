"""Where to kill: drawn from what a worker did in a rehearsal, so that every step of it gets its deaths."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from chaos.watching import Point

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("start", ("tribune.settings", "tribune.keys", "tribune.log", "tribune.cli", "tribune.store.upgrade")),
    ("due", ("tribune_monitors.watching.due", "tribune.chain.policy_book", "tribune.chain.model_registry")),
    ("read the log", ("tribune_monitors.sources", "tribune.reports.witness")),
    ("count", ("tribune_monitors.engines",)),
    ("evaluate", ("tribune.metrics", "tribune.reports.evidence:", "tribune_monitors.measurement.measuring")),
    (
        "write evidence",
        ("tribune.reports.evidence_store", "tribune.reports.stores", "tribune_monitors.reporting.filing"),
    ),
    ("sign", ("tribune_monitors.reporting.attesting", "tribune.reports.signing")),
    ("publish", ("tribune.reports.attestation", "tribune_monitors.reporting.attestations")),
    ("wait for a quorum", ("tribune_monitors.reporting.quorum",)),
    ("take a ballot", ("tribune.ballots.queue", "tribune.ballots.checks", "tribune_bot.views")),
    ("look after ballots", ("tribune.ballots.undone", "tribune_bot.cogs.reorgs")),
    ("relay ballots", ("tribune.ballots", "tribune_bot.cogs.relay")),
    (
        "tell voters",
        ("tribune_bot.posting.notices", "tribune_bot.posting.once", "tribune_bot.cogs.voter_notices"),
    ),
    ("show the case", ("tribune_bot.posting.board", "tribune_bot.cogs.cases", "tribune_bot.posting.threads")),
    ("send", ("tribune.sync.sender", "tribune.sync.fees", "tribune.chain.client:Chain.send")),
    (
        "settle",
        (
            "tribune_monitors.reporting.settling",
            "tribune_monitors.reporting.stored",
            "tribune_monitors.watching.heads",
        ),
    ),
    ("check the peer", ("tribune_monitors.reporting.peers",)),
    ("open the vote", ("tribune_monitors.vote_opener", "tribune.chain.pause_governor")),
    ("stand", ("tribune_monitors.reporting.standing", "tribune.store.leases")),
    ("store", ("tribune.store", "tribune.sync.outbox", "database:")),
    ("node", ("tribune.chain", "node:")),
    ("disk", ("disk:",)),
    ("schedule", ("tribune_monitors", "tribune_bot")),
)
"""What a worker does, and the beginnings of the names of its functions; the first that fits."""
OTHER = "elsewhere"
BY_THE_CLOCK = "anywhere, by the clock"
CLOCK_SHARE = 0.1
START_SHARE = 0.08
SPREAD = 1.5
"""Frames that a process may live through before its point, at most."""


def step_of(name: str) -> str:
    """Return what a function is part of."""
    for step, beginnings in STEPS:
        if name.startswith(beginnings):
            return step
    return OTHER


class Lots(Protocol):
    """Says where to kill next."""

    def draw(self) -> Point | None:
        """Return the next point; None: anywhere, from outside."""


class Listed:
    """Points in an order that is given; after the last, anywhere."""

    def __init__(self, *points: Point) -> None:
        self._left = list(points)

    def draw(self) -> Point | None:
        """Return the next point."""
        return self._left.pop(0) if self._left else None


class Points:
    """Draws points, the same for the same seed and rehearsal: steps take turns, functions by lot.

    Args:
        seed: of the lots.
        starting, looking: passes by function until and from the first look, of one rehearsed frame or more.
    """

    def __init__(self, seed: int, starting: Mapping[str, int], looking: Mapping[str, int]) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a reproducible campaign, no secret
        self._starting = dict(sorted(starting.items()))
        self._looking = dict(sorted(looking.items()))
        self._turns: list[str] = []
        self.drawn: Counter[str] = Counter()
        self.functions = len(self._looking.keys() | self._starting.keys())

    def draw(self) -> Point | None:
        """Return the next point; None: anywhere, from outside."""
        lot = self._dice.random()
        if lot < CLOCK_SHARE:
            return None
        if lot < CLOCK_SHARE + START_SHARE and self._starting:
            return self._at(self._dice.choice(list(self._starting)), self._starting, starting=True)
        if not self._turns:
            self._turns = sorted({step_of(name) for name in self._looking})
            self._dice.shuffle(self._turns)
        step = self._turns.pop()
        names = [name for name in self._looking if step_of(name) == step]
        fewest = min(self.drawn[name] for name in names)
        name = self._dice.choice([name for name in names if self.drawn[name] == fewest])
        return self._at(name, self._looking, starting=False)

    def _at(self, name: str, passes: Mapping[str, int], *, starting: bool) -> Point:
        self.drawn[name] += 1
        nth = 1 + int(
            SPREAD * passes[name] * self._dice.random() ** 2
        )  # early ones more often: late may not come
        return Point(name, nth, self._dice.random() < 0.5, starting)
