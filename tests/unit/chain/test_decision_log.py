"""`DecisionLog`: anchors, and proofs of decisions against them."""

from __future__ import annotations

from tribune.chain.decision_log import FrameAnchored
from tribune.decisions.leaf import decision_leaf
from tribune.decisions.merkle import MerkleTree
from tribune.ids import FrameIndex
from unit.chain.place import MODEL, STEWARD, V1, Place, active, digest

TIME = 1_800_000_000_000_000


async def test_verify__decision_of_an_anchored_frame__only_itself(place: Place) -> None:
    log = place.tribune.decision_log
    await active(place)
    block_time = await place.tribune.chain.block_time()
    frame = FrameIndex(await place.tribune.policy_book.last_frame_at(MODEL, block_time) + 1)
    await place.warp(112)
    tree = MerkleTree([decision_leaf(MODEL, V1, f"d{n}", TIME + n, digest(n)) for n in range(5)])
    receipt = await place.send(log.anchor(MODEL, V1, frame, digest(5), tree.root, 5), STEWARD)
    (anchored,) = await log.anchorings(MODEL, V1, [frame], receipt.block_number, receipt.block_number)
    assert isinstance(anchored, FrameAnchored)
    assert await log.verify(anchored, "d3", TIME + 3, digest(3), tree.proof(3))
    assert not await log.verify(anchored, "d3", TIME + 3, digest(4), tree.proof(3))
    assert not await log.verify(anchored, "d4", TIME + 4, digest(4), tree.proof(3))
