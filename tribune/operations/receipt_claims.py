"""What a receipt is worth today: kept, not due yet, or broken, which is proof against the operator.

A signed receipt says that its decision goes into the frame that holds its time. The chain says which frame
that is, whatever number the receipt gives (its server may not have heard of a new policy yet, and the number
is not signed), who the operator's accounts are, when that frame had to be anchored and with which word; the
published log, held to that word, says whether the decision is in it. Refuses to accuse anybody by a receipt
that is not signed, or by a log that is not the anchored one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from tribune.chain import Tribune
from tribune.chain.decision_log import LoggerChanged
from tribune.decisions.anchor import anchor_word, log_folder, read_manifest
from tribune.decisions.grid import microseconds
from tribune.decisions.merkle import MerkleTree
from tribune.decisions.proofs.finding import frame_leaves
from tribune.decisions.proofs.receipts import Receipt, check_receipt
from tribune.exceptions import ConfigurationError, EvidenceError, RevertedError, SignatureError
from tribune.gate.sealing.grids import ChainGrids
from tribune.ids import Address, FrameIndex, ModelId
from tribune.operations.proving import check_contract, frame_times


class Standing(StrEnum):
    """How a receipt stands."""

    PROVEN = "proven"
    """The decision is in its frame, as anchored."""
    NOT_DUE = "not due yet"
    """The frame cannot be anchored before a time that is still to come."""
    OVERDUE = "overdue"
    """The frame could have been anchored, and is not."""
    ANCHORED = "anchored, log not seen"
    """The frame is anchored; whether the decision is in it, nobody was asked."""
    MISSING = "missing"
    """The decision is not in its frame, as anchored."""
    OF_NO_FRAME = "of no frame"
    """The receipt itself says that no frame holds the decision: it came late, or outside of all frames."""


@dataclass(frozen=True)
class Judgement:
    """What was found out about a receipt.

    `certifier` is None for an unsigned one; `frame` is the one that holds its time, None where none does.
    """

    standing: Standing
    certifier: Address | None
    words: str
    frame: FrameIndex | None = None

    @property
    def accuses(self) -> bool:
        """Whether this is proof against the operator."""
        return self.standing is Standing.MISSING and self.certifier is not None


async def judge(tribune: Tribune, receipt: Receipt, log: Path | None = None) -> Judgement:
    """Judge a receipt by the chain and, where one is given, by the published log.

    Args:
        tribune: the contracts that the asker trusts.
        receipt: as a stranger handed it over.
        log: a log folder, as the operator publishes it (`<model>/<version>/frames/…`).

    Raises:
        SignatureError: the receipt is not what it says, or no account of the operator's stands behind it.
        EvidenceError: another chain or contract, no such frame, or a log that is not the anchored one.
        ChainUnreachableError: the chain could not be asked.
    """
    certifier = check_receipt(receipt)
    if receipt.batch is not None and certifier is not None:
        check_contract(tribune, receipt.batch.certificate.contract)
        await _check_operator(tribune, receipt, certifier)
    if receipt.frame is None:
        words = "By its own words no frame holds this decision: it came late, or outside of all frames."
        return Judgement(Standing.OF_NO_FRAME, certifier, words)
    return await _by_frame(tribune, receipt, certifier, log)


async def _by_frame(
    tribune: Tribune, receipt: Receipt, certifier: Address | None, log: Path | None
) -> Judgement:
    frame = await _frame_at(tribune, receipt.model_id, receipt.time)
    times = await frame_times(tribune, receipt.model_id, frame)
    name = f"frame {frame} of model {receipt.model_id} v{receipt.version}"
    if frame != receipt.frame:
        name += f" (which holds its time; by the policy before, the receipt calls it {receipt.frame})"
    word = await tribune.decision_log.anchor_of(receipt.model_id, receipt.version, frame)
    if word is None:
        if await tribune.chain.block_time() < times.seal_from:
            due = f"{times.seal_from:%Y-%m-%d %H:%M:%S} UTC"
            words = f"Not due yet: {name} is anchored from {due} on."
            return Judgement(Standing.NOT_DUE, certifier, words, frame)
        words = (
            f"Overdue: {name} could be anchored since {times.seal_from:%Y-%m-%d %H:%M:%S} UTC, and is not."
        )
        return Judgement(Standing.OVERDUE, certifier, words, frame)
    if log is None:
        words = f"Anchored: {name}. Whether the decision is in it, a proof from the operator tells, or --log."
        return Judgement(Standing.ANCHORED, certifier, words, frame)
    folder = log_folder(log, receipt.model_id, receipt.version)
    manifest = read_manifest(folder, frame)
    leaves = list(frame_leaves(folder, manifest))
    if anchor_word(manifest) != word or MerkleTree(leaves).root != manifest.merkle_root:
        raise EvidenceError(
            f"The log in {folder} is not the anchored one: nothing follows from {name} there."
        )
    if receipt.leaf in leaves:
        words = f"PROVEN: the decision is in {name}, as the chain anchors it."
        return Judgement(Standing.PROVEN, certifier, words, frame)
    words = f"MISSING: {name}, as anchored, does not hold the decision."
    return Judgement(Standing.MISSING, certifier, words, frame)


async def _frame_at(tribune: Tribune, model_id: ModelId, time: int) -> FrameIndex:
    """Return the frame that holds a time (UTC microseconds) by the model's policies.

    Raises:
        EvidenceError: none does.
    """
    try:
        frame = (await ChainGrids(tribune, model_id).refresh()).frame_of(time)
    except ConfigurationError:  # no policy
        frame = None
    if frame is None:
        raise EvidenceError(f"No frame of model {model_id} on this chain holds the time of this decision.")
    return frame


async def _check_operator(tribune: Tribune, receipt: Receipt, certifier: Address) -> None:
    """Check that a certifier is the model's steward or logger, or was its logger when it was decided.

    Raises:
        SignatureError: it is neither.
    """
    model_id = receipt.model_id
    try:
        steward = await tribune.model_registry.steward(model_id)
    except RevertedError:
        raise EvidenceError(f"There is no model {model_id} on this chain.") from None
    if certifier in (steward, await tribune.decision_log.logger_of(model_id)):
        return
    if certifier == await _logger_at(tribune, model_id, receipt.time):
        return
    raise SignatureError(
        f"The receipt's key was certified by {certifier}, neither steward nor logger of model {model_id}.",
        mend="It proves nothing against whoever operates the model.",
    )


async def _logger_at(tribune: Tribune, model_id: ModelId, time: int) -> Address | None:
    """Return who was last named logger of a model up to a time (UTC microseconds)."""
    head = await tribune.chain.head()
    log = tribune.decision_log
    topics = (log.topic("LoggerChanged"), model_id.to_bytes(32, "big"))
    logs = await tribune.chain.logs([log.address], tribune.deployment.block, head.number, topics)
    named: Address | None = None
    for event in log.events(logs):
        moment: datetime = await tribune.chain.block_time(event.log.block_number)
        if isinstance(event, LoggerChanged) and microseconds(moment) <= time:
            named = event.current
    return named
