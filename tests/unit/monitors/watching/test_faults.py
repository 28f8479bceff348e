"""Faults: kept, rested, forgotten."""

from __future__ import annotations

from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune_monitors.watching.faults import Faults, Subject

ONE, TWO = ModelId(1), ModelId(2)
FRAME = Subject(ONE, VersionNumber(1), FrameIndex(7))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rests__just_failed__until_its_rest_is_over() -> None:
    clock = Clock()
    faults = Faults(2.0, clock)
    faults.note(FRAME, EvidenceError("missing"))
    assert faults.rests(FRAME)
    clock.now = 2.0
    assert not faults.rests(FRAME)
    assert faults


def test_words__error_of_ours_and_another__both_readable() -> None:
    faults = Faults(2.0)
    faults.note(FRAME, EvidenceError("It is missing.", mend="Fetch it."))
    faults.note(Subject(TWO), KeyError("x"))
    assert faults.words == {FRAME: "It is missing. Fetch it.", Subject(TWO): "KeyError: 'x'"}


def test_keep__no_longer_due__forgotten_for_that_model_only() -> None:
    faults = Faults(2.0)
    faults.note(FRAME, EvidenceError("missing"))
    faults.note(Subject(TWO), EvidenceError("missing"))
    faults.keep(ONE, [])
    assert list(faults.words) == [Subject(TWO)]


def test_clear__mended__nothing_left() -> None:
    faults = Faults(2.0)
    faults.note(FRAME, EvidenceError("missing"))
    faults.clear(FRAME)
    assert not faults
