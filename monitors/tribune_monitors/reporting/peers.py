"""Peers' witnesses: in each frame one member of the panel shows all others that it had the data.

Every other monitor recomputes that member's witness from its own copy of the log. Who copied a report cannot
give it, and is left out of what we send. The verdict is kept; the witness that a peer should give is kept
nowhere and published never, since who knows it could copy the next report too.
"""

from __future__ import annotations

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.chain.types import Block
from tribune.exceptions import EvidenceError
from tribune.ids import Address, Digest
from tribune.log import get_logger
from tribune.reports.attestation import AttestationDocument, attestation_name
from tribune.reports.signing import HubDomain
from tribune.store.queries import peer_verdicts, record_peer_check
from tribune.store.session import Store
from tribune.store.states import PeerVerdict
from tribune.store.tables import PeerCheck, SignedReport
from tribune_monitors.measurement.measuring import Measurer, peer_of
from tribune_monitors.reporting.attestations import Attestations, counted
from tribune_monitors.reporting.stored import reported_of
from tribune_monitors.watching.due import deadline_of


class Peers:
    """Recomputes peers' witnesses.

    Args:
        tribune: the contracts.
        domain: chain and hub.
        monitor: who looks.
        store: where verdicts are kept.
        measurer: reads the sealed files.
        attestations: of the panel.
    """

    def __init__(
        self,
        tribune: Tribune,
        domain: HubDomain,
        monitor: Address,
        store: Store,
        measurer: Measurer,
        attestations: Attestations,
    ) -> None:
        self._tribune = tribune
        self._domain = domain
        self.monitor = monitor
        self._store = store
        self._measurer = measurer
        self._attestations = attestations

    async def trusts(self, row: SignedReport, record: PolicyRecord, document: AttestationDocument) -> bool:
        """Return whether a peer's attestation may be sent on: not if its recomputed witness differs.

        A right witness vouches for no later one: who showed a wrong one is left out of the frame for good.
        """
        reported = reported_of(row)
        if document.monitor != peer_of(record, reported.frame):
            return True
        if (await self._known(row)).get(document.monitor) is PeerVerdict.DIFFERS:
            return False
        try:
            return await self._judge(row, document.monitor, document.witness) is not PeerVerdict.DIFFERS
        except EvidenceError:
            return True  # our copy of the log is gone by now: that says nothing of the peer

    async def check(self, row: SignedReport, record: PolicyRecord, head: Block) -> PeerVerdict | None:
        """Look at the peer of a frame that we signed; None where there is nothing to say yet.

        Raises:
            EvidenceError: the sealed files are missing, or not what the chain names.
            ChainError, StoreError: we could not look.
        """
        reported = reported_of(row)
        peer, deadline = peer_of(record, reported.frame), deadline_of(record, reported.frame)
        if peer == self.monitor or deadline is None:
            return None
        if (verdict := (await self._known(row)).get(peer)) is not None:
            return verdict
        witness = await self._witness(row, record, peer, head)
        if witness is not None:
            return await self._judge(row, peer, witness)
        return await self._record(row, peer, PeerVerdict.ABSENT) if head.time > deadline else None

    async def _known(self, row: SignedReport) -> dict[str, PeerVerdict]:
        """Return what was found of the frame's peers before."""
        return await self._store.read(peer_verdicts, self.monitor, row.model_id, row.version, row.frame)

    async def _witness(
        self, row: SignedReport, record: PolicyRecord, peer: Address, head: Block
    ) -> Digest | None:
        """Return what a peer gave: in an evidence store that we can read, or on the chain."""
        about = reported_of(row)
        name = attestation_name(self._domain, about.model_id, about.version, about.frame, record.digest, peer)
        if document := (await self._attestations.find([name])).get(name):
            return document.witness
        frame = await self._tribune.report_hub.frame(
            about.model_id, about.version, about.frame, record.digest
        )
        if record.policy.panel.index(peer) not in frame.reported:
            return None
        event = (await counted(self._tribune, about, record, head)).get(peer)
        return None if event is None else event.witness

    async def _judge(self, row: SignedReport, peer: Address, witness: Digest) -> PeerVerdict:
        about = reported_of(row)
        same = await self._measurer.witness_of(about, peer) == witness
        return await self._record(row, peer, PeerVerdict.OK if same else PeerVerdict.DIFFERS)

    async def _record(self, row: SignedReport, peer: Address, verdict: PeerVerdict) -> PeerVerdict:
        """Keep a verdict, and say so once; a quorum that waits asks at every look."""
        before = (await self._known(row)).get(peer)
        if before is not None and before in (verdict, PeerVerdict.DIFFERS):
            return before
        check = PeerCheck(
            monitor=self.monitor,
            model_id=row.model_id,
            version=row.version,
            frame=row.frame,
            peer=peer,
            verdict=verdict,
        )
        kept = await self._store.run(record_peer_check, check)
        say = get_logger(__name__).info if kept is PeerVerdict.OK else get_logger(__name__).warning
        say(
            "peer's witness",
            model=row.model_id,
            version=row.version,
            frame=row.frame,
            peer=peer,
            verdict=str(kept),
        )
        return kept
