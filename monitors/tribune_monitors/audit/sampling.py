"""Which rows of a frame are run again: drawn by a block that nobody knew when the log was anchored.

The seed is the hash of the first block after the one that anchored the frame (of an evaluation: that
registered the version). It is read only once it lies as deep as the settings take for final, from the nodes'
majority, and it must be the child of the anchoring block. Refuses to draw from anything less: monitors would
not agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tribune.chain import Tribune
from tribune.chain.contract import Located
from tribune.decisions.keccak import keccak256
from tribune.exceptions import EvidenceError
from tribune.ids import FrameIndex
from tribune_monitors.watching.due import Reported
from tribune_monitors.watching.history import block_before


@dataclass(frozen=True)
class Seed:
    """The block that draws a frame's sample: its number and hash."""

    block: int
    hash: bytes


def drawn(seed: bytes, rows: int, size: int) -> list[int]:
    """Return the places of a sample in ascending order; all where there are not more rows than it takes.

    Draws are keccak256(seed ‖ i) mod rows for i = 0, 1, 2, …, i as 32 bytes big-endian; one that came before
    is passed over.
    """
    if rows <= size:
        return list(range(rows))
    keccak = keccak256()
    places: set[int] = set()
    count = 0
    while len(places) < size:
        places.add(int.from_bytes(keccak(seed + count.to_bytes(32, "big")), "big") % rows)
        count += 1
    return sorted(places)


async def read_seeds(
    tribune: Tribune, about: Reported, frames: Sequence[FrameIndex]
) -> Mapping[FrameIndex, Seed]:
    """Return the seed of each of some frames that are anchored.

    Args:
        tribune: the contracts.
        about: the reported frame, of the same model and version.
        frames: ascending; frame 0 stands alone.

    Raises:
        EvidenceError: a frame is not anchored (any more), or its seed is not deep enough yet.
        ChainError: we could not look, or the nodes contradict each other.
    """
    head = await tribune.chain.head()
    deep = head.number - tribune.chain.finality_blocks
    anchored = await _anchorings(tribune, about, frames, head.number)
    seeds = {}
    for frame in frames:
        if frame not in anchored:
            raise EvidenceError(f"Frame {frame} is not anchored.", frame=frame)
        log = anchored[frame].log
        if log.block_number + 1 > deep:
            raise EvidenceError(
                f"Block {log.block_number + 1} draws the sample of frame {frame}, and is not "
                f"{tribune.chain.finality_blocks} blocks deep yet.",
                mend="It is looked at again until then.",
                frame=frame,
            )
        block = await tribune.chain.agreed_block(log.block_number + 1)
        if block.parent_hash.lower() != log.block_hash.lower():
            raise EvidenceError(
                f"Block {block.number}, which draws the sample of frame {frame}, does not follow the block "
                "that anchored it: the nodes tell different chains.",
                mend="Check the nodes: tribune doctor.",
                frame=frame,
            )
        seeds[frame] = Seed(block.number, bytes.fromhex(block.hash.removeprefix("0x")))
    return seeds


async def _anchorings(
    tribune: Tribune, about: Reported, frames: Sequence[FrameIndex], newest: int
) -> Mapping[FrameIndex, Located]:
    head = await tribune.chain.head()
    if about.frame == 0:
        version = await tribune.model_registry.version(about.model_id, about.version)
        # A second earlier: some chains make several blocks in one.
        start = await block_before(tribune, version.registered_at - timedelta(seconds=1), head)
        found = await tribune.model_registry.registration(about.model_id, about.version, start, newest)
        return {} if found is None else {FrameIndex(0): found}
    terms = await tribune.policy_book.terms(about.model_id, frames[0])
    start = 0 if terms.end is None else await block_before(tribune, terms.end, head)
    events = await tribune.decision_log.anchorings(about.model_id, about.version, frames, start, newest)
    return {event.frame: event for event in events}
