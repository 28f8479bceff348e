"""Frames: the half-open stretches of time that reports are about, in UTC microseconds.

Refuses a frame that ends before it starts. Which frames exist is the policy's grid on the chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from tribune.exceptions import ConfigurationError
from tribune.ids import FrameIndex

MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Frame:
    """Frame `index` covers start_us ≤ time < end_us. Frame 0, the evaluation, covers no time."""

    index: FrameIndex
    start_us: int
    end_us: int

    def __post_init__(self) -> None:
        if self.index < 0 or self.end_us < self.start_us:
            raise ConfigurationError(f"Frame {self.index} ends before it starts.")

    @classmethod
    def on_grid(cls, index: int, *, epoch_s: int, step_s: int, length_s: int) -> Frame:
        """Return frame i ≥ 1 of a grid: it ends at epoch + i · step and is `length` long (seconds)."""
        if index < 1:
            raise ConfigurationError("Frames of a grid are counted from 1.")
        end_us = (epoch_s + index * step_s) * MICROSECONDS
        return cls(FrameIndex(index), end_us - length_s * MICROSECONDS, end_us)

    def contains(self, time_us: int) -> bool:
        """Whether a moment belongs to this frame."""
        return self.start_us <= time_us < self.end_us
