"""A signed report's way to a block that stays: published, sent, counted, final; back where a reorg takes it.

Every step asks the chain first and is repeated until it is seen to have worked, so that a kill between any
two loses nothing and nothing counts twice. Signs nothing: where the chain names another log than the one that
was signed for, it says what a person must know and waits.
"""

from __future__ import annotations

from dataclasses import dataclass

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.report_hub import Attested, FrameRecord
from tribune.chain.types import Block, Receipt
from tribune.exceptions import (
    ChainError,
    ChainUnreachableError,
    EvidenceError,
    RevertedError,
    WrongChainError,
)
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.reports.signing import HubDomain
from tribune.store.queries import set_report_state
from tribune.store.session import Session, Store
from tribune.store.states import ReportState
from tribune.store.tables import SignedReport
from tribune.sync.sender import Sender
from tribune_monitors.reporting.attestations import counted
from tribune_monitors.reporting.filing import Filing, Owed, note_owed
from tribune_monitors.reporting.quorum import Quorum
from tribune_monitors.reporting.stored import digest_of, document_of, report_of, reported_of, subject_of
from tribune_monitors.watching.due import deadline_of
from tribune_monitors.watching.faults import Faults
from tribune_monitors.watching.heads import Heads

JUDGING_GAS = 1_000_000
"""What judging, a suspension and a case cost whoever's signature turns out to be the k-th in its block."""

OPEN = (ReportState.SIGNED, ReportState.PUBLISHED)
"""States of reports that still have to reach the hub."""


@dataclass
class Settling:
    """Moves signed reports on.

    Args:
        tribune: the contracts.
        domain: chain and hub.
        sender: sends with the monitor's key.
        store: where they are kept.
        filing: publishes.
        quorum: says when to send what.
        heads: is told of blocks that something was read in.
        faults: what people should know.
    """

    tribune: Tribune
    domain: HubDomain
    sender: Sender
    store: Store
    filing: Filing
    quorum: Quorum
    heads: Heads
    faults: Faults

    def has_work(self, row: SignedReport, head: Block) -> bool:
        """Return whether there is anything to do for a report, as long as no block is gone."""
        return row.state in OPEN or (
            row.state == ReportState.COUNTED and row.block_number <= self._final(head)
        )

    async def settle(
        self,
        row: SignedReport,
        record: PolicyRecord,
        head: Block,
        *,
        doubtful: bool = False,
        replaced: bool = False,
    ) -> SignedReport:
        """Move a report on as far as it goes now; return it as it stands.

        Args:
            row: as stored.
            record: its policy.
            head: the newest block.
            doubtful: whether blocks may have gone since it was last looked at.
            replaced: whether another policy is in force, which ends an evaluation that did not count.

        Raises:
            ChainError: we could not look, or not send; call again.
            StoreError: likewise.
        """
        if row.state in (ReportState.COUNTED, ReportState.FINAL):
            row = await self._confirm(row, record, head, doubtful)
        elif row.state == ReportState.REFUSED and doubtful and await self._may_count(row, record, head):
            row = await self._move(row, ReportState.SIGNED)
        if row.state == ReportState.SIGNED:
            row = await self._publish(row)
        if row.state in OPEN:
            row = await self._bring(row, record, head, replaced)
        if row.state not in OPEN:
            self.quorum.forget(row)
            self.faults.clear(subject_of(row))
        return row

    async def close_replaced(self, row: SignedReport, judging: PolicyRecord, head: Block) -> None:
        """Close a report whose policy a reorganisation took away, once another one judges it and is final.

        Args:
            row: as stored.
            judging: the policy that judges its frame now.
            head: the newest block.

        Raises:
            ChainError, StoreError: we could not look, or not note it; call again.
        """
        if judging.digest == digest_of(row.policy) or row.state not in (*OPEN, ReportState.COUNTED):
            return
        final = self._final(head)
        try:
            terms = await self.tribune.policy_book.terms(
                ModelId(row.model_id), judging.first_frame, block=final
            )
        except (ChainUnreachableError, WrongChainError):
            raise
        except ChainError:  # there was no policy yet, or the node keeps no state that old
            return
        if terms.digest == judging.digest:
            why = "A reorganisation took its policy away, and another one judges its frame for good."
            await self._refuse(row, why)
            self.quorum.forget(row)
            self.faults.clear(subject_of(row))

    async def _publish(self, row: SignedReport) -> SignedReport:
        """Put the attestation where peers find it. Where no store takes it, the report goes on alone."""
        try:
            owed = await self.filing.publish(document_of(row, self.domain))
        except EvidenceError as fault:
            self.faults.note(subject_of(row), fault)
            return row
        return await self._move(row, ReportState.PUBLISHED, owed=owed)

    async def _may_count(self, row: SignedReport, record: PolicyRecord, head: Block) -> bool:
        """Whether a refused report could count as far as the newest block tells: an older one may lie."""
        deadline = deadline_of(record, FrameIndex(row.frame))
        return not (await self._known(row)).judged if deadline is None else head.time <= deadline

    async def _bring(
        self, row: SignedReport, record: PolicyRecord, head: Block, replaced: bool
    ) -> SignedReport:
        known = await self._known(row)
        index = self._index(record)
        if index in known.reported:
            return await self._found_counted(row, record)
        deadline = deadline_of(record, FrameIndex(row.frame))
        if deadline is not None and head.time > deadline:
            why = f"Its deadline was over before it counted. {row.error}".rstrip()
            return await self._refuse(row, why)
        if deadline is None and replaced:
            why = f"Another policy came into force before it counted. {row.error}".rstrip()
            return await self._refuse(row, why)
        if deadline is None and row.error and self.faults.rests(subject_of(row)):
            return row
        attestations = await self.quorum.ready(row, record, known, head)
        if not attestations:
            return row
        known = await self._known(row)  # others may have sent while we collected
        if index in known.reported:
            return await self._found_counted(row, record)
        left = [one for one in attestations if one.index not in known.reported]
        call = self.tribune.report_hub.submit(report_of(row), left)
        try:
            receipt = await self.sender.send(call, headroom=JUDGING_GAS)
        except RevertedError as fault:
            return await self._refused(row, fault)
        except (ChainUnreachableError, WrongChainError):
            raise
        except ChainError as fault:  # no money, fees too high, in no block yet: the other reports go on
            self.faults.note(subject_of(row), fault)
            return row
        return await self._sent(row, record, receipt)

    async def _sent(self, row: SignedReport, record: PolicyRecord, receipt: Receipt) -> SignedReport:
        events = [e for e in self.tribune.report_hub.events(receipt.logs) if isinstance(e, Attested)]
        if any(event.monitor == self.sender.address for event in events):
            self.heads.saw(receipt.block_number, receipt.block_hash)
            get_logger(__name__).info(
                "sent",
                model=row.model_id,
                version=row.version,
                frame=row.frame,
                signatures=len(events),
                tx=receipt.tx_hash,
            )
            return await self._move(
                row, ReportState.COUNTED, tx_hash=receipt.tx_hash, block_number=receipt.block_number
            )
        if self._index(record) in (await self._known(row)).reported:
            return await self._found_counted(row, record)
        return await self._refuse(row, "The hub did not count the signature.", tx_hash=receipt.tx_hash)

    async def _found_counted(self, row: SignedReport, record: PolicyRecord) -> SignedReport:
        """Note that the hub has a report of ours, by whoever's transaction, if it is this one."""
        head = await self.tribune.chain.head()
        where = (head.number, head.hash, "")
        if row.frame != 0:
            event = (await counted(self.tribune, reported_of(row), record, head)).get(self.sender.address)
            if event is None:  # the node that tells the logs is behind the one that told the state
                return row
            if event.report != digest_of(row.digest):
                return await self._refuse(
                    row, "Another process with our key reported otherwise, and counted."
                )
            where = (event.log.block_number, event.log.block_hash, event.log.tx_hash)
        self.heads.saw(where[0], where[1])
        return await self._move(row, ReportState.COUNTED, block_number=where[0], tx_hash=where[2])

    async def _confirm(
        self, row: SignedReport, record: PolicyRecord, head: Block, doubtful: bool
    ) -> SignedReport:
        """Make a counted report final once its block is; take it back where a reorg took it away."""
        final = self._final(head)
        ripe = row.state == ReportState.COUNTED and row.block_number <= final
        if not (ripe or doubtful):
            return row
        index = self._index(record)
        if index not in (await self._known(row)).reported:
            get_logger(__name__).warning(
                "a reorg took a report away", model=row.model_id, version=row.version, frame=row.frame
            )
            return await self._move(row, ReportState.PUBLISHED, block_number=0, tx_hash="")
        if ripe and await self._had(row, index, final):
            return await self._move(row, ReportState.FINAL)
        return row

    async def _had(self, row: SignedReport, index: int, block: int) -> bool:
        """Return whether the hub, which has the report now, had it in an earlier block."""
        try:
            return index in (await self._known(row, block)).reported
        except (ChainUnreachableError, WrongChainError):
            raise
        except ChainError:  # the node keeps no state that old
            return True

    async def _refused(self, row: SignedReport, fault: RevertedError) -> SignedReport:
        """Say whether the contract's refusal is for good: only of an evaluation that is judged or closed."""
        if (
            "tx_hash" in fault.ids
        ):  # refused in its block though not before: what came first changed something
            return await self._wait(row, f"It did not count yet: {fault.message}")
        if row.frame == 0:
            if fault.ids.get("error") == "ReportEvaluationClosed" or (await self._known(row)).judged:
                return await self._refuse(row, fault.message)
            return await self._wait(row, fault.message)
        frame = (ModelId(row.model_id), VersionNumber(row.version), FrameIndex(row.frame))
        word = await self.tribune.decision_log.anchor_of(*frame)
        if word is None:
            return await self._wait(row, "A reorganisation took its log's anchor away; it waits for it.")
        if word != digest_of(row.manifest):
            return await self._wait(row, _other_log(row, word))
        # The node may be behind, or its clock went back; to ask again until the deadline costs nothing.
        return await self._wait(row, fault.message)

    async def _wait(self, row: SignedReport, why: str) -> SignedReport:
        self.faults.note(subject_of(row), EvidenceError(why))
        return row if row.error == why else await self._move(row, ReportState(row.state), error=why)

    async def _refuse(self, row: SignedReport, why: str, tx_hash: str | None = None) -> SignedReport:
        get_logger(__name__).warning(
            "refused", model=row.model_id, version=row.version, frame=row.frame, error=why
        )
        return await self._move(row, ReportState.REFUSED, error=why, tx_hash=tx_hash)

    async def _move(
        self,
        row: SignedReport,
        state: ReportState,
        *,
        owed: list[Owed] | None = None,
        error: str = "",
        tx_hash: str | None = None,
        block_number: int | None = None,
    ) -> SignedReport:
        def move(session: Session) -> SignedReport:
            note_owed(session, owed or [])
            set_report_state(
                session, row.id or 0, state, tx_hash=tx_hash, block_number=block_number, error=error
            )
            kept = session.get(SignedReport, row.id)
            if kept is None:
                raise AssertionError("a stored signature is never deleted")
            return kept

        return await self.store.run(move)

    async def _known(self, row: SignedReport, block: int | str = "latest") -> FrameRecord:
        return await self.tribune.report_hub.frame(
            ModelId(row.model_id),
            VersionNumber(row.version),
            FrameIndex(row.frame),
            digest_of(row.policy),
            block=block,
        )

    def _final(self, head: Block) -> int:
        return max(0, head.number - self.tribune.chain.finality_blocks)

    def _index(self, record: PolicyRecord) -> int:
        return record.policy.panel.index(Address(self.sender.address))


def _other_log(row: SignedReport, word: Digest) -> str:
    return (
        f"The chain names another log of frame {row.frame} of model {row.model_id} (0x{word.hex()}) than the "
        f"one that was measured and signed (0x{row.manifest}): it was anchored anew after a reorganisation. "
        "A monitor never signs a second report of a frame, so this one counts only if the first anchor comes "
        "back. Ask the steward which log is right and why there are two; the rest of the panel, or a vote on "
        "the stale frame, decides without this monitor."
    )
