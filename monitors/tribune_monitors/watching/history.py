"""What a report looks back over: earlier frames of the same version, and the labels that came since.

The chain goes on while monitors work, so "anchored" needs a moment that is the same for all of them: the
block in which the reported frame itself was anchored. An earlier frame that is anchored later is, for this
report and for whoever recomputes it, without an anchor. Reads the chain and no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import Block
from tribune.decisions.anchor import manifest_digest
from tribune.decisions.grid import steps_spanned
from tribune.exceptions import EvidenceError
from tribune.ids import Digest, FrameIndex
from tribune.metrics import ModelSpec, Policy
from tribune.metrics.statistics.trailing import MOST_FRAMES
from tribune.reports.evidence import FrameFiles
from tribune_monitors.sources.sealed import SealedFrame
from tribune_monitors.watching.due import Reported

_FIRST_STEP_BACK = 8  # blocks; doubled until the time is reached

Frames = Mapping[FrameIndex, SealedFrame | None]
"""Frames by index, the reported one last; None: without an anchor."""


def steps_of(policy: PolicyInput) -> int:
    """Return how many steps of the grid a policy's frame spans."""
    return steps_spanned(policy.step_s, policy.length_s)


def looked_at(frame: FrameIndex, policy: Policy, spec: ModelSpec, steps: int) -> list[FrameIndex]:
    """Return the frames that a report needs, oldest first, itself last; frame 0 stands alone."""
    if frame == 0:
        return [frame]
    trailing = (MOST_FRAMES - 1) * steps if spec.groups else 0
    back = policy.longest_window - 1 + trailing + spec.label_lag + steps - 1
    return [FrameIndex(number) for number in range(max(1, frame - back), frame + 1)]


async def anchored_words(
    tribune: Tribune, about: Reported, frames: Sequence[FrameIndex]
) -> dict[FrameIndex, Digest | None]:
    """Return the word of each frame as of the block that anchored the last of them; None: no anchor by then.

    Args:
        tribune: the contracts.
        about: the reported frame and its word.
        frames: as from `looked_at`.

    Raises:
        EvidenceError: the reported frame is not anchored (any more).
        ChainError: we could not look.
    """
    if len(frames) == 1:
        return {about.frame: about.word}
    terms = await tribune.policy_book.terms(about.model_id, frames[0])
    head = await tribune.chain.head()
    start = 0 if terms.end is None else await block_before(tribune, terms.end, head)
    anchorings = await tribune.decision_log.anchorings(
        about.model_id, about.version, frames, start, head.number
    )
    blocks = {event.frame: event.log.block_number for event in anchorings}
    if about.frame not in blocks:
        raise EvidenceError(f"Frame {about.frame} is not anchored.", frame=about.frame)
    known = [frame for frame in frames if blocks.get(frame, head.number + 1) <= blocks[about.frame]]
    words = await tribune.decision_log.anchors_of(about.model_id, [(about.version, f) for f in known])
    return {**dict.fromkeys(frames), **dict(zip(known, words, strict=True))}


async def block_before(tribune: Tribune, time: datetime, head: Block) -> int:
    """Return a block that is not later than a time, at most about twice as far back as it must be."""
    back = _FIRST_STEP_BACK
    while (number := head.number - back) > 0:
        if await tribune.chain.block_time(number) <= time:
            return number
        back *= 2
    return 0


def window_files(
    frame: FrameIndex, frames: Frames, policy: Policy, spec: ModelSpec, steps: int, first: FrameIndex
) -> list[FrameFiles | None]:
    """Return what each frame of the longest window is measured on, oldest first, the reported frame last.

    Args:
        frame: the reported one.
        frames: what was read, as from `looked_at`.
        policy: by whose longest window.
        spec: the model's columns.
        steps: steps of the grid that a frame spans, so that trailing frames do not overlap.
        first: first frame of the policy; trailing sums never reach back over a change of the grid.
    """
    if frame == 0:
        return [frame_files(frame, frames, spec.label_lag, steps)]
    window = list(frames)[-policy.longest_window :]
    return [_with_trailing(number, frames, spec, steps, first) for number in window]


def _with_trailing(
    frame: FrameIndex, frames: Frames, spec: ModelSpec, steps: int, first: FrameIndex
) -> FrameFiles | None:
    own = frame_files(frame, frames, spec.label_lag, steps)
    if own is None or not spec.groups:
        return own
    back = (FrameIndex(frame - place * steps) for place in range(1, MOST_FRAMES))
    earlier = (frame_files(n, frames, spec.label_lag, steps) for n in back if n >= first and n in frames)
    return replace(own, trailing=tuple(files for files in earlier if files is not None))


def frame_files(frame: FrameIndex, frames: Frames, label_lag: int = 0, steps: int = 1) -> FrameFiles | None:
    """Return what a frame is measured on; None where it is not anchored.

    Args:
        frame: its index.
        frames: what was read, from frame − label_lag − (steps − 1) on.
        label_lag: frames that labels come late.
        steps: steps of the grid that a frame spans; labels of its first step were sealed that much earlier.
    """
    current = frames[frame]
    if current is None:
        return None
    first = frame if frame == 0 else frame - label_lag - steps + 1
    labelled = current if frame == 0 else frames.get(FrameIndex(frame - label_lag))
    sealed = [frames.get(FrameIndex(number)) for number in range(first, frame + 1)]
    return FrameFiles(
        frame=frame,
        manifest_sha256=manifest_digest(current.manifest),
        decisions=tuple(current.decisions),
        labelled=None if labelled is None else tuple(labelled.decisions),
        # a file that two manifests name is joined once: its labels are the same
        labels=tuple(dict.fromkeys(path for one in sealed if one is not None for path in one.labels)),
    )


def manifests_read(frames: Frames) -> tuple[tuple[FrameIndex, Digest], ...]:
    """Return the digests of all manifests that were read, by frame."""
    return tuple(
        (frame, manifest_digest(sealed.manifest))
        for frame, sealed in sorted(frames.items())
        if sealed is not None
    )
