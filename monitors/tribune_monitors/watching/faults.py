"""What a monitor could not look at: said once, left alone for a moment, tried again.

Keeps a broken partition from filling the log or the disk's queue, and one model's fault from the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import NamedTuple

from tribune.exceptions import TribuneError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger


class Subject(NamedTuple):
    """What a fault is about: a frame, or the whole model (version and frame 0)."""

    model_id: ModelId
    version: VersionNumber = VersionNumber(0)
    frame: FrameIndex = FrameIndex(0)


class Faults:
    """Faults in force.

    Args:
        rest_s: how long a subject is left alone after a fault.
        clock: monotonic seconds.
    """

    def __init__(self, rest_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_s = rest_s
        self._clock = clock
        self._known: dict[Subject, tuple[str, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    @property
    def words(self) -> dict[Subject, str]:
        """What is wrong, by subject."""
        return {subject: text for subject, (text, _) in self._known.items()}

    def rests(self, subject: Subject) -> bool:
        """Whether a subject failed a moment ago."""
        return subject in self._known and self._clock() < self._known[subject][1]

    def note(self, subject: Subject, fault: Exception) -> None:
        """Take down a fault; it is logged when it is new, with a traceback where nobody foresaw it."""
        text = str(fault) if isinstance(fault, TribuneError) else f"{type(fault).__name__}: {fault}"
        if self._known.get(subject, ("", 0.0))[0] != text:
            get_logger(__name__).warning(
                "could not look",
                model=subject.model_id,
                version=subject.version,
                frame=subject.frame,
                error=text,
                exc_info=None if isinstance(fault, TribuneError) else fault,
            )
        self._known[subject] = (text, self._clock() + self._rest_s)

    def keep(self, model_id: ModelId, subjects: Collection[Subject]) -> None:
        """Forget the model's faults about anything else: what is no longer due, or looked at by now."""
        self._known = {
            subject: fault
            for subject, fault in self._known.items()
            if subject.model_id != model_id or subject in subjects
        }

    def clear(self, subject: Subject) -> None:
        """Forget a fault."""
        self._known.pop(subject, None)
