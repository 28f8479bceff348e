"""When to bring a report to the hub, and with whose signatures.

Whoever holds a quorum first sends one transaction for all. So that not all do at once, each monitor waits for
its turn, which moves on with the frames; a quorum that is not the whole panel waits one turn more for the
rest, unless it is about a breach. By half the time to the deadline each sends its own signature alone,
whatever the others do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tribune.chain.policy_book import PolicyRecord
from tribune.chain.report_hub import Attestation, FrameRecord
from tribune.chain.types import Block
from tribune.ids import FrameIndex
from tribune.metrics import Policy, Severity
from tribune.reports.attestation import AttestationDocument, attestation_name
from tribune.reports.signing import HubDomain, report_digest
from tribune.store.tables import SignedReport
from tribune_monitors.reporting.attestations import Attestations
from tribune_monitors.reporting.peers import Peers
from tribune_monitors.reporting.stored import digest_of, report_of, reported_of
from tribune_monitors.watching.due import frame_bounds

LOOK_S = 1.0
"""Pause between two looks for the attestations of others."""


def rank(index: int, number: int, size: int) -> int:
    """Return a member's turn: 0 acts first. Turns move on by one with each number."""
    return (index - number) % size


def is_breach(row: SignedReport, record: PolicyRecord) -> bool:
    """Return whether a report hits a rule that opens a vote or suspends."""
    policy = Policy.from_chain([rule.on_chain() for rule in record.policy.rules])
    pairs = zip(policy.rules, row.report_values, strict=True)
    return any(rule.severity is not Severity.WARN and rule.is_hit(value) for rule, value in pairs)


@dataclass
class _Waiting:
    """What is known of a report that waits for others.

    Args:
        since: the chain's time when it was first looked at.
    """

    since: datetime
    found: dict[int, AttestationDocument] = field(default_factory=dict)
    quorum_from: float | None = None
    looked: float = float("-inf")


class Quorum:
    """Collects signatures.

    Args:
        domain: chain and hub.
        attestations: of the panel.
        peers: whom to leave out.
        patience: share of the time to the deadline that others are waited for; 0 waits for nobody.
        stagger_s: one turn: longer than a block takes, or two send what one could. It is shorter where the
            time that others are waited for would not give each member its turn.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        domain: HubDomain,
        attestations: Attestations,
        peers: Peers,
        *,
        patience: float = 0.5,
        stagger_s: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._domain = domain
        self._attestations = attestations
        self._peers = peers
        self._patience = patience
        self._stagger_s = stagger_s
        self._clock = clock
        self._waiting: dict[int, _Waiting] = {}

    def forget(self, row: SignedReport) -> None:
        """Drop what is known of a report that waits no more."""
        self._waiting.pop(row.id or 0, None)

    async def ready(
        self, row: SignedReport, record: PolicyRecord, known: FrameRecord, head: Block
    ) -> list[Attestation]:
        """Return the signatures to send now, ours among them; none: wait.

        Args:
            row: our report, which the hub does not have yet.
            record: its policy.
            known: what the hub has of its frame.
            head: the newest block.
        """
        index = record.policy.panel.index(self._peers.monitor)
        own = Attestation(index, digest_of(row.witness), bytes.fromhex(row.signature))
        waiting = self._waiting.setdefault(row.id or 0, _Waiting(head.time))
        if head.time >= self._alone_from(row, record, waiting.since):
            return [own]
        now = self._clock()
        if now - waiting.looked >= min(LOOK_S, self._stagger_s / 4):
            await self._look(row, record, waiting)
            waiting.looked = now
        digest = report_digest(report_of(row))
        agreeing = {
            place: document
            for place, document in waiting.found.items()
            if report_digest(document.report) == digest and await self._peers.trusts(row, record, document)
        }
        if not known.judged and len({index, *agreeing}) < record.policy.k:
            waiting.quorum_from = None
            return []
        if waiting.quorum_from is None:
            waiting.quorum_from = now
        size = len(record.policy.panel)
        enough = len({index, *waiting.found, *known.reported}) == size or is_breach(row, record)
        turn = rank(index, row.frame, size) + (0 if enough else 1)
        if now - waiting.quorum_from < turn * self._turn_s(record):
            return []
        others = [
            Attestation(place, document.witness, document.signature)
            for place, document in agreeing.items()
            if place not in known.reported
        ]
        return sorted([own, *others], key=lambda one: one.index)

    async def _look(self, row: SignedReport, record: PolicyRecord, waiting: _Waiting) -> None:
        """Ask for the attestations that we do not have yet."""
        about = reported_of(row)
        names = {
            attestation_name(
                self._domain, about.model_id, about.version, about.frame, record.digest, monitor
            ): place
            for place, monitor in enumerate(record.policy.panel)
            if monitor != self._peers.monitor and place not in waiting.found
        }
        for name, document in (await self._attestations.find(names)).items():
            waiting.found[names[name]] = document

    def _turn_s(self, record: PolicyRecord) -> float:
        members = len(record.policy.panel)
        return min(self._stagger_s, self._patience * record.policy.deadline_s / (members + 1))

    def _alone_from(self, row: SignedReport, record: PolicyRecord, since: datetime) -> datetime:
        """Return from when on we send our own signature alone."""
        frame = FrameIndex(row.frame)
        begin = since if frame == 0 else frame_bounds(record, frame)[1]
        return begin + timedelta(seconds=self._patience * record.policy.deadline_s)
