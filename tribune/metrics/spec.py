"""What a model's columns are and mean: all that measuring needs to know about a model.

Refuses a description that cannot be measured (no prediction, a group that is a number, two scores).
It never looks at a row.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tribune.exceptions import ConfigurationError


class ColumnKind(StrEnum):
    """How a column is binned."""

    NUMERIC = "numeric"
    CATEGORY = "category"


class Role(StrEnum):
    """What a column is for. A group is a feature by which fairness is measured."""

    FEATURE = "feature"
    GROUP = "group"
    PREDICTION = "prediction"
    SCORE = "score"
    LABEL = "label"
    ID = "id"
    TIME = "time"


MEASURED_ROLES = frozenset({Role.FEATURE, Role.GROUP, Role.PREDICTION, Role.SCORE})
"""Roles whose columns have a tally of their own; labels are counted in the outcomes only."""


@dataclass(frozen=True)
class Column:
    """One column of the decision log (or, for a label, of the label partitions).

    Args:
        name: its name in the files, compared exactly.
        kind: numeric or category.
        role: what it is for.
        display: its name for people; empty: `name`.
        values: pairs (value in the files, its name for people), categories only.
    """

    name: str
    kind: ColumnKind
    role: Role
    display: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """Name for people."""
        return self.display or self.name

    def value_title(self, value: str) -> str:
        """Return a value's name for people ("women"), or "column=value" where none is given."""
        return dict(self.values).get(value) or f"{self.title}={value}"


@dataclass(frozen=True)
class ModelSpec:
    """A model as monitors see it.

    Args:
        columns: in the order in which tallies, profiles and evidence list them.
        task: "binary"; no other task is measured yet.
        label_lag: frames to wait until labels of a frame are taken as in.
        min_group: rows that a group needs in each rate that is compared.
        min_rows: rows under which nothing but the volume is measured.
        negative, positive: the two values of prediction and label, as text.
        outcome: what a positive prediction says, for people ("employed").

    Raises:
        ConfigurationError: for a description that cannot be measured.
    """

    columns: tuple[Column, ...]
    task: str = "binary"
    label_lag: int = 0
    min_group: int = 100
    min_rows: int = 500
    negative: str = "0"
    positive: str = "1"
    outcome: str = ""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(f"The model describes these columns twice: {', '.join(twice)}.")
        if any(not name for name in names):
            raise ConfigurationError("A column of the model has no name.")
        if self.task != "binary":
            raise ConfigurationError(
                f"Task {self.task!r} cannot be measured.", mend='Only task = "binary" is known.'
            )
        if min(self.label_lag, self.min_group - 1, self.min_rows - 1) < 0:
            raise ConfigurationError("label_lag must be at least 0, min_group and min_rows at least 1.")
        if self.negative == self.positive:
            raise ConfigurationError("The negative and the positive outcome are the same value.")
        self._check_roles()

    def _check_roles(self) -> None:
        if len(self.with_role(Role.PREDICTION)) != 1:
            raise ConfigurationError("A model needs exactly one column with role prediction.")
        for role in (Role.SCORE, Role.LABEL, Role.ID, Role.TIME):
            if len(self.with_role(role)) > 1:
                raise ConfigurationError(f"A model has at most one column with role {role}.")
        wanted = {
            Role.PREDICTION: ColumnKind.CATEGORY,
            Role.LABEL: ColumnKind.CATEGORY,
            Role.GROUP: ColumnKind.CATEGORY,
            Role.SCORE: ColumnKind.NUMERIC,
        }
        for column in self.columns:
            kind = wanted.get(column.role, column.kind)
            if column.kind is not kind:
                raise ConfigurationError(
                    f"Column {column.name} has role {column.role}, so its kind must be {kind}.",
                    mend="For groups of a number (ages, say), log a column with its classes.",
                )

    def with_role(self, role: Role) -> tuple[Column, ...]:
        """Return the columns with a role, in order."""
        return tuple(column for column in self.columns if column.role is role)

    @property
    def measured(self) -> tuple[Column, ...]:
        """Columns with a tally of their own, in order."""
        return tuple(column for column in self.columns if column.role in MEASURED_ROLES)

    @property
    def groups(self) -> tuple[Column, ...]:
        """Columns by which fairness is measured."""
        return self.with_role(Role.GROUP)

    @property
    def prediction(self) -> Column:
        """The prediction column."""
        return self.with_role(Role.PREDICTION)[0]

    @property
    def score(self) -> Column | None:
        """The score column, if the model logs one."""
        return next(iter(self.with_role(Role.SCORE)), None)

    @property
    def label_name(self) -> str:
        """Name of the label in label partitions."""
        return next((column.name for column in self.with_role(Role.LABEL)), "label")

    @property
    def id_name(self) -> str:
        """Name of the id by which labels are joined."""
        return next((column.name for column in self.with_role(Role.ID)), "id")

    @property
    def time_name(self) -> str:
        """Name of the time in label partitions."""
        return next((column.name for column in self.with_role(Role.TIME)), "time")

    def column(self, name: str) -> Column:
        """Return the column of this name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """Return the description as a document of arrays, strings and integers."""
        return {
            "task": self.task,
            "label_lag": self.label_lag,
            "min_group": self.min_group,
            "min_rows": self.min_rows,
            "negative": self.negative,
            "positive": self.positive,
            "outcome": self.outcome,
            "columns": [
                {
                    "name": c.name,
                    "kind": str(c.kind),
                    "role": str(c.role),
                    "display": c.display,
                    "values": [list(pair) for pair in c.values],
                }
                for c in self.columns
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ModelSpec:
        """Read what `to_json` wrote, or what a `model.toml` says (there `values` may be a table).

        Raises:
            ConfigurationError: naming the key that is missing, unknown or of the wrong type.
        """
        known = {"task", "label_lag", "min_group", "min_rows", "negative", "positive", "outcome"}
        given = {key: value for key, value in document.items() if key not in ("columns", "schema")}
        unknown = sorted(set(given) - known)
        if unknown:
            raise ConfigurationError(
                f"A model description has no key {unknown[0]!r}.", mend=f"Known: {', '.join(sorted(known))}."
            )
        for key, value in given.items():
            kind = int if key in ("label_lag", "min_group", "min_rows") else str
            if type(value) is not kind:
                raise ConfigurationError(f"{key} must be {'a whole number' if kind is int else 'text'}.")
        columns = document.get("columns")
        if not isinstance(columns, list) or not columns:
            raise ConfigurationError("A model description lists its columns under [[columns]].")
        return cls(columns=tuple(_column(entry) for entry in columns), **given)

    @classmethod
    def load(cls, path: Path) -> ModelSpec:
        """Read a `model.toml`.

        Raises:
            ConfigurationError: when it cannot be read or describes no measurable model.
        """
        return cls.from_json(load_toml(path, "model description"))


def load_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file with decimals kept exact; ConfigurationError names the file and the fault."""
    from decimal import Decimal

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as fault:
        raise ConfigurationError(f"The {what} {path} cannot be read: {fault.strerror}.") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"The {what} {path} is not valid TOML: {fault}.") from fault


def _column(entry: object) -> Column:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("Each column of a model is a table with name, kind and role.")
    name = entry.get("name")
    if not isinstance(name, str):
        raise ConfigurationError("A column of the model has no name.")
    unknown = sorted(set(entry) - {"name", "kind", "role", "display", "values"})
    if unknown:
        raise ConfigurationError(f"Column {name} has an unknown key {unknown[0]!r}.")
    try:
        kind, role = ColumnKind(entry.get("kind", "")), Role(entry.get("role", "feature"))
    except ValueError as fault:
        raise ConfigurationError(
            f"Column {name}: {fault}.",
            mend=f"Kinds: {', '.join(ColumnKind)}. Roles: {', '.join(Role)}.",
        ) from fault
    values = entry.get("values", [])
    pairs = values.items() if isinstance(values, Mapping) else values
    try:
        named = tuple((str(value), str(title)) for value, title in pairs)
    except (TypeError, ValueError) as fault:
        raise ConfigurationError(f"Column {name}: values must pair each value with its name.") from fault
    return Column(name=name, kind=kind, role=role, display=str(entry.get("display", "")), values=named)
