"""The sequence of a model's anchored frames: whether one is missing, and whether a log is the anchored one.

A frame in which the model could run must be anchored, by the version in force: otherwise decisions may be
hidden. A log agrees with the chain if each anchored frame's manifest makes the anchored word, and if frames
that slide over each other name the same partitions. Knows no chain: it compares what it is given. An empty
list of findings means that nothing is wrong; what could not be looked at is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tribune.decisions.anchor import Manifest, anchor_word, frame_folder, read_manifest, verify_partitions
from tribune.decisions.proofs.finding import sealed_frames
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, FrameIndex, VersionNumber


class Fault(StrEnum):
    """What is wrong with a frame."""

    GAP = "gap"
    """The model could run in it, reports on it count no more, and it was never anchored."""
    NO_MANIFEST = "no manifest"
    """It is anchored and the log does not have it."""
    DIFFERENT = "different"
    """The log's manifest is not the one that was anchored."""
    NOT_SHARED = "not shared"
    """It names other partitions than the frames that it slides over."""
    CHANGED = "changed"
    """A file is not what the manifest says."""


class Span(NamedTuple):
    """A frame: `start` ≤ time < `end`, anchored from `due` on, reported until `closed`; UTC microseconds."""

    frame: FrameIndex
    start: int
    end: int
    due: int
    closed: int


class Finding(NamedTuple):
    """Something that is wrong; `version` is None where no version has the frame."""

    fault: Fault
    frame: FrameIndex
    version: VersionNumber | None
    words: str


@dataclass(frozen=True)
class Time:
    """When a model could run: in none of `stopped`, from `first` on; half-open, UTC microseconds."""

    first: int
    stopped: Sequence[tuple[int, int]] = ()

    def runs_in(self, start: int, end: int) -> bool:
        """Return whether it could run at any time in [start, end)."""
        moment = max(start, self.first)
        for begin, until in sorted(self.stopped):
            if begin <= moment < until:
                moment = until
        return moment < end


class Unanchored(NamedTuple):
    """Frames that are not anchored although the model could run in them: `gaps`, and those `awaited` still.

    Sealing takes a moment after a frame is due, and reports on it count until it is closed: before that, an
    anchor that is not there is nothing wrong.
    """

    gaps: list[Finding]
    awaited: list[Span]


def unanchored(
    frames: Iterable[Span], anchored: Mapping[FrameIndex, object], time: Time, now: int
) -> Unanchored:
    """Return the frames that are due and not anchored although the model could run in them.

    Args:
        frames: all frames of the model.
        anchored: those that are, whoever anchored them.
        time: when the model could run.
        now: UTC microseconds, by the chain.
    """
    found = Unanchored([], [])
    for span in frames:
        if span.frame in anchored or now < span.due or not time.runs_in(span.start, span.end):
            continue
        if now < span.closed:
            found.awaited.append(span)
        else:
            words = f"Frame {span.frame} was never anchored, though the model could run in it."
            found.gaps.append(Finding(Fault.GAP, span.frame, None, words))
    return found


def compare_log(
    folder: Path,
    version: VersionNumber,
    anchored: Mapping[FrameIndex, Digest],
    steps: Mapping[FrameIndex, int],
    *,
    files: bool = False,
    tell: Callable[[str, float], None] = lambda _, __: None,
) -> Iterator[Finding]:
    """Yield what differs between a version's log and its anchors.

    Args:
        folder: the log folder of the version.
        version: the version.
        anchored: its anchored words.
        steps: how many steps a frame spans, more than 1 where frames slide over each other.
        files: also read every file, and compare it with its manifest.
        tell: told what is being done, and the share of it that is done.
    """
    sealed = set(sealed_frames(folder))
    for place, (frame, word) in enumerate(sorted(anchored.items())):
        tell(f"Comparing frame {frame}", place / len(anchored))
        if frame not in sealed:
            yield Finding(Fault.NO_MANIFEST, frame, version, f"Frame {frame} is anchored and not in the log.")
            continue
        try:
            manifest = read_manifest(folder, frame)
            if anchor_word(manifest) != word:
                words = f"Frame {frame} of the log is not the one that was anchored."
                yield Finding(Fault.DIFFERENT, frame, version, words)
                continue
            if not _shares(folder, manifest, steps.get(frame, 1), sealed):
                words = f"Frame {frame} names other partitions than the frames that it slides over."
                yield Finding(Fault.NOT_SHARED, frame, version, words)
            if files:
                verify_partitions(folder, manifest, leaves=True)
        except EvidenceError as fault:
            yield Finding(Fault.CHANGED, frame, version, str(fault))


def _shares(folder: Path, manifest: Manifest, steps: int, sealed: set[FrameIndex]) -> bool:
    """Return whether a frame's partitions are those of its earlier steps, then its own."""
    earlier = []
    for index in map(FrameIndex, range(max(1, manifest.frame - steps + 1), manifest.frame)):
        if index in sealed:
            own = _own(index)
            earlier += [p for p in read_manifest(folder, index).partitions if p.path.startswith(own)]
    rest = manifest.partitions[len(earlier) :]
    same = list(manifest.partitions[: len(earlier)]) == earlier
    return same and all(partition.path.startswith(_own(manifest.frame)) for partition in rest)


def _own(frame: FrameIndex) -> str:
    return f"{frame_folder(Path(), frame).as_posix()}/"


def ranges(frames: Iterable[FrameIndex]) -> str:
    """Return frames as people write them: "1-3, 7"."""
    parts: list[list[int]] = []
    for frame in sorted(frames):
        if parts and parts[-1][1] == frame - 1:
            parts[-1][1] = frame
        else:
            parts.append([frame, frame])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
