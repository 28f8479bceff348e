"""Running decisions again: the operator's command for a model, on the artifact that the registry names.

Lines go in as `{"id": 17, "features": {…}}` and come back as `{"id": 17, "prediction": …, "score": …}`, in
any order, one for each; `{"id": 17, "error": "…"}` says that the model gives no answer. `id` is the row's
place in the frame. Numbers that JSON cannot write are the texts "NaN", "Infinity" and "-Infinity". Refuses an
artifact of another digest before anything opens it, and every output that is not of this form: that is "could
not look", never "answered otherwise".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tribune.decisions.leaf import Decision
from tribune.exceptions import ArtifactMismatchError, ConfigurationError, DataError, ReplayError
from tribune.ids import Digest, ModelId
from tribune.metrics.families.log_audit import TOLERANCE_MICRO
from tribune.metrics.fixed import MICRO
from tribune.reports.dataset import artifact_digest
from tribune.settings.sections import ReplaySettings
from tribune.untrusted import load_json
from tribune_monitors.audit.process import run_bounded

_ROW_BYTES = 4096
_SPARE_BYTES = 2**16
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True)
class Answer:
    """What the registered artifact says of a row; `refused` where it gives no answer."""

    prediction: object = None
    score: float | None = None
    refused: bool = False


class Replayers:
    """What this monitor's operator configured for running decisions again.

    Args:
        settings: commands, artifacts and bounds.
    """

    def __init__(self, settings: ReplaySettings) -> None:
        self._settings = settings

    def command(self, model_id: ModelId) -> list[str]:
        """Return a model's command.

        Raises:
            ConfigurationError: it has none.
        """
        found = self._settings.commands.get(model_id)
        if found is None:
            raise ConfigurationError(
                f"A rule of model {model_id} asks that decisions be run again (replay.mismatch), and this "
                "monitor has no replayer for it, so it does not report on it.",
                mend=f"Set monitor.replay.commands.{model_id} and put the registered artifact into "
                "monitor.replay.artifacts; docs/metrics.md says how.",
                model=model_id,
            )
        return found

    def artifact(self, digest: Digest) -> Path:
        """Return where the artifact of a digest lies, found by reading it anew.

        Raises:
            ConfigurationError: the folder cannot be read.
            ArtifactMismatchError: nothing in it has the digest.
        """
        folder = self._settings.artifacts
        try:
            entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        except OSError as fault:
            raise ConfigurationError(
                f"The folder of artifacts {folder} cannot be read: {fault.strerror}.",
                mend="Set monitor.replay.artifacts.",
            ) from fault
        named = digest.hex()
        for entry in sorted(entries, key=lambda entry: named not in entry.name):
            if _has_digest(entry, digest):
                return entry
        raise ArtifactMismatchError(
            f"None of the {len(entries)} entries of {folder} is the registered artifact 0x{named}.",
            mend="Ask the steward for it and put it there, under any name.",
        )

    def replay(
        self, model_id: ModelId, artifact: Digest, decisions: Mapping[int, Decision]
    ) -> dict[int, Answer]:
        """Run decisions again, by their place in the frame.

        Raises:
            ConfigurationError, ArtifactMismatchError: there is no command, or not the registered artifact.
            ReplayError: the command failed, or said what no replayer says.
        """
        command = [*self.command(model_id), str(self.artifact(artifact).resolve())]
        if not decisions:
            return {}
        output = run_bounded(
            command,
            b"".join(_asked(place, decision) for place, decision in decisions.items()),
            timeout_s=self._settings.timeout_s,
            memory_mb=self._settings.memory_mb,
            most_bytes=_SPARE_BYTES + _ROW_BYTES * len(decisions),
        )
        return _answers(output, decisions)


def _has_digest(path: Path, digest: Digest) -> bool:
    try:
        return artifact_digest(path) == digest
    except DataError:  # unreadable or empty: it is not the artifact
        return False


def confirms(answer: Answer, decision: Decision) -> bool:
    """Whether the registered artifact says what was logged: the same text; numbers within the tolerance.

    Where no score was logged none is compared.
    """
    if answer.refused or not _alike(answer.prediction, decision.prediction):
        return False
    return decision.score is None or _alike(answer.score, decision.score)


def _alike(again: object, logged: object) -> bool:
    if not isinstance(again, float) or not isinstance(logged, float):
        return again == logged
    if not math.isfinite(again) or not math.isfinite(logged):
        return again == logged or (math.isnan(again) and math.isnan(logged))
    bound = Fraction(TOLERANCE_MICRO, MICRO) * max(Fraction(1), abs(Fraction(logged)))
    return abs(Fraction(again) - Fraction(logged)) <= bound


def _asked(place: int, decision: Decision) -> bytes:
    features = {name: _written(value) for name, value in decision.features.items()}
    return json.dumps({"id": place, "features": features}, allow_nan=False).encode() + b"\n"


def _written(value: object) -> object:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _answers(output: bytes, decisions: Mapping[int, Decision]) -> dict[int, Answer]:
    found: dict[int, Answer] = {}
    for line in output.splitlines():
        place, answer = _answer(line, decisions)
        if place in found:
            raise ReplayError(f"The replayer answered row {place} twice.")
        found[place] = answer
    missing = sorted(decisions.keys() - found.keys())
    if missing:
        raise ReplayError(
            f"The replayer left {len(missing)} of {len(decisions)} rows out, row {missing[0]} first.",
            mend="Answer every row; one that the model refuses with an error.",
        )
    return found


def _answer(line: bytes, decisions: Mapping[int, Decision]) -> tuple[int, Answer]:
    try:
        document = load_json(line)
    except ValueError:
        raise _garbled(line, "no JSON") from None
    place = document.get("id") if isinstance(document, dict) else None
    if type(place) is not int or place not in decisions:
        raise _garbled(line, "not about a row that was asked for")
    if set(document) == {"id", "error"}:
        return place, Answer(refused=True)
    if not {"id", "prediction"} <= set(document) <= {"id", "prediction", "score"}:
        raise _garbled(line, "neither an answer nor an error")
    logged = decisions[place].prediction
    if decisions[place].score is not None and "score" not in document:
        raise _garbled(line, "without the score that was logged")
    prediction, score = document["prediction"], _number(document.get("score"), line)
    if not isinstance(prediction, str | None) or isinstance(logged, float):
        prediction = _number(prediction, line)
        if isinstance(logged, str) and prediction is not None:
            raise _garbled(line, "a number where the log has text")
    return place, Answer(prediction, score)


def _number(value: object, line: bytes) -> float | None:
    if value is None:
        return None
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _garbled(line, "not a number where one belongs")
    try:
        return float(value)
    except OverflowError:
        raise _garbled(line, "a number that no computer holds") from None


def _garbled(line: bytes, why: str) -> ReplayError:
    said = line[:80].decode("utf-8", "replace")
    return ReplayError(
        f"The replayer wrote a line that is {why}: {said!r}.",
        mend="It may write answers only; warnings belong on standard error.",
    )
