"""The classifier as it is served: an artifact that is only opened when its digest is the one in its card.

Handles what real requests contain: a null, NaN or never-seen value is answered, and logged for the monitors
to see. Refuses a missing column, a value of the wrong type, and (from v2 on) an age that nobody has.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from examples.acs_employment.rows import load_spec, request_columns
from tribune.exceptions import ArtifactMismatchError, ConfigurationError, DataError
from tribune.ids import Digest
from tribune.metrics.spec import ColumnKind, ModelSpec, Role


@dataclass(frozen=True)
class Card:
    """What is known of an artifact; kept beside it as JSON.

    Args:
        name, version: of the model.
        artifact: name of the file beside the card.
        sha256: of the file, in hexadecimal; what is registered on the chain.
        inputs: columns that the classifier reads, in order.
        trained_rows, held_out_rows, accuracy: how it was made, and its share of right answers held out.
        max_age: ages above it (and below 0) are refused; None: any number is answered.
        library: what it was trained with, and must be opened with.
    """

    name: str
    version: int
    artifact: str
    sha256: str
    inputs: tuple[str, ...]
    trained_rows: int
    held_out_rows: int
    accuracy: float
    max_age: int | None
    library: str

    @property
    def digest(self) -> Digest:
        """The artifact's sha-256 as bytes."""
        return Digest(bytes.fromhex(self.sha256))

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Card:
        """Read a card; ConfigurationError where it cannot be read."""
        try:
            card = cls(**json.loads(path.read_text(encoding="utf-8")))
        except OSError as fault:
            raise ConfigurationError(
                f"The model card {path} cannot be read: {fault.strerror}.", mend="Train the model first."
            ) from fault
        except (ValueError, TypeError) as fault:
            raise ConfigurationError(f"{path} is not a model card: {fault}.") from fault
        return replace(card, inputs=tuple(card.inputs))


@dataclass(frozen=True)
class Answer:
    """A decision: "1" employed or "0" not, by the classifier's own cut-off, and its score."""

    prediction: str
    score: float


class Model:
    """A classifier with its card.

    Args:
        card: what it is.
        classifier: a fitted scikit-learn pipeline over an object array with `card.inputs` as columns.
        spec: the columns of requests and log.
    """

    def __init__(self, card: Card, classifier: Any, spec: ModelSpec) -> None:
        self.card = card
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # has none

        self._classifier = classifier
        self._threads = ThreadpoolController()
        self._classes = [str(value) for value in classifier.classes_]
        self._positive = self._classes.index(spec.positive)
        self._spec = spec
        self._columns = request_columns(spec)
        self._kinds = {name: spec.column(name).kind for name in self._columns}
        self._ages = [c.name for c in spec.with_role(Role.FEATURE) if c.kind is ColumnKind.NUMERIC]

    def features(self, row: Mapping[str, object]) -> dict[str, object]:
        """Return a request row's features and groups, checked.

        Raises:
            DataError: for a missing column, text where a number belongs or the reverse, an impossible age.
        """
        missing = [name for name in self._columns if name not in row]
        if missing:
            raise DataError(
                f"A row has no column {', '.join(missing)}.", mend="Send null where a value is not known."
            )
        checked = {name: _checked(name, self._kinds[name], row[name]) for name in self._columns}
        for name in self._ages if self.card.max_age is not None else ():
            age = checked[name]
            if isinstance(age, float) and not math.isnan(age) and not 0 <= age <= (self.card.max_age or 0):
                raise DataError(
                    f"{name} is {age:g}, which is nobody's age.",
                    mend=f"Send years, from 0 to {self.card.max_age}.",
                )
        return checked

    def answer(self, rows: Sequence[Mapping[str, object]]) -> list[Answer]:
        """Decide about rows that `features` checked."""
        if not rows:
            return []
        matrix = to_matrix({name: [row[name] for row in rows] for name in self.card.inputs}, self._spec)
        with self._threads.limit(limits=1):  # some rows are too few to share, and idle threads would spin
            scores = self._classifier.predict_proba(matrix)
        chosen = scores.argmax(axis=1)  # the classifier's own cut-off: predict() takes the likelier class
        return [
            Answer(self._classes[c], float(score[self._positive]))
            for c, score in zip(chosen, scores, strict=True)
        ]


def to_matrix(columns: Mapping[str, Sequence[object]], spec: ModelSpec) -> Any:
    """Return input columns as an object array, rows × inputs; a missing number is NaN there."""
    import numpy as np

    missing = {name: math.nan if spec.column(name).kind is ColumnKind.NUMERIC else None for name in columns}
    return np.array(
        [[missing[name] if value is None else value for value in values] for name, values in columns.items()],
        dtype=object,
    ).T


def load_model(card_path: Path, expected: Digest | None = None) -> Model:
    """Open the artifact that a card describes.

    Args:
        card_path: the card; the artifact lies beside it.
        expected: the digest that the registry names; None: the card's alone is checked.

    Raises:
        ArtifactMismatchError: when the file is not the one that card or registry name. It is not opened then:
            a pickle runs what it contains.
    """
    import joblib
    import sklearn

    card = Card.load(card_path)
    path = card_path.with_name(card.artifact)
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise ConfigurationError(f"The artifact {path} cannot be read: {fault.strerror}.") from fault
    actual = hashlib.sha256(data).digest()
    if actual != card.digest or expected not in (None, actual):
        raise ArtifactMismatchError(
            f"The artifact {path.name} is not the registered one of {card.name} v{card.version}.",
            mend="Restore the file, or register what it is as a new version.",
            version=card.version,
        )
    if card.library != f"scikit-learn {sklearn.__version__}":
        raise ConfigurationError(f"{path.name} needs {card.library}.", mend="Install it, or train anew.")
    return Model(card, joblib.load(io.BytesIO(data)), load_spec())


def _checked(name: str, kind: ColumnKind, value: object) -> object:
    if value is None:
        return None
    if kind is ColumnKind.CATEGORY:
        if isinstance(value, str):
            return value
        raise DataError(f"{name} holds text (a code), but a row has {value!r}.")
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise DataError(f"{name} is a number that no computer holds exactly.") from None
    raise DataError(f"{name} holds a number, but a row has {value!r}.")
