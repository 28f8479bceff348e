"""`DecisionLog`: anchors of sealed logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tribune.chain.contract import Contract, Located
from tribune.chain.types import ContractCall, Log
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber


@dataclass(frozen=True, slots=True)
class FrameAnchored(Located):
    """A frame's manifest was anchored."""

    model_id: ModelId
    version: VersionNumber
    frame: FrameIndex
    manifest: Digest
    root: Digest
    rows: int


@dataclass(frozen=True, slots=True)
class LoggerChanged(Located):
    """A steward named another logger."""

    model_id: ModelId
    previous: Address
    current: Address


def _frame_anchored(log: Log, **raw: Any) -> FrameAnchored:
    return FrameAnchored(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        frame=FrameIndex(raw["frame"]),
        manifest=Digest(raw["manifest"]),
        root=Digest(raw["root"]),
        rows=raw["rows"],
    )


def _logger_changed(log: Log, **raw: Any) -> LoggerChanged:
    return LoggerChanged(
        log=log, model_id=ModelId(raw["model_id"]), previous=raw["previous"], current=raw["current"]
    )


class DecisionLog(Contract):
    """Reads and calls of `DecisionLog`."""

    NAME: ClassVar[str] = "DecisionLog"
    EVENTS: ClassVar = {"FrameAnchored": _frame_anchored, "LoggerChanged": _logger_changed}

    async def anchor_of(self, model_id: ModelId, version: VersionNumber, frame: FrameIndex) -> Digest | None:
        """Return the anchored word of a frame, None while it is not anchored."""
        word = bytes(await self._read("anchorOf", model_id, version, frame))
        return Digest(word) if any(word) else None

    async def anchors_of(
        self, model_id: ModelId, frames: Sequence[tuple[VersionNumber, FrameIndex]]
    ) -> list[Digest | None]:
        """Return the anchored words of several frames, read in one request."""
        words = await self._read_many(
            *(("anchorOf", (model_id, version, frame)) for version, frame in frames)
        )
        return [Digest(bytes(word)) if any(word) else None for word in words]

    async def anchorings(
        self,
        model_id: ModelId,
        version: VersionNumber,
        frames: Sequence[FrameIndex],
        from_block: int,
        to_block: int,
    ) -> list[FrameAnchored]:
        """Return how these frames were anchored within a range of blocks, in chain order."""
        topics = (
            self.topic("FrameAnchored"),
            model_id.to_bytes(32, "big"),
            version.to_bytes(32, "big"),
            [frame.to_bytes(32, "big") for frame in frames],
        )
        logs = await self.chain.logs([self.address], from_block, to_block, topics)
        return [event for event in self.events(logs) if isinstance(event, FrameAnchored)]

    async def logger_of(self, model_id: ModelId) -> Address:
        """Return who may anchor beside the steward; the zero address if nobody."""
        return Address(await self._read("loggerOf", model_id))

    async def verify(
        self, anchored: FrameAnchored, id: str, time: int, body: Digest, proof: Sequence[bytes]
    ) -> bool:
        """Return whether a decision is in a frame's log as it was anchored.

        Args:
            anchored: how the frame was anchored, see `anchorings`.
            id: of the decision.
            time: of the decision, UTC microseconds.
            body: digest of its salted body, see `tribune.decisions.leaf`.
            proof: siblings from its leaf up to the root.
        """
        decision = (id, time, body)
        anchor = (anchored.manifest, anchored.root, anchored.rows)
        place = (anchored.model_id, anchored.version, anchored.frame)
        return bool(await self._read("verify", *place, decision, anchor, list(proof)))

    def anchor(
        self,
        model_id: ModelId,
        version: VersionNumber,
        frame: FrameIndex,
        manifest: Digest,
        root: Digest,
        rows: int,
    ) -> ContractCall:
        """Anchor a sealed frame: sha-256 of its manifest, Merkle root and rows; for steward or logger."""
        what = f"anchor frame {frame} of model {model_id} v{version}"
        return self._call(what, "anchor", model_id, version, frame, manifest, root, rows)

    def set_logger(self, model_id: ModelId, logger: Address) -> ContractCall:
        """Name who may anchor beside the steward; for the steward."""
        return self._call(f"name the logger of model {model_id}", "setLogger", model_id, logger)
