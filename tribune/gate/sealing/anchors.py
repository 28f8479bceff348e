"""Brings the words of sealed frames onto the chain, and back where a reorganisation took them away.

A frame without its anchor accepts no report. So what is anchored is looked at again until its block is
final. A word that is there is never sent again.
"""

from __future__ import annotations

import asyncio

from tribune.chain import Tribune
from tribune.decisions.anchor import Manifest, manifest_digest
from tribune.exceptions import EvidenceError, RevertedError, TribuneError
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.sync.sender import Sender

LOOK_S = 2.0


class Anchors:
    """Anchors the frames of a version.

    Args:
        tribune: the contracts.
        sender: sends with the logger's key.
        model_id: whose frames.
        version: likewise.
    """

    def __init__(self, tribune: Tribune, sender: Sender, model_id: ModelId, version: VersionNumber) -> None:
        self._tribune = tribune
        self._sender = sender
        self._model_id = model_id
        self._version = version
        self._recent: dict[FrameIndex, tuple[Manifest, Digest, int]] = {}
        """What is anchored but not final yet, with a block in which or before which it was."""

    async def __call__(self, manifest: Manifest, word: Digest) -> None:
        """Anchor the word of a manifest; return once it is on the chain, or was there already.

        Raises:
            ChainError: it could not be sent, or the chain not be asked; call again.
            EvidenceError: another word is anchored.
        """
        if await self._is_there(manifest, word) or await self._send(manifest):
            self._recent[manifest.frame] = manifest, word, (await self._tribune.chain.head()).number

    async def run(self) -> None:
        """Look again at what is not final, until cancelled; what fails is tried again."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look_back()
            except TribuneError as fault:
                get_logger(__name__).warning("anchors could not be looked at again", error=str(fault))

    async def look_back(self) -> None:
        """Anchor again what the chain lost, and look no more at what is final.

        Raises:
            As anchoring does.
        """
        if not self._recent:
            return
        chain = self._tribune.chain
        final = (await chain.head()).number - chain.finality_blocks
        for frame, (manifest, word, block) in list(self._recent.items()):
            try:
                is_there = await self._is_there(manifest, word)
            except EvidenceError:
                del self._recent[frame]  # nothing to be mended here; the next look is for the others
                raise
            if not is_there:
                get_logger(__name__).warning("a reorg took an anchor: it is sent again", frame=frame)
                await self(manifest, word)
            elif block <= final:
                del self._recent[frame]

    async def _is_there(self, manifest: Manifest, word: Digest) -> bool:
        known = await self._tribune.decision_log.anchor_of(self._model_id, self._version, manifest.frame)
        if known is not None and known != word:
            raise EvidenceError(
                f"Frame {manifest.frame} is anchored with another word than this log's.",
                mend="Find out who else anchors for this model, and which log is the right one.",
                frame=manifest.frame,
            )
        return known is not None

    async def _send(self, manifest: Manifest) -> bool:
        """Return whether the chain took it; not where the version was not in force."""
        frame, rows = manifest.frame, manifest.rows
        told = {"model": self._model_id, "version": self._version, "frame": frame, "rows": rows}
        call = self._tribune.decision_log.anchor(
            self._model_id, self._version, frame, manifest_digest(manifest), manifest.merkle_root, rows
        )
        try:
            receipt = await self._sender.send(call)
        except RevertedError as fault:
            if fault.ids.get("error") != "LogWrongVersion":
                raise
            get_logger(__name__).warning(
                "decisions cannot be anchored: their version was not in force at the frame's end", **told
            )
            return False
        get_logger(__name__).info("anchored", **told, tx=receipt.tx_hash)
        return True
