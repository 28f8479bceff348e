"""What a refused asker reads: `application/problem+json` (RFC 9457) in plain words.

Says what is known and no more: no end where none is known, "Unknown" where the chain cannot be seen. Nothing
of the request is repeated in it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tribune.decisions.leaf import new_id
from tribune.gate.status import CONTRADICTED, IF_ANEW, CaseFacts, Cause, Reading, Refusal
from tribune.ids import CaseId, Digest, ModelId, VersionNumber
from tribune.reports.canonical import cid
from tribune.reports.oversight import independence
from tribune.reports.signing import NOT_AVAILABLE

CONTENT_TYPE = "application/problem+json"
NOT_RECORDED = "not-recorded"
ASK_AGAIN = "ask-again"

_TITLES = {
    Cause.SUSPENDED: "This model is stopped",
    Cause.PAUSED: "This model is stopped",
    Cause.HALTED: "All models are stopped",
    Cause.INACTIVE: "This model is not in service yet",
    Cause.RETIRED: "This model is out of service for good",
    Cause.WRONG_VERSION: "This version of the model is not the one in force",
    Cause.WRONG_ARTIFACT: "What is served here is not the registered model",
    Cause.ARTIFACT_UNKNOWN: "We do not know whether this is the registered model",
    Cause.UNKNOWN: "We do not know whether this model may run",
}
_BLIND = "We cannot see the chain, so we do not answer"


@dataclass(frozen=True)
class Subject:
    """Whom a gate speaks for.

    Args:
        model_id: the model.
        version: the version behind this gate.
        name: the model's name for people; empty: "model <id>".
        site: address of the ballot pages, without a slash at its end; empty where there are none.
    """

    model_id: ModelId
    version: VersionNumber
    name: str = ""
    site: str = ""

    @property
    def title(self) -> str:
        """Name and version for people."""
        return f"{self.name or f'model {self.model_id}'} v{self.version}"

    def type_of(self, cause: str) -> str:
        """Return the problem's type: an address on the site, or a name that needs none."""
        return f"{self.site}/problems/{cause}" if self.site else f"urn:tribune:problem:{cause}"

    def vote_link(self, case_id: CaseId) -> str | None:
        """Return the ballot page of a case."""
        return f"{self.site}/b/{case_id}" if self.site else None


def problem(subject: Subject, refusal: Refusal) -> dict[str, Any]:
    """Return the problem document of a refusal; fields of which nothing is known are left out."""
    reading, case = refusal.snapshot.reading, refusal.snapshot.case
    known = refusal.cause is not Cause.UNKNOWN
    fields: dict[str, Any] = {
        "type": subject.type_of(refusal.cause),
        "title": _TITLES[refusal.cause],
        "status": 503,
        "detail": _detail(subject, refusal),
        "instance": _instance(),
        "model": subject.name or None,
        "model_id": subject.model_id,
        "version": subject.version,
        "state": refusal.state if known else "Unknown",
    }
    if reading is not None and refusal.cause in (Cause.SUSPENDED, Cause.HALTED) and reading.ends_at:
        fields["until"] = _utc(reading.ends_at)
    if reading is not None and known and refusal.cause in (Cause.SUSPENDED, Cause.PAUSED):
        fields["reason"] = (case.metric or case.kind.lower()) if case else None
        fields["vote"] = subject.vote_link(reading.case_id) if reading.case_id else None
        fields["evidence"] = cid(Digest(case.evidence)) if case and any(case.evidence) else None
        fields["monitors"] = case.monitors or None if case else None
    if reading is not None:
        fields["seen_block"] = reading.block_number
    if refusal.age_s is not None:
        fields["view_age_s"] = round(refusal.age_s, 1)
    return {name: value for name, value in fields.items() if value is not None}


def not_recorded(subject: Subject) -> dict[str, Any]:
    """Return the problem of an answer that was withheld because it could not be recorded."""
    return {
        "type": subject.type_of(NOT_RECORDED),
        "title": "This answer could not be recorded",
        "status": 503,
        "detail": f"{subject.title} answers only what can be put on record, and that is not possible now.",
        "instance": _instance(),
        **({"model": subject.name} if subject.name else {}),
        "model_id": subject.model_id,
        "version": subject.version,
    }


def ask_again(subject: Subject) -> dict[str, Any]:
    """Return the problem of a model that was stopped when it was asked, and may run again now."""
    return {
        "type": subject.type_of(ASK_AGAIN),
        "title": "Ask again",
        "status": 503,
        "detail": f"{subject.title} was stopped a moment ago and may answer again now.",
        "instance": _instance(),
        **({"model": subject.name} if subject.name else {}),
        "model_id": subject.model_id,
        "version": subject.version,
    }


def headers(document: Mapping[str, Any], refusal: Refusal | None = None) -> list[tuple[bytes, bytes]]:
    """Return the response's headers; `Retry-After` only where an end is known."""
    found = [(b"content-type", CONTENT_TYPE.encode()), (b"cache-control", b"no-store")]
    if refusal is not None and refusal.snapshot.reading is not None and "until" in document:
        reading = refusal.snapshot.reading
        chain_now = reading.block_time + (refusal.age_s or 0.0)
        found.append((b"retry-after", b"%d" % max(1, round(reading.ends_at - chain_now))))
    return found


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a problem document as bytes."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8")


def _detail(subject: Subject, refusal: Refusal) -> str:
    reading, case = refusal.snapshot.reading, refusal.snapshot.case
    if refusal.cause is Cause.UNKNOWN:
        if refusal.snapshot.fault == CONTRADICTED:
            return f"{CONTRADICTED} So we do not answer."
        back = refusal.snapshot.gone_back_to
        if back is None or reading is None:
            return f"{_BLIND}."
        seen = reading.block_number
        return f"The chain is at block {back} and was at {seen}, so we do not answer. {IF_ANEW}"
    if refusal.cause is Cause.WRONG_VERSION and reading is not None:
        return f"{subject.title} is not in force; version {reading.version} is."
    if refusal.cause in (Cause.SUSPENDED, Cause.PAUSED):
        why = refusal.snapshot.sentence or _why(subject, case)
        return " ".join(filter(None, (why, _by_whom(case), _what_next(refusal.cause, case))))
    if refusal.cause is Cause.HALTED and reading is not None:
        return _halted(reading)
    return {
        Cause.INACTIVE: f"{subject.title} has not been put into service: its oversight is not complete yet.",
        Cause.RETIRED: f"{subject.title} was retired by vote.",
        Cause.WRONG_ARTIFACT: f"The model on disk does not have the digest that is registered for "
        f"{subject.title}.",
        Cause.ARTIFACT_UNKNOWN: f"The model on disk has not been compared with what is registered for "
        f"{subject.title}.",
    }.get(refusal.cause, "")


def _halted(reading: Reading) -> str:
    if not reading.halted_until:
        return "All models are halted; no end is known."
    until = datetime.fromtimestamp(reading.halted_until, UTC)
    return f"All models are halted until {until:%Y-%m-%d %H:%M:%S} UTC."


def _why(subject: Subject, case: CaseFacts | None) -> str:
    if case is None:
        return f"{subject.title} was stopped."
    if case.kind == "Breach" and case.metric:
        broke = f"{subject.title} broke a rule that token holders voted"
        if case.value == NOT_AVAILABLE:
            return f"{broke}: {case.metric} could not be measured for too long."
        return f"{broke}: {case.metric} is {_decimal(case.value)}, the limit {_decimal(case.limit)}."
    return {
        "Guardian": f"The guardian stopped {subject.title}; no rule was broken.",
        "Stale": f"{subject.title} is stopped because nobody measured it in time.",
        "HolderPause": f"Token holders asked to stop {subject.title}.",
    }.get(case.kind, f"{subject.title} was stopped.")


def _by_whom(case: CaseFacts | None) -> str:
    """Say that nobody else measured it, where that is so."""
    alone = independence(case.monitors) if case is not None else ""
    return f"Measured by {alone}." if alone else ""


def _what_next(cause: Cause, case: CaseFacts | None) -> str:
    if cause is Cause.PAUSED:
        return "Token holders voted to stop it; only another vote sets it free."
    if case is None:
        return ""
    if case.vote:
        return "Token holders are voting on whether it stays stopped."
    return "Anyone can open the vote on whether it stays stopped."


def _decimal(micro: int) -> str:
    """Millionths as a decimal with at least three places, exact."""
    whole, part = divmod(abs(micro), 1_000_000)
    digits = f"{part:06d}"
    digits = digits[:3] + digits[3:].rstrip("0")
    return f"{'-' if micro < 0 else ''}{whole}.{digits}"


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instance() -> str:
    return f"/requests/{new_id(time.time_ns() // 1000)}"
