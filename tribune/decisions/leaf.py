"""A decision and its canonical salted leaf: the commitment that proves it later without showing it now.

The leaf hashes who decided what and when (model, version, id, time) and a salted digest of the body
(features, prediction, score). Erasing a body leaves the leaf, and so every proof of its neighbours, as it
was; without the salt nobody can guess a body back from its digest. Refuses values that a column cannot hold
and columns that the schema does not name: what is logged is what is measured.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring
from typing import Any, Literal, NamedTuple

from tribune.decisions.keccak import keccak256
from tribune.exceptions import ConfigurationError, DataError
from tribune.ids import Digest, ModelId, VersionNumber
from tribune.metrics.spec import ColumnKind, ModelSpec, Role

Kind = Literal["numeric", "category"]
RESERVED = frozenset(
    {"id", "time", "prediction", "score", "label", "salt", "leaf", "input_digest", "body_digest"}
)
SALT_BYTES = 16

_KINDS: dict[ColumnKind, Kind] = {ColumnKind.NUMERIC: "numeric", ColumnKind.CATEGORY: "category"}

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]  # ten bits each
_MAX_ID_BYTES = 200

_chance = random.Random()  # noqa: S311 - no secret; a call for the system's bits would let another thread in
os.register_at_fork(after_in_child=_chance.seed)  # what a server forks makes other ids


class Decision(NamedTuple):
    """One answer of a model: `time` in UTC microseconds, None where a value is missing.

    `input` is what the model was given (a document, a prompt, a picture): the log keeps its salted digest.
    """

    id: str
    time: int
    features: Mapping[str, object]
    prediction: object
    score: float | None = None
    input: bytes | None = None


@dataclass(frozen=True)
class LogSchema:
    """The columns of a model's log.

    Args:
        features: name → "numeric" (DOUBLE) or "category" (text), in the order of the partition's columns.
        prediction: kind of the prediction and of its labels.

    Raises:
        ConfigurationError: for an unknown kind, or a name that the log needs for itself.
    """

    features: Mapping[str, Kind]
    prediction: Kind = "category"

    def __post_init__(self) -> None:
        for name, kind in {**self.features, "prediction of the model": self.prediction}.items():
            if kind not in ("numeric", "category"):
                raise ConfigurationError(f"Column {name!r} is neither numeric nor category, but {kind!r}.")
            if name in RESERVED:
                raise ConfigurationError(f"A feature cannot be called {name!r}: the log uses that name.")

    @cached_property
    def _ordered(self) -> tuple[tuple[str, bool], ...]:
        """Columns in RFC 8785's order of keys, each with whether it is numeric."""
        names = sorted(self.features, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return tuple((name, self.features[name] == "numeric") for name in names)

    @cached_property
    def _template(self) -> str:
        names = (encode_basestring(name).replace("%", "%%") for name, _ in self._ordered)
        features = ",".join(f"{name}:%s" for name in names)
        return f'{{"features":{{{features}}}%s,"prediction":%s,"score":%s}}'

    @classmethod
    def of(cls, spec: ModelSpec) -> LogSchema:
        """Return the log's columns for a model as monitors see it: its features and groups.

        Raises:
            ConfigurationError: where the prediction or the score has another name than the log gives it.
        """
        predictions = spec.with_role(Role.PREDICTION)  # none of a generic model
        for column, name in (*((said, "prediction") for said in predictions), (spec.score, "score")):
            if column is not None and column.name != name:
                raise ConfigurationError(f"The log calls column {column.name!r} {name!r}.", mend="Rename it.")
        features = {c.name: _KINDS[c.kind] for c in spec.measured if c.role in (Role.FEATURE, Role.GROUP)}
        return cls(features, next((_KINDS[said.kind] for said in predictions), "category"))

    def document(self) -> dict[str, object]:
        """Return the schema as plain JSON."""
        return {"schema": {"features": dict(self.features), "prediction": self.prediction}}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> LogSchema:
        """Return the schema that `document` describes."""
        return cls(document["schema"]["features"], document["schema"]["prediction"])

    def body(self, decision: Decision, input_digest: Digest | None = None) -> bytes:
        """Return a decision's body as RFC 8785 JSON; numbers as the hexadecimal text of their double.

        Args:
            decision: the decision.
            input_digest: of its input, see `input_digest`; the body names it where there is one.

        Raises:
            DataError: for a missing or unnamed column, or a value that its column cannot hold.
        """
        features = decision.features
        if len(features) != len(self._ordered):
            surplus = sorted(set(features) ^ set(self.features))
            raise DataError(
                f"The decision's columns are not the log's: {', '.join(surplus)}.", id=decision.id
            )
        # Some 16 values a decision: calls and a general encoder are what they would cost most.
        values = []
        try:
            for name, numeric in self._ordered:
                value = features[name]
                if type(value) is float and numeric:
                    values.append(f'"{value.hex()}"')
                elif type(value) is str and not numeric:
                    values.append(encode_basestring(value))
                else:
                    values.append(_encoded(name, numeric, value))
            values.append("" if input_digest is None else f',"input":"{input_digest.hex()}"')
            values.append(_encoded("prediction", self.prediction == "numeric", decision.prediction))
            values.append(_encoded("score", True, decision.score))
            return (self._template % tuple(values)).encode()
        except KeyError as fault:
            raise DataError(f"The decision has no column {fault}.", id=decision.id) from None
        except UnicodeEncodeError:
            raise DataError("The decision holds text that is not valid Unicode.", id=decision.id) from None


def new_id(time: int) -> str:
    """Return a fresh id that sorts by time: a ULID of the time (UTC microseconds) and 80 random bits.

    It is unlike any other, and no secret.
    """
    number = (time // 1000 % 2**48) << 80 | _chance.getrandbits(80)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def check_id(value: str) -> str:
    """Return the id if the log can hold it.

    Raises:
        DataError: for an empty or overlong id, or one that is not valid Unicode.
    """
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        size = 0
    if not 0 < size <= _MAX_ID_BYTES:
        raise DataError(f"A decision's id has 1 to {_MAX_ID_BYTES} bytes of UTF-8 text.")
    return value


def body_digest(salt: bytes, body: bytes) -> Digest:
    """Return sha-256(salt ‖ body)."""
    return Digest(hashlib.sha256(salt + body).digest())


def input_digest(salt: bytes, input: bytes) -> Digest:
    """Return sha-256(salt ‖ input), with the salt of the decision whose input it was."""
    hasher = hashlib.sha256(salt)
    hasher.update(input)
    return Digest(hasher.digest())


def decision_leaf(model_id: ModelId, version: VersionNumber, id: str, time: int, body: Digest) -> Digest:
    """Return the leaf: keccak(keccak(abi.encode(modelId, version, keccak(id), time, bodyDigest))).

    Hashed twice, so that no inner node of the tree can pass for a leaf. `time` is in UTC microseconds, ≥ 0.
    """
    (leaf,) = decision_leaves(model_id, version, [(id, time, body)])
    return leaf


def decision_leaves(
    model_id: ModelId, version: VersionNumber, decisions: Sequence[tuple[str, int, Digest]]
) -> list[Digest]:
    """Return the leaves of many decisions, each given by id, time and body digest (see `decision_leaf`)."""
    keccak = keccak256()
    prefix = model_id.to_bytes(32, "big") + version.to_bytes(32, "big")
    return [
        Digest(keccak(keccak(prefix + keccak(id.encode()) + time.to_bytes(32, "big") + body)))
        for id, time, body in decisions
    ]


def _encoded(name: str, numeric: bool, value: object) -> str:
    """Return a value of any admitted type as JSON text."""
    if value is None:
        return "null"
    if not numeric:
        if not isinstance(value, str):
            raise DataError(f"Column {name!r} holds text, but got {type(value).__name__}.")
        return encode_basestring(str(value))
    if isinstance(value, str | bytes | bytearray):
        raise DataError(f"Column {name!r} holds numbers, but got text.")
    try:
        return f'"{float(value).hex()}"'  # type: ignore[arg-type]  # TypeError is caught
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"Column {name!r} holds numbers, but got {type(value).__name__}.") from None
