"""From what is due to a stored signature: measure, file the evidence, sign, store. Sends nothing.

The signature is stored before anybody sees it, in one transaction with what is still owed to evidence stores.
Killed before that, nothing was signed that anyone could know; killed after it, the row is found.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tribune.chain.client import Chain
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.reports.signing import HubDomain, MessageSigner, Report, report_digest, sign_attestation
from tribune.store.queries import signed_report, store_signature
from tribune.store.session import Session, Store
from tribune.store.tables import SignedReport
from tribune_monitors.measurement.measuring import Measured, Measurer
from tribune_monitors.reporting.filing import Filing, Owed, note_owed
from tribune_monitors.reporting.standing import Standing
from tribune_monitors.watching.due import DueReport


@dataclass
class Attesting:
    """Signs what is due.

    Args:
        chain: whose clock decides.
        domain: chain and hub.
        account: the monitor's key.
        monitor: its address.
        store: where signatures are kept.
        measurer: measures.
        filing: keeps evidence.
        standing: whether the frame is ours to sign.
    """

    chain: Chain
    domain: HubDomain
    account: MessageSigner
    monitor: Address
    store: Store
    measurer: Measurer
    filing: Filing
    standing: Standing

    async def signed(
        self, model_id: ModelId, version: VersionNumber, frame: FrameIndex, policy: Digest
    ) -> bool:
        """Return whether a report of a frame is signed and stored (frame 0: of a version under a policy)."""
        found = await self.store.read(signed_report, self.monitor, model_id, frame, version, policy.hex())
        return found is not None

    async def attest(self, due: DueReport) -> SignedReport | None:
        """Measure, file and sign what is due; None where its deadline passed meanwhile.

        Raises:
            StandDownError: our key signed it elsewhere.
            EvidenceError: files are missing or wrong, or no evidence store takes the evidence.
            DataError, PolicyError: they cannot be measured as they are.
            ChainError, StoreError: we could not look.
        """
        if await self._is_over(due):
            return None
        await self.standing.require_unsigned(due)
        measured = await self.measurer.measure(due)
        owed = await self.filing.write(measured.evidence.document)
        if await self._is_over(due):
            return None
        row = await asyncio.to_thread(self._row, due, measured)  # a device may take its time to sign
        kept = await self.store.run(_store, row, owed)
        get_logger(__name__).info(
            "signed",
            model=due.model_id,
            version=due.version,
            frame=due.frame,
            report=kept.digest,
            evidence=kept.cid,
        )
        return kept

    async def _is_over(self, due: DueReport) -> bool:
        return due.deadline is not None and (await self.chain.head()).time > due.deadline

    def _row(self, due: DueReport, measured: Measured) -> SignedReport:
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
        signature = sign_attestation(self.account, self.domain, report, measured.witness)
        return SignedReport(
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


def _store(session: Session, row: SignedReport, owed: list[Owed]) -> SignedReport:
    """Store a signature with what is owed; return the one in force, which is the first one stored."""
    note_owed(session, owed)
    return store_signature(session, row)
