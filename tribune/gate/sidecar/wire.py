"""A model's status as a sidecar tells it: one JSON document, made of a view and read back into one.

It says how old it is and never what time it is, so the clocks of both ends need not agree. What does not
have exactly this form, or is of another model or chain than asked for, is refused as a whole.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from typing import Any

from tribune.gate.status import CaseFacts, Reading, Snapshot, StatusView
from tribune.ids import CaseId, ModelId, VersionNumber

SCHEMA = "tribune/model-status/1"
LONGEST = 64 * 1024
"""Bytes of the longest document that is read: all of it is names and numbers but one sentence."""
_STATES = ("Inactive", "Active", "Suspended", "Paused", "Retired")


@dataclass(frozen=True, slots=True)
class Told:
    """What a document tells of the model and chain that were asked for.

    `age_s` is how long ago the reading's block was seen; `echo` the question that this answers, empty
    where nobody asked.
    """

    reading: Reading | None
    age_s: float
    case: CaseFacts | None
    sentence: str
    artifact: bytes
    fault: str
    gone_back_to: int | None
    echo: str

    def enter(self, view: StatusView, asked_at: float) -> None:
        """Write this into a view, as old as it says it was when asked for at a monotonic time."""
        if self.reading is None:
            view.forget(self.fault or "The sidecar knows nothing of the model.")
            return
        view.update(self.reading, asked_at=asked_at - self.age_s)
        if self.case is not None:
            view.explain(self.case, self.sentence)
        if self.artifact:
            view.register(self.reading.version, self.artifact)
        if self.gone_back_to is not None:
            view.go_back(self.gone_back_to)
        elif self.fault:
            view.lose(self.fault)


def encode(model_id: ModelId, chain_id: int, snapshot: Snapshot, echo: str = "") -> str:
    """Return the document of what is known of a model now."""
    reading, case = snapshot.reading, snapshot.case
    return json.dumps(
        {
            "schema": SCHEMA,
            "model_id": model_id,
            "chain_id": chain_id,
            "age_s": None if reading is None else round(time.monotonic() - snapshot.seen_at, 6),
            "reading": None if reading is None else asdict(reading),
            "case": None if case is None else {**asdict(case), "evidence": case.evidence.hex()},
            "sentence": snapshot.sentence,
            "artifact": snapshot.artifact.hex(),
            "fault": snapshot.fault,
            "gone_back_to": snapshot.gone_back_to,
            "echo": echo,
        },
        separators=(",", ":"),
    )


def decode(text: str | bytes, model_id: ModelId, chain_id: int) -> Told:
    """Read a document of this model on this chain.

    Raises:
        ValueError: it is of another one, or not of the form that `encode` gives it; says which.
    """
    try:
        raw = json.loads(text)
        if raw["schema"] != SCHEMA:
            raise ValueError("its answers are of another form")
        if (raw["model_id"], raw["chain_id"]) != (model_id, chain_id):
            raise ValueError(
                f"it answers for model {int(raw['model_id'])} on chain {int(raw['chain_id'])}, "
                f"not for model {model_id} on chain {chain_id}"
            )
        reading = None if raw["reading"] is None else _reading(raw["reading"])
        return Told(
            reading=reading,
            age_s=0.0 if reading is None else _age(raw["age_s"]),
            case=None if raw["case"] is None else _case(raw["case"]),
            sentence=_text(raw["sentence"]),
            artifact=bytes.fromhex(raw["artifact"]),
            fault=_text(raw["fault"]),
            gone_back_to=None if raw.get("gone_back_to") is None else _count(raw["gone_back_to"]),
            echo=_text(raw["echo"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("its answers are of another form") from None


def _reading(raw: dict[str, Any]) -> Reading:
    if raw["state"] not in _STATES or not isinstance(raw["halted"], bool):
        raise ValueError("it tells a state that there is not")
    return Reading(
        state=raw["state"],
        oversight=_text(raw["oversight"]),
        version=VersionNumber(_count(raw["version"])),
        epoch=_count(raw["epoch"]),
        until=_count(raw["until"]),
        case_id=CaseId(_count(raw["case_id"])),
        halted=raw["halted"],
        block_number=_count(raw["block_number"]),
        block_time=_count(raw["block_time"]),
        halted_until=_count(raw["halted_until"]),
    )


def _case(raw: dict[str, Any]) -> CaseFacts:
    return CaseFacts(
        case_id=CaseId(_count(raw["case_id"])),
        kind=_text(raw["kind"]),
        metric=_text(raw["metric"]),
        value=_whole(raw["value"]),
        limit=_whole(raw["limit"]),
        evidence=bytes.fromhex(raw["evidence"]),
        vote=_count(raw["vote"]),
        monitors=_count(raw["monitors"]),
    )


def _age(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw) or raw < 0:
        raise ValueError("it tells an age that cannot be")
    return float(raw)


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError("its answers are of another form")
    return raw


def _count(raw: Any) -> int:
    if _whole(raw) < 0:
        raise ValueError("its answers are of another form")
    return int(raw)


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("its answers are of another form")
    return raw
