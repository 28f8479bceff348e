"""A logger's anchors on a real chain: each is there once, also after a reorganisation."""

from __future__ import annotations

import pytest

from tribune.decisions.anchor import Manifest, anchor_word
from tribune.exceptions import EvidenceError
from tribune.gate.sealing.anchors import Anchors
from tribune.ids import FrameIndex
from tribune.sync.sender import Sender
from unit.chain.place import MODEL, STEWARD, V1, Place, account, active, digest


async def sealed(place: Place, rows: int = 5) -> Manifest:
    """Return the manifest of a frame that may be anchored now."""
    await active(place)
    last = await place.tribune.policy_book.last_frame_at(MODEL, await place.tribune.chain.block_time())
    await place.warp(112)
    return Manifest(MODEL, V1, FrameIndex(last + 1), 0, 1, (), (), digest(7), rows)


def anchors_of(place: Place) -> Anchors:
    sender = Sender(place.tribune.chain, account(STEWARD), receipt_timeout_s=15)
    return Anchors(place.tribune, sender, MODEL, V1)


async def count(place: Place) -> int:
    nonce = await place.tribune.chain.request("eth_getTransactionCount", account(STEWARD).address, "latest")
    return int(nonce, 16)


async def mine(place: Place, blocks: int) -> None:
    await place.tribune.chain.request("anvil_mine", hex(blocks))


async def test_look_back__reorg_took_the_anchor__is_anchored_again(place: Place) -> None:
    manifest, log = await sealed(place), place.tribune.decision_log
    word, anchors = anchor_word(manifest), anchors_of(place)
    before = await place.tribune.chain.request("evm_snapshot")
    await anchors(manifest, word)
    assert await log.anchor_of(MODEL, V1, manifest.frame) == word
    assert await place.tribune.chain.request("evm_revert", before)
    await mine(place, 2)
    assert await log.anchor_of(MODEL, V1, manifest.frame) is None
    await anchors.look_back()
    assert await log.anchor_of(MODEL, V1, manifest.frame) == word


async def test_look_back__anchor_is_there__sends_nothing_and_ends_once_it_is_final(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, anchors = await sealed(place), anchors_of(place)
    await anchors(manifest, anchor_word(manifest))
    sent = await count(place)
    await anchors.look_back()
    await mine(place, place.tribune.chain.finality_blocks)
    await anchors.look_back()
    assert await count(place) == sent
    monkeypatch.setattr(place.tribune.decision_log, "anchor_of", None)  # asked no more
    await anchors.look_back()


async def test_anchors__another_word_is_there__is_refused(place: Place) -> None:
    manifest = await sealed(place)
    await anchors_of(place)(manifest, anchor_word(manifest))
    other = Manifest(MODEL, V1, manifest.frame, 0, 1, (), (), digest(8), 5)
    with pytest.raises(EvidenceError, match="another word"):
        await anchors_of(place)(other, anchor_word(other))


async def test_look_back__another_word_took_its_place__is_told_once(place: Place) -> None:
    manifest, anchors = await sealed(place), anchors_of(place)
    before = await place.tribune.chain.request("evm_snapshot")
    await anchors(manifest, anchor_word(manifest))
    assert await place.tribune.chain.request("evm_revert", before)
    other = Manifest(MODEL, V1, manifest.frame, 0, 1, (), (), digest(8), 5)
    await anchors_of(place)(other, anchor_word(other))
    with pytest.raises(EvidenceError, match="another word"):
        await anchors.look_back()
    await anchors.look_back()
