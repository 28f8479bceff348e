"""The frame grids of a model: which frame a decision belongs to, by its time and nothing else.

Times are UTC microseconds, frames half-open. Frame i ≥ 1 ends at epoch + i·step and is `length` long; frame 0
is a version's evaluation and lies on no grid. A new policy can bring another grid, from a boundary of the one
before it on; frames go on counting across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tribune.exceptions import ConfigurationError
from tribune.ids import FrameIndex

MICROSECONDS = 1_000_000
"""Of a second."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """Return an aware time in microseconds since 1970, exact."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def frame_bounds(epoch: int, steps: int, step: int, length: int) -> tuple[int, int]:
    """Return start (included) and end (excluded) of the frame that ends so many steps after an epoch."""
    end = epoch + steps * step
    return end - length, end


def steps_spanned(step: int, length: int) -> int:
    """Return how many steps a frame spans: 1, or more where frames slide over each other."""
    return -(-length // step)


class Frames(Protocol):
    """What writers and sealers ask of a grid, or of several that follow each other."""

    def bounds(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start (included) and end (excluded) of a frame."""

    def due_at(self, frame: FrameIndex) -> int:
        """Return when a frame may be sealed: its end plus grace."""

    def frame_of(self, time: int) -> FrameIndex | None:
        """Return the first frame that holds this time; None before all frames and between them."""

    def last_due(self, now: int) -> FrameIndex:
        """Return the newest frame that may be sealed; 0 where none may be."""

    def step_of(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start and end of the step of a frame: of those times of it that no earlier frame holds."""


@dataclass(frozen=True)
class FrameGrid:
    """Epoch, step, length and grace, all in microseconds.

    The epoch may lie before 1970: frames go on counting where a policy with a longer step follows many short
    ones, so its frame 1 can lie anywhere.

    Raises:
        ConfigurationError: for a step or length below 1, or a length above the step that is no multiple of
            it (a sliding frame is made of whole steps, so that its partitions can be reused).
    """

    epoch: int
    step: int
    length: int
    grace: int

    def __post_init__(self) -> None:
        if self.step < 1 or self.length < 1 or self.grace < 0:
            raise ConfigurationError("A frame grid needs step and length above 0, grace not below 0.")
        if self.length > self.step and self.length % self.step:
            raise ConfigurationError("A frame longer than its step must be a multiple of the step.")

    @classmethod
    def of_seconds(cls, *, epoch_s: int, step_s: int, length_s: int, grace_s: int) -> FrameGrid:
        """Return the grid of a policy, which counts in seconds."""
        return cls(*(value * MICROSECONDS for value in (epoch_s, step_s, length_s, grace_s)))

    def bounds(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start (included) and end (excluded) of a frame."""
        return frame_bounds(self.epoch, frame, self.step, self.length)

    def due_at(self, frame: FrameIndex) -> int:
        """Return when a frame may be sealed: its end plus grace."""
        return self.bounds(frame)[1] + self.grace

    def frame_of(self, time: int) -> FrameIndex | None:
        """Return the first frame that holds this time; None before the epoch and between frames."""
        frame = FrameIndex((time - self.epoch) // self.step + 1)
        return frame if frame >= 1 and time >= self.bounds(frame)[0] else None

    def last_due(self, now: int) -> FrameIndex:
        """Return the newest frame that may be sealed; 0 where none may be."""
        return FrameIndex(max(0, (now - self.grace - self.epoch) // self.step))

    def step_of(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start and end of the step of a frame: of those times of it that no earlier frame holds."""
        start, end = self.bounds(frame)
        return max(start, end - self.step), end

    @property
    def steps(self) -> int:
        """How many steps a frame spans."""
        return steps_spanned(self.step, self.length)


@dataclass(frozen=True)
class GridHistory:
    """The grids of a model's policies: each with the first frame that it rules, oldest first.

    Raises:
        ConfigurationError: for no grid, or frames that do not follow each other.
    """

    parts: tuple[tuple[FrameIndex, FrameGrid], ...]

    def __post_init__(self) -> None:
        firsts = [first for first, _ in self.parts]
        if not firsts or firsts != sorted(set(firsts)) or firsts[0] < 1:
            raise ConfigurationError("A history has one grid or more, in the order of their first frames.")

    @classmethod
    def of(cls, frames: Frames) -> GridHistory:
        """Return a grid as the history that has only it; a history as it is."""
        if isinstance(frames, FrameGrid):
            return cls(((FrameIndex(1), frames),))
        if not isinstance(frames, GridHistory):
            raise TypeError(f"{type(frames).__name__} is no grid")
        return frames

    def bounds(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start (included) and end (excluded) of a frame."""
        return self._rules(frame).bounds(frame)

    def due_at(self, frame: FrameIndex) -> int:
        """Return when a frame may be sealed: its end plus grace."""
        return self._rules(frame).due_at(frame)

    def step_of(self, frame: FrameIndex) -> tuple[int, int]:
        """Return start and end of the step of a frame: of those times of it that no earlier frame holds."""
        return self._rules(frame).step_of(frame)

    def frame_of(self, time: int) -> FrameIndex | None:
        """Return the first frame that holds this time; None before all frames."""
        for first, grid in reversed(self.parts):
            if time >= grid.step_of(first)[0]:
                return grid.frame_of(time)
        return None

    def last_due(self, now: int) -> FrameIndex:
        """Return the newest frame that may be sealed; 0 where none may be."""
        last = None
        for first, grid in reversed(self.parts):
            due = grid.last_due(now)
            if due >= first:
                return due if last is None else FrameIndex(min(due, last))
            last = first - 1
        return FrameIndex(0)

    def _rules(self, frame: FrameIndex) -> FrameGrid:
        found = (grid for first, grid in reversed(self.parts) if frame >= first)
        return next(found, self.parts[0][1])
