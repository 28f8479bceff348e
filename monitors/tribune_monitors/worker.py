"""One monitor: its steps from an anchored log to a final report, each of which can be repeated at any time.

What is due follows from chain and store alone, and every step asks them what was done before: a kill between
any two loses nothing, and nothing is signed or counted twice. A monitor that cannot look says so and reports
nothing: the frame stays due until its deadline. The steps: `due` (what to report), `attesting` (measure,
sign, store), `settling` (publish, send, confirm), `quorum` (when, with whose signatures), `peers`,
`vote_opener`; `standing` keeps it to one process for a key.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.types import Block
from tribune.exceptions import ChainError, ConfigurationError, RevertedError, StoreError
from tribune.ids import Address, FrameIndex, ModelId
from tribune.reports.signing import HubDomain, MessageSigner
from tribune.store.queries import reports_from, reports_in
from tribune.store.session import Store
from tribune.store.states import ReportState
from tribune.store.tables import SignedReport
from tribune.sync.sender import Sender
from tribune_monitors.measurement.measuring import Measurer
from tribune_monitors.reporting.attestations import Attestations
from tribune_monitors.reporting.attesting import Attesting
from tribune_monitors.reporting.filing import Filing
from tribune_monitors.reporting.peers import Peers
from tribune_monitors.reporting.quorum import Quorum, rank
from tribune_monitors.reporting.settling import OPEN, Settling
from tribune_monitors.reporting.standing import StandDownError, Standing
from tribune_monitors.reporting.stored import digest_of, subject_of
from tribune_monitors.vote_opener import VoteOpener
from tribune_monitors.watching.due import DueReport, DueReports, deadline_of, open_frames
from tribune_monitors.watching.faults import Faults, Subject
from tribune_monitors.watching.heads import Heads

ITSELF = Subject(ModelId(0))
"""What a fault of the whole monitor is noted under."""


@dataclass
class Worker:
    """A monitor's work.

    Args:
        tribune: the contracts.
        account: the monitor's key.
        sender: sends with that key.
        store: this monitor's own database.
        measurer: measures with this monitor's engine and sources.
        evidence: stores that evidence and attestations are written to.
        readable: further stores in which the panel's attestations are looked for.
        models: ids to watch; empty watches all.
        retry_s: pause before what could not be looked at is tried again.
        patience: share of the time to a deadline that others' signatures are waited for.
        stagger_s: how long each of several monitors who could act waits for the one before it; longer than a
            block takes.
    """

    tribune: Tribune
    account: MessageSigner
    sender: Sender
    store: Store
    measurer: Measurer
    evidence: Sequence[str]
    readable: Sequence[str] = ()
    models: Sequence[ModelId] = ()
    retry_s: float = 2.0
    patience: float = 0.5
    stagger_s: float = 15.0

    def __post_init__(self) -> None:
        tribune, store, monitor = self.tribune, self.store, self.monitor
        domain = HubDomain(tribune.chain.chain_id, tribune.report_hub.address)
        attestations = Attestations([*self.evidence, *self.readable])
        filing = Filing(store, monitor, self.evidence, sources=self.readable)
        peers = Peers(tribune, domain, monitor, store, self.measurer, attestations)
        quorum = Quorum(domain, attestations, peers, patience=self.patience, stagger_s=self.stagger_s)
        standing = Standing(tribune, monitor, store, attestations, self.evidence, domain)
        self.faults = Faults(self.retry_s)
        self._heads = Heads(tribune.chain)
        self._filing, self._peers, self._standing = filing, peers, standing
        self._attesting = Attesting(
            tribune.chain, domain, self.account, monitor, store, self.measurer, filing, standing
        )
        self._settling = Settling(
            tribune, domain, self.sender, store, filing, quorum, self._heads, self.faults
        )
        self._opener = VoteOpener(tribune, self.sender, self._turn, stagger_s=self.stagger_s)
        self._due = DueReports(tribune, monitor, self._attesting.signed)
        self._turns: defaultdict[ModelId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._doubts = 0
        self._confirmed: dict[ModelId, int] = {}
        self._unchecked: dict[int, SignedReport] = {}
        self._recalled = False
        self._seen = ""

    @property
    def monitor(self) -> Address:
        """The monitor's address."""
        return self.sender.address

    async def look(self) -> None:
        """Do each step once, in order; one request where there is no new block and nothing to try again.

        Raises:
            ChainError: we could not look, or not send; what was not reported stays due.
            StoreError: the store does not answer; likewise.
        """
        head = await self._ready()
        if head is None or head.hash == self._seen:
            return
        self._seen = ""
        models = await self.watched()
        await self._settle(head, models)
        for model_id in models:
            await self._look_at(model_id, head)
        await self._check_peers(head)
        await self._opener.open_votes(models, head)
        if not self.faults and not await self.has_unsettled():
            self._seen = head.hash

    async def watched(self) -> list[ModelId]:
        """Return the models to watch.

        Raises:
            ChainError: we could not look.
        """
        count = await self.tribune.model_registry.model_count()
        for model_id in self.models:
            if not 1 <= model_id <= count:
                unknown = f"There is no model {model_id} on this chain."
                self.faults.note(
                    Subject(model_id), ConfigurationError(unknown, mend="Check TRIBUNE_MONITOR__MODELS.")
                )
        return [ModelId(n) for n in range(1, count + 1) if not self.models or n in self.models]

    async def look_at(self, model_id: ModelId) -> None:
        """Bring on what was signed for a model, then sign what is due. Raises as `look`."""
        if head := await self._ready():
            await self._settle_model(model_id, head)
            await self._look_at(model_id, head)

    async def settle(self) -> None:
        """Bring signed reports on until they are final, and stores what is owed to them. Raises as `look`."""
        if head := await self._ready():
            await self._settle(head, await self.watched())

    async def has_unsettled(self) -> bool:
        """Return whether something that was signed is not known to count yet."""
        return bool(await self.store.read(reports_in, self.monitor, *OPEN))

    async def check_peers(self) -> None:
        """Compare the witness of each frame's peer with our own data. Raises as `look`."""
        if head := await self._ready():
            await self._check_peers(head)

    async def open_votes(self) -> float | None:
        """Open votes that nobody else opened; return in how many seconds to look again. Raises as `look`."""
        if head := await self._ready():
            return await self._opener.open_votes(await self.watched(), head)
        return None

    async def may_act(self) -> bool:
        """Return whether this process acts for the key; another one does if not. Raises as `look`."""
        return await self._ready() is not None

    async def close(self) -> None:
        """Let another process act for the key.

        Raises:
            StoreError: the store does not answer; the right ends by itself.
        """
        await self._standing.release()

    async def _ready(self) -> Block | None:
        """Return the newest block, None while another process acts for our key."""
        head, gone = await self._heads.look()
        if gone:
            self._doubts += 1
            self._due.forget()
            self._opener.forget()
        try:
            await self._standing.require()
        except StandDownError as fault:
            self.faults.note(ITSELF, fault)
            return None
        self.faults.clear(ITSELF)
        return head

    # Reports

    async def _look_at(self, model_id: ModelId, head: Block) -> None:
        subjects = set()
        try:
            for find in (self._due.frames, self._due.evaluations):
                for one in await find(model_id, head.time):
                    subject = Subject(model_id, one.version, one.frame)
                    subjects.add(subject)
                    if not self.faults.rests(subject):
                        await self._report(subject, one, head)
        except RevertedError as fault:
            self.faults.note(Subject(model_id), fault)
            return
        waiting = map(subject_of, await self.store.read(reports_in, self.monitor, *OPEN, model_id=model_id))
        self.faults.keep(model_id, {*subjects, *waiting})

    async def _report(self, subject: Subject, due: DueReport, head: Block) -> None:
        try:
            row = await self._attesting.attest(due)
        except (ChainError, StoreError) as fault:
            if not isinstance(fault, RevertedError):
                raise
            self.faults.note(subject, fault)
        except Exception as fault:  # a frame is a job: whatever is wrong with it, the others come next
            self.faults.note(subject, fault)
        else:
            self.faults.clear(subject)
            if row is not None:
                self._unchecked[row.id or 0] = row
                await self._settle_signed(due, head)

    async def _settle_signed(self, due: DueReport, head: Block) -> None:
        """Bring on what was just signed, after what was signed while the model was being settled."""
        if self._turns[due.model_id].locked():
            return
        async with self._turns[due.model_id]:
            signed = ReportState.SIGNED
            for row in await self.store.read(reports_in, self.monitor, signed, model_id=due.model_id):
                if digest_of(row.policy) != due.policy.digest:
                    continue
                if not await self._settle_row(row, due.policy, head):
                    self._confirmed[due.model_id] = -1  # all of them are looked at again

    async def _settle(self, head: Block, models: Sequence[ModelId]) -> None:
        """Settle models side by side: those with something open, and those in doubt after a reorg."""
        rows = await self.store.read(reports_in, self.monitor, *OPEN, ReportState.COUNTED)
        waiting = {ModelId(row.model_id) for row in rows if self._settling.has_work(row, head)}
        waiting.update(one for one in models if self._confirmed.get(one) != self._doubts)
        outcomes = await asyncio.gather(
            *(self._settle_model(model_id, head) for model_id in waiting), return_exceptions=True
        )
        await self._filing.deliver()
        for model_id, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, RevertedError):
                self.faults.note(Subject(model_id), outcome)
            elif outcome is not None:
                raise outcome

    async def _settle_model(self, model_id: ModelId, head: Block) -> None:
        """Settle a model's reports, oldest frames first, evaluations last, unless that is under way."""
        if self._turns[model_id].locked():
            return
        async with self._turns[model_id]:
            doubts = self._doubts
            doubtful = self._confirmed.get(model_id) != doubts
            for row in await self._unsettled(model_id, head, everything=doubtful):
                if record := await self._record(row, head.time):
                    replaced = record != (await self._due.policies(model_id, head.time))[-1]
                    if not await self._settle_row(row, record, head, doubtful=doubtful, replaced=replaced):
                        self._confirmed[model_id] = doubts = -1  # all of them are looked at again
                elif judging := await self._judging(row, head.time):
                    await self._settling.close_replaced(row, judging, head)
            self._confirmed[model_id] = doubts

    async def _settle_row(self, row: SignedReport, record: PolicyRecord, head: Block, **how: bool) -> bool:
        """Move a report on; False where that failed, or closed it uncounted just now.

        Whatever is wrong with one, others go on. What closed did so by one head, which may have been false:
        it is looked at once more by the next.
        """
        try:
            settled = await self._settling.settle(row, record, head, **how)
        except (ChainError, StoreError):
            raise
        except Exception as fault:
            self.faults.note(subject_of(row), fault)
            return False
        return settled.state != ReportState.REFUSED or row.state == ReportState.REFUSED

    async def _unsettled(self, model_id: ModelId, head: Block, *, everything: bool) -> list[SignedReport]:
        """Return what is to be moved on; with `everything`, also what gone blocks may have undone."""
        states = (*OPEN, ReportState.COUNTED)
        rows = list(await self.store.read(reports_in, self.monitor, *states, model_id=model_id))
        if not everything:
            rows = [row for row in rows if self._settling.has_work(row, head)]
        else:
            closed = (ReportState.FINAL, ReportState.REFUSED)
            rows += [row for row in await self._recent(model_id, head) if row.state in closed]
            rows += await self._refused_evaluations(model_id, head)
        return sorted(rows, key=lambda row: (row.frame == 0, row.frame, row.id or 0))

    async def _refused_evaluations(self, model_id: ModelId, head: Block) -> list[SignedReport]:
        """Return those under the policy in force: only they could still count."""
        current = [record.digest.hex() for record in await self._due.policies(model_id, head.time)][-1:]
        refused = await self.store.read(reports_in, self.monitor, ReportState.REFUSED, model_id=model_id)
        return [row for row in refused if row.frame == 0 and row.policy in current]

    async def _recent(self, model_id: ModelId, head: Block) -> Sequence[SignedReport]:
        """Return what we signed for frames whose deadline is not over."""
        opened = open_frames(await self._due.policies(model_id, head.time), head.time)
        if not opened:
            return []
        return await self.store.read(reports_from, self.monitor, model_id, opened[0][0])

    async def _record(self, row: SignedReport, now: datetime) -> PolicyRecord | None:
        for record in await self._due.policies(ModelId(row.model_id), now):
            if record.digest == digest_of(row.policy) and self.monitor in record.policy.panel:
                return record
        return None

    async def _judging(self, row: SignedReport, now: datetime) -> PolicyRecord | None:
        """Return the policy that judges a report's frame, whichever it was signed for."""
        records = await self._due.policies(ModelId(row.model_id), now)
        first = [record for record in records if row.frame == 0 or record.first_frame <= row.frame]
        return first[-1] if first else None

    # Others

    async def _check_peers(self, head: Block) -> None:
        if not self._recalled:  # a new process goes on where an earlier one ended
            recent = [row for model_id in await self.watched() for row in await self._recent(model_id, head)]
            self._unchecked.update((row.id or 0, row) for row in recent)
            self._recalled = True
        for row in list(self._unchecked.values()):
            record = await self._record(row, head.time)
            deadline = None if record is None else deadline_of(record, FrameIndex(row.frame))
            verdict = None
            if record is not None:
                try:
                    verdict = await self._peers.check(row, record, head)
                except (ChainError, StoreError) as fault:
                    if not isinstance(fault, RevertedError):
                        raise
                    self.faults.note(Subject(ModelId(row.model_id)), fault)
                except Exception as fault:  # whatever is wrong with it, the other rows come next
                    self.faults.note(Subject(ModelId(row.model_id)), fault)
            if verdict is not None or deadline is None or head.time > deadline:
                self._unchecked.pop(row.id or 0, None)

    async def _turn(self, model_id: ModelId, number: int, now: datetime) -> tuple[int, int]:
        records = await self._due.policies(model_id, now)
        panel = records[-1].policy.panel if records else ()
        if self.monitor not in panel:
            return len(panel), len(panel)  # after all of its members
        return rank(panel.index(self.monitor), number, len(panel)), len(panel)
