"""A monitor's attestation as a document: what it signed, for whoever brings it to the hub.

Kept in evidence stores under a name that follows from what it is about, so that nobody has to list a folder.
Anybody may have written what is found there: a document counts only where its bytes are the canonical form of
what they say, its name is the one asked for, and its signature is that of the monitor in the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tribune.exceptions import EvidenceError, SignatureError
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.canonical import canonical_bytes, parse_canonical
from tribune.reports.evidence_store import get_named, put_named
from tribune.reports.signing import HubDomain, Report, recover

SCHEMA = "tribune/attestation/1"
MAX_BYTES = 64 * 1024
"""A report has one value of at most 20 digits per rule: some kB."""


@dataclass(frozen=True)
class AttestationDocument:
    """What a monitor signed.

    Args:
        domain: chain and hub for which it counts.
        report: what the monitor says.
        witness: its own.
        monitor: who signed.
        signature: 65 bytes, r ‖ s ‖ v.
    """

    domain: HubDomain
    report: Report
    witness: Digest
    monitor: Address
    signature: bytes

    @property
    def name(self) -> str:
        """Its name in every evidence store."""
        report = self.report
        return attestation_name(
            self.domain, report.model_id, report.version, report.frame, report.policy, self.monitor
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The document: numbers as decimal strings, bytes and addresses as lower-case hex."""
        report = self.report
        return {
            "schema": SCHEMA,
            "chain": str(self.domain.chain_id),
            "hub": self.domain.hub.lower(),
            "report": {
                "model": str(report.model_id),
                "version": str(report.version),
                "frame": str(report.frame),
                "policy": _hex(report.policy),
                "manifest": _hex(report.manifest),
                "evidence": _hex(report.evidence),
                "values": [str(value) for value in report.values],
            },
            "witness": _hex(self.witness),
            "monitor": self.monitor.lower(),
            "signature": _hex(self.signature),
        }

    @property
    def data(self) -> bytes:
        """Its canonical bytes."""
        return canonical_bytes(self.fields)


def attestation_name(
    domain: HubDomain,
    model_id: ModelId,
    version: VersionNumber,
    frame: FrameIndex,
    policy: Digest,
    monitor: Address,
) -> str:
    """Return the name of a monitor's attestation in every evidence store."""
    place = f"{domain.chain_id}/{domain.hub.lower()}/{model_id}/{version}/{frame}/{policy.hex()}"
    return f"attestations/{place}/{monitor.lower()}.json"


def parse_attestation(data: bytes, name: str) -> AttestationDocument:
    """Read a document that anybody may have written.

    Args:
        data: its bytes.
        name: under which it was found, as from `attestation_name`: of this chain, hub, frame and monitor.

    Raises:
        EvidenceError: unless it is, to the last byte, what that monitor signed about exactly that.
    """
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"{name} is larger than the {MAX_BYTES} bytes of an attestation.")
    try:
        document = _read(parse_canonical(data))
        same = document.data == data and document.name == name
    except (AttributeError, KeyError, TypeError, ValueError, EvidenceError, SignatureError) as fault:
        raise EvidenceError(f"{name} is not an attestation ({type(fault).__name__}).") from fault
    if not same:
        raise EvidenceError(f"{name} is not what the monitor in its name signed about what is in its name.")
    return document


def write_attestation(store: str | Path, document: AttestationDocument, *, timeout_s: float = 10.0) -> None:
    """Write a document into a store under its name, and read it back.

    Raises:
        EvidenceError: it cannot be written, or reads back otherwise.
    """
    put_named(store, document.name, document.data, timeout_s=timeout_s)


def read_attestation(store: str | Path, name: str, *, timeout_s: float = 10.0) -> AttestationDocument | None:
    """Read the document of a name; None where there is none.

    Raises:
        EvidenceUnreachableError: the store could not be looked into.
        EvidenceError: what is there is not what the monitor in the name signed.
    """
    data = get_named(store, name, limit=MAX_BYTES, timeout_s=timeout_s)
    return None if data is None else parse_attestation(data, name)


def _read(raw: Mapping[str, Any]) -> AttestationDocument:
    """Build what a document says; whatever it says in other words shows when it is written again."""
    said = raw["report"]
    report = Report(
        ModelId(int(said["model"])),
        VersionNumber(int(said["version"])),
        FrameIndex(int(said["frame"])),
        Digest(_bytes(said["policy"])),
        Digest(_bytes(said["manifest"])),
        Digest(_bytes(said["evidence"])),
        tuple(int(value) for value in said["values"]),
    )
    domain = HubDomain(int(raw["chain"]), Address(raw["hub"]))
    witness, signature = Digest(_bytes(raw["witness"])), _bytes(raw["signature"])
    return AttestationDocument(
        domain, report, witness, recover(domain, report, witness, signature), signature
    )


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
