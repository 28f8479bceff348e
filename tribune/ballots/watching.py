"""Whether models are measured in time and without contradiction, as the index has it.

Mirrors `ReportHub.oversightOf` (contracts/oversight/hub/Watch.sol) for lists of many models; who decides on
it asks the chain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.chain.enums import Oversight
from tribune.ids import Address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tribune.store.tables import ChainEvent

EVENTS = ("PolicySet", "FrameDisputed")
JUDGED = "ReportJudged"


@dataclass(frozen=True, slots=True)
class Grid:
    """The frames of a policy; times in unix seconds."""

    digest: str
    first_frame: int
    base: int
    step: int
    length: int
    deadline: int
    panel: tuple[Address, ...]
    """The monitors that measure it."""

    def end(self, frame: int) -> int:
        """Return when a frame ends."""
        return self.base + (frame - self.first_frame + 1) * self.step

    def due(self, frame: int) -> int:
        """Return until when a frame's reports are taken."""
        return self.end(frame) + self.deadline


@dataclass(frozen=True, slots=True)
class Judged:
    """A model's newest judged report in service."""

    frame: int
    version: int
    hits: int
    """Bit i is set where rule i was hit."""
    at: datetime


@dataclass
class Watching:
    """What the index has of the measuring of all models, by model."""

    grids: dict[int, tuple[Grid, ...]] = field(default_factory=dict)
    """A model's policies in the order in which they take force."""
    newest: dict[int, Judged] = field(default_factory=dict)
    _judged: dict[tuple[int, str], int] = field(default_factory=dict)
    """(model, policy) → newest judged frame."""
    _disputed: dict[tuple[int, str], int] = field(default_factory=dict)

    def take_in(self, event: ChainEvent) -> None:
        """Take in an event, in their order."""
        args = event.args
        match event.name:
            case "PolicySet":
                model_id, policy = int(args["model_id"]), args["policy"]
                grid = Grid(
                    digest=args["digest"],
                    first_frame=args["first_frame"],
                    base=args["base"],
                    step=policy["step"],
                    length=policy["length"],
                    deadline=policy["deadline"],
                    panel=tuple(Address(one) for one in policy["panel"]),
                )
                # One that was not yet in force is replaced by the next.
                self.grids[model_id] = (*self.grids.get(model_id, ())[: args["index"]], grid)
            case "FrameDisputed":
                found = self.of_frame(args["model_id"], args["frame"])
                if found is not None:
                    _raise_to(self._disputed, (args["model_id"], found.digest), args["frame"])
            case "ReportJudged" if args["frame"]:
                self._take_report(args, event.block_time)

    def _take_report(self, args: Mapping[str, Any], at: datetime) -> None:
        model_id, frame = int(args["model_id"]), int(args["frame"])
        _raise_to(self._judged, (model_id, args["report"]["policy"]), frame)
        known = self.newest.get(model_id)
        if known is None or known.frame <= frame:
            self.newest[model_id] = Judged(frame, args["version"], args["hits"], at)

    def in_force(self, model_id: int, at: datetime) -> Grid | None:
        """Return the policy in force at a time of the chain."""
        now = int(at.timestamp())
        return next((one for one in reversed(self.grids.get(model_id, ())) if one.base <= now), None)

    def judging(self, model_id: int, digest: str) -> Grid | None:
        """Return a model's policy by its digest."""
        return next((one for one in self.grids.get(model_id, ()) if one.digest == digest), None)

    def of_frame(self, model_id: int, frame: int) -> Grid | None:
        """Return the policy that judges a frame."""
        grids = self.grids.get(model_id, ())
        return next((one for one in reversed(grids) if one.first_frame <= frame), None) if frame else None

    def last_due(self, model_id: int, at: datetime) -> int:
        """Return the newest frame whose reports were due before a time, 0 where there is none."""
        now, following = int(at.timestamp()), None
        for grid in reversed(self.grids.get(model_id, ())):
            first_due = grid.due(grid.first_frame)
            if now > first_due:
                frame = grid.first_frame + (now - first_due - 1) // grid.step
                return frame if following is None else min(frame, following - 1)
            following = grid.first_frame
        return 0

    def oversight(self, model_id: int, at: datetime, served_since: datetime | None) -> Oversight:
        """Return how well a model is watched.

        Args:
            model_id: which.
            at: a time of the chain.
            served_since: since when it is in service without a break; None: it is not.
        """
        force = self.in_force(model_id, at)
        if force is None:
            return Oversight.HEALTHY
        key = (model_id, force.digest)
        if self._disputed.get(key, 0) > self._judged.get(key, 0):
            return Oversight.DISPUTED
        frame = self.last_due(model_id, at)
        grid = self.of_frame(model_id, frame)
        if grid is None or self._judged.get((model_id, grid.digest), 0) >= frame:
            return Oversight.HEALTHY
        began = grid.end(frame) - grid.length
        served = served_since is not None and int(served_since.timestamp()) <= began
        return Oversight.STALE if served else Oversight.HEALTHY


def _raise_to(highest: dict[tuple[int, str], int], key: tuple[int, str], frame: int) -> None:
    highest[key] = max(frame, highest.get(key, 0))
