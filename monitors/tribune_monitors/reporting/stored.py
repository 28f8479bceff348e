"""A stored signature as the report, document and subject that it is about."""

from __future__ import annotations

from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.attestation import AttestationDocument
from tribune.reports.signing import HubDomain, Report
from tribune.store.tables import SignedReport
from tribune_monitors.watching.due import Reported
from tribune_monitors.watching.faults import Subject


def report_of(row: SignedReport) -> Report:
    """Return what was signed."""
    return Report(
        ModelId(row.model_id),
        VersionNumber(row.version),
        FrameIndex(row.frame),
        digest_of(row.policy),
        digest_of(row.manifest),
        digest_of(row.evidence),
        tuple(row.report_values),
    )


def reported_of(row: SignedReport) -> Reported:
    """Return what it is about."""
    return Reported(
        ModelId(row.model_id), VersionNumber(row.version), FrameIndex(row.frame), digest_of(row.manifest)
    )


def document_of(row: SignedReport, domain: HubDomain) -> AttestationDocument:
    """Return the document to publish."""
    signature = bytes.fromhex(row.signature)
    return AttestationDocument(
        domain, report_of(row), digest_of(row.witness), Address(row.monitor), signature
    )


def subject_of(row: SignedReport) -> Subject:
    """Return what a fault about it is noted under."""
    return Subject(ModelId(row.model_id), VersionNumber(row.version), FrameIndex(row.frame))


def digest_of(text: str) -> Digest:
    """Return the 32 bytes that the store holds as hex."""
    return Digest(bytes.fromhex(text))
