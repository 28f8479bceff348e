"""One monitor: measures what is due, signs it, and sends its report.

A signature is stored before it is sent, so that a restart never signs two reports for one frame; what is
stored and not known to count is sent again. A monitor that cannot look says so and reports nothing: the frame
stays due until its deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tribune.chain import Tribune
from tribune.chain.report_hub import Attestation, Attested
from tribune.chain.types import Receipt
from tribune.exceptions import ChainError, ConfigurationError, RevertedError, StoreError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.reports.evidence_store import write_evidence
from tribune.reports.signing import HubDomain, MessageSigner, Report, report_digest, sign_attestation
from tribune.store.queries import reports_in, set_report_state, signed_report, store_signature
from tribune.store.session import Store
from tribune.store.tables import ReportState, SignedReport
from tribune.sync.sender import Sender
from tribune_monitors.due import DueReport, DueReports
from tribune_monitors.faults import Faults, Subject
from tribune_monitors.measuring import Measured, Measurer

_JUDGING_GAS = 1_000_000
"""What judging, a suspension and a case cost whoever's signature turns out to be the k-th in its block."""


@dataclass
class Worker:
    """A monitor's work.

    Args:
        tribune: the contracts.
        account: the monitor's key.
        sender: sends with that key.
        store: this monitor's own database.
        measurer: measures with this monitor's engine and sources.
        evidence: stores that evidence is written to.
        models: ids to watch; empty watches all.
        retry_s: pause before what could not be looked at is tried again.
    """

    tribune: Tribune
    account: MessageSigner
    sender: Sender
    store: Store
    measurer: Measurer
    evidence: Sequence[str]
    models: Sequence[ModelId] = ()
    retry_s: float = 2.0

    def __post_init__(self) -> None:
        self.faults = Faults(self.retry_s)
        self._due = DueReports(self.tribune, self.monitor, self._signed)
        self._seen = ""

    @property
    def monitor(self) -> Address:
        """The monitor's address."""
        return self.sender.address

    async def look(self) -> None:
        """Do all that is due now; one request where there is no new block and nothing to try again.

        Raises:
            ChainError: we could not look, or not send; what was not reported stays due.
            StoreError: the store does not answer; likewise.
        """
        head = await self.tribune.chain.head()
        if head.hash == self._seen:
            return
        self._seen = ""
        settled = await self._send_stored(head.time)
        for model_id in await self._watched():
            try:
                settled &= await self._look_at(model_id, head.time)
            except RevertedError as fault:
                self.faults.note(Subject(model_id), fault)
        if settled and not self.faults:
            self._seen = head.hash

    async def _watched(self) -> list[ModelId]:
        count = await self.tribune.model_registry.model_count()
        for model_id in self.models:
            if not 1 <= model_id <= count:
                unknown = f"There is no model {model_id} on this chain."
                self.faults.note(
                    Subject(model_id), ConfigurationError(unknown, mend="Check TRIBUNE_MONITOR__MODELS.")
                )
        return [ModelId(n) for n in range(1, count + 1) if not self.models or n in self.models]

    async def _look_at(self, model_id: ModelId, now: datetime) -> bool:
        """Report what is due for a model; return whether all that was signed is settled."""
        settled = True
        due = await self._due.find(model_id, now)
        subjects = {Subject(model_id, one.version, one.frame): one for one in due}
        self.faults.keep(model_id, subjects)
        for subject, one in subjects.items():
            if self.faults.rests(subject):
                continue
            try:
                measured = await self._measure(one)
            except (ChainError, StoreError) as fault:
                if not isinstance(fault, RevertedError):
                    raise
                self.faults.note(subject, fault)
            except Exception as fault:  # a frame is a job: whatever is wrong with it, the others come next
                self.faults.note(subject, fault)
            else:
                self.faults.clear(subject)
                settled &= await self._send(await self._sign(one, measured), one.index)
        return settled

    async def _measure(self, due: DueReport) -> Measured:
        measured = await self.measurer.measure(due)
        for url in self.evidence:
            await asyncio.to_thread(write_evidence, url, measured.evidence.document)
        return measured

    async def _signed(
        self, model_id: ModelId, version: VersionNumber, frame: FrameIndex, policy: Digest
    ) -> bool:
        found = await self.store.read(signed_report, self.monitor, model_id, frame, version, policy.hex())
        return found is not None

    async def _sign(self, due: DueReport, measured: Measured) -> SignedReport:
        """Sign, store, and return the signature in force, which is the first one stored."""
        evidence = measured.evidence
        report = Report(
            due.model_id,
            due.version,
            due.frame,
            due.policy.digest,
            due.word,
            evidence.digest,
            evidence.values,
        )
        domain = HubDomain(self.tribune.chain.chain_id, self.tribune.report_hub.address)
        signature = sign_attestation(self.account, domain, report, measured.witness)
        row = SignedReport(
            monitor=self.monitor,
            model_id=due.model_id,
            frame=due.frame,
            version=due.version,
            digest=report_digest(report).hex(),
            policy=report.policy.hex(),
            manifest=report.manifest.hex(),
            evidence=report.evidence.hex(),
            cid=evidence.cid,
            report_values=list(report.values),
            witness=measured.witness.hex(),
            signature=signature.hex(),
        )
        kept = await self.store.run(store_signature, row)
        get_logger(__name__).info(
            "signed", model=due.model_id, frame=due.frame, report=kept.digest, evidence=kept.cid
        )
        return kept

    async def _send_stored(self, now: datetime) -> bool:
        """Send again what is not known to count, as after a crash; return whether all is settled."""
        settled = True
        for row in await self.store.read(reports_in, self.monitor, ReportState.SIGNED):
            for record in await self._due.policies(ModelId(row.model_id), now):
                if record.digest.hex() == row.policy and self.monitor in record.policy.panel:
                    settled &= await self._send(row, record.policy.panel.index(self.monitor))
                    break
        return settled

    async def _send(self, row: SignedReport, index: int) -> bool:
        """Send a stored report unless it counts already; return whether its fate is known."""
        log = get_logger(__name__)
        report = _report_of(row)
        hub = self.tribune.report_hub
        known = await hub.frame(report.model_id, report.version, report.frame, report.policy)
        state, tx_hash = ReportState.COUNTED, ""
        if index not in known.reported:
            attestation = Attestation(index, Digest(bytes.fromhex(row.witness)), bytes.fromhex(row.signature))
            try:
                receipt = await self.sender.send(hub.submit(report, [attestation]), headroom=_JUDGING_GAS)
                tx_hash = receipt.tx_hash
                if not await self._counts(receipt, report, index):
                    state = ReportState.REFUSED
                    log.warning("the signature did not count", model=row.model_id, frame=row.frame)
            except RevertedError as fault:
                if "tx_hash" in fault.ids:  # another's report came into the same block first: look again
                    log.info("not counted yet", model=row.model_id, frame=row.frame, error=str(fault))
                    return False
                state = ReportState.REFUSED
                log.warning("refused", model=row.model_id, frame=row.frame, error=str(fault))
        await self.store.run(set_report_state, row.id or 0, state, tx_hash=tx_hash)
        log.info("sent", model=row.model_id, frame=row.frame, state=str(state), tx=tx_hash)
        return True

    async def _counts(self, receipt: Receipt, report: Report, index: int) -> bool:
        """Return whether a mined submission counted, or another's with our signature before it."""
        hub = self.tribune.report_hub
        if any(isinstance(e, Attested) and e.monitor == self.monitor for e in hub.events(receipt.logs)):
            return True
        known = await hub.frame(report.model_id, report.version, report.frame, report.policy)
        return index in known.reported


def _report_of(row: SignedReport) -> Report:
    return Report(
        ModelId(row.model_id),
        VersionNumber(row.version),
        FrameIndex(row.frame),
        Digest(bytes.fromhex(row.policy)),
        Digest(bytes.fromhex(row.manifest)),
        Digest(bytes.fromhex(row.evidence)),
        tuple(row.report_values),
    )
