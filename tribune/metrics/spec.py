"""What a model's columns are and mean: all that measuring needs to know about a model.

Refuses a description that cannot be measured (a classifier without a prediction, a group that is a number,
two scores of one class). It never looks at a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from tribune.exceptions import ConfigurationError
from tribune.metrics.toml_file import load_toml


class Task(StrEnum):
    """What kind of answer a model gives."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    GENERIC = "generic"
    """No prediction that is right or wrong: any columns (refused, latency, length, a judge's score)."""


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
        positive: the value whose share is the column's rate ("true" of `refused`), categories only.
        of_class: the class whose probability this is; scores of multiclass models only.
    """

    name: str
    kind: ColumnKind
    role: Role
    display: str = ""
    values: tuple[tuple[str, str], ...] = ()
    positive: str = ""
    of_class: str = ""

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
        task: what kind of answer it gives.
        label_lag: frames to wait until labels of a frame are taken as in.
        min_group: rows that a group needs in each rate that is compared.
        min_rows: rows under which nothing but the volume is measured.
        negative, positive: the two values of a binary model's prediction and label, as text.
        outcome: what a positive prediction says, for people ("employed").
        classes: the values of a multiclass model's prediction and label, as text.
        intersections: combinations of group columns by which fairness is measured too (SEX and RAC1P).

    Raises:
        ConfigurationError: for a description that cannot be measured.
    """

    columns: tuple[Column, ...]
    task: Task = Task.BINARY
    label_lag: int = 0
    min_group: int = 100
    min_rows: int = 500
    negative: str = "0"
    positive: str = "1"
    outcome: str = ""
    classes: tuple[str, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        alike = [name.lower() for name in names]
        twice = sorted({name for name in names if alike.count(name.lower()) > 1})
        if twice:
            raise ConfigurationError(
                f"The model describes these columns twice: {', '.join(twice)}.",
                mend="Names that differ in case only are the same to some engines.",
            )
        if any(not name for name in names):
            raise ConfigurationError("A column of the model has no name.")
        if min(self.label_lag, self.min_group - 1, self.min_rows - 1) < 0:
            raise ConfigurationError("label_lag must be at least 0, min_group and min_rows at least 1.")
        if self.negative == self.positive:
            raise ConfigurationError("The negative and the positive outcome are the same value.")
        self._check_roles()
        self._check_classes()
        self._check_intersections()

    def _check_intersections(self) -> None:
        groups = {column.name for column in self.groups}
        for names in self.intersections:
            if not 2 <= len(names) == len(set(names)) or not groups.issuperset(names):
                raise ConfigurationError(
                    f"The intersection {'&'.join(names)} is not of two or more group columns.",
                    mend=f"Group columns: {', '.join(sorted(groups)) or 'none'}.",
                )
        targets = [*groups, *("&".join(names) for names in self.intersections)]
        if twice := [name for name in targets if targets.count(name) > 1]:
            raise ConfigurationError(f"Two groups are called {twice[0]}: one would hide the other.")

    def _check_roles(self) -> None:
        predictions = len(self.with_role(Role.PREDICTION))
        if self.task is Task.GENERIC:
            if predictions or self.with_role(Role.SCORE) or self.with_role(Role.LABEL):
                raise ConfigurationError(
                    "A generic model has no prediction, score or label.",
                    mend="Give such columns the role feature, or the model another task.",
                )
        elif predictions != 1:
            raise ConfigurationError("A model needs exactly one column with role prediction.")
        scores = [] if self.task is Task.MULTICLASS else [Role.SCORE]
        for role in (Role.LABEL, Role.ID, Role.TIME, *scores):
            if len(self.with_role(role)) > 1:
                raise ConfigurationError(f"A model has at most one column with role {role}.")
        answer = ColumnKind.NUMERIC if self.task is Task.REGRESSION else ColumnKind.CATEGORY
        if self.task is Task.REGRESSION and self.with_role(Role.SCORE):
            raise ConfigurationError("A regression model has no score: its prediction is a number.")
        wanted = {
            Role.PREDICTION: answer,
            Role.LABEL: answer,
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
            if column.positive and column.kind is not ColumnKind.CATEGORY:
                raise ConfigurationError(f"Column {column.name} is a number: it has no positive value.")
        if self.error_name in {column.name for column in self.columns}:
            raise ConfigurationError(f"A column cannot be called {self.error_name!r}: errors are.")

    def _check_classes(self) -> None:
        scored = [column.of_class for column in self.with_role(Role.SCORE)]
        if self.task is not Task.MULTICLASS:
            if self.classes or any(column.of_class for column in self.columns):
                raise ConfigurationError('Only a model with task = "multiclass" has classes.')
            return
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes) or "" in self.classes:
            raise ConfigurationError(
                "A multiclass model names its classes, at least two, each once, none empty.",
                mend='As in classes = ["cat", "dog", "bird"].',
            )
        if scored and sorted(scored) != sorted(self.classes):
            raise ConfigurationError(
                "The scores of a multiclass model are one column per class.",
                mend='Give each score column its class, as in class = "cat", or leave scores out.',
            )

    def with_role(self, role: Role) -> tuple[Column, ...]:
        """Return the columns with a role, in order."""
        return tuple(column for column in self.columns if column.role is role)

    @cached_property
    def measured(self) -> tuple[Column, ...]:
        """Columns with a tally of their own, in order."""
        return tuple(column for column in self.columns if column.role in MEASURED_ROLES)

    @property
    def groups(self) -> tuple[Column, ...]:
        """Columns by which fairness is measured."""
        return self.with_role(Role.GROUP)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Values that prediction and label may have; empty where they are numbers or there are none."""
        binary = (self.negative, self.positive) if self.task is Task.BINARY else ()
        return self.classes if self.task is Task.MULTICLASS else binary

    @property
    def prediction(self) -> Column:
        """The prediction column; ConfigurationError for a generic model, which has none."""
        for column in self.with_role(Role.PREDICTION):
            return column
        raise ConfigurationError("A generic model has no prediction.")

    @property
    def score(self) -> Column | None:
        """The score column of a binary model, if it logs one."""
        return next(iter(self.with_role(Role.SCORE)), None) if self.task is Task.BINARY else None

    @property
    def class_scores(self) -> tuple[Column, ...]:
        """The score columns of a multiclass model in the order of its classes; empty where it logs none."""
        scores = {column.of_class: column for column in self.with_role(Role.SCORE)}
        return tuple(scores[name] for name in self.classes if name in scores)

    @property
    def scores(self) -> tuple[Column, ...]:
        """The scores that are counted by label: a binary model's, or one of each class."""
        return (self.score,) if self.score else self.class_scores

    def outcome_of(self, score: str) -> str:
        """Return the outcome that a score is for."""
        return self.column(score).of_class or self.positive

    @property
    def counted(self) -> tuple[Column, ...]:
        """Columns of a tally: the measured ones, and the labels where these are numbers."""
        return self.measured + (self.with_role(Role.LABEL) if self.task is Task.REGRESSION else ())

    @property
    def has_errors(self) -> bool:
        """Whether predictions are numbers that labels come for."""
        return self.task is Task.REGRESSION and bool(self.with_role(Role.LABEL))

    @property
    def error_name(self) -> str:
        """Under what name the grid of a regression model's errors (prediction less label) is kept."""
        said = next((column.name for column in self.with_role(Role.PREDICTION)), "")
        return f"{said} - {self.label_name}"

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
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def to_json(self) -> dict[str, Any]:
        """Return the description as a document of arrays, strings and integers."""
        return {
            "task": str(self.task),
            "label_lag": self.label_lag,
            "min_group": self.min_group,
            "min_rows": self.min_rows,
            "negative": self.negative,
            "positive": self.positive,
            "outcome": self.outcome,
            "classes": list(self.classes),
            "intersections": [list(names) for names in self.intersections],
            "columns": [
                {
                    "name": c.name,
                    "kind": str(c.kind),
                    "role": str(c.role),
                    "display": c.display,
                    "values": [list(pair) for pair in c.values],
                    "positive": c.positive,
                    "class": c.of_class,
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
        given = {key: value for key, value in document.items() if key not in _OTHER_TABLES}
        unknown = sorted(set(given) - set(_KEYS))
        if unknown:
            raise ConfigurationError(
                f"A model description has no key {unknown[0]!r}.", mend=f"Known: {', '.join(sorted(_KEYS))}."
            )
        for key, value in given.items():
            if type(value) is not _KEYS[key]:
                raise ConfigurationError(f"{key} must be {_SAYS[_KEYS[key]]}.")
        if (task := given.get("task", Task.BINARY)) not in list(Task):
            raise ConfigurationError(f"Task {task!r} cannot be measured.", mend=f"Known: {', '.join(Task)}.")
        columns = document.get("columns")
        if not isinstance(columns, list) or not columns:
            raise ConfigurationError("A model description lists its columns under [[columns]].")
        given["task"] = Task(task)
        given["classes"] = _texts("classes", given.get("classes", []))
        given["intersections"] = tuple(
            _texts("intersections", names) for names in given.get("intersections", [])
        )
        return cls(columns=tuple(_column(entry) for entry in columns), **given)

    @classmethod
    def load(cls, path: Path) -> ModelSpec:
        """Read a `model.toml`.

        Raises:
            ConfigurationError: when it cannot be read or describes no measurable model.
        """
        return cls.from_json(load_toml(path, "model description"))


_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("task", "negative", "positive", "outcome"), str),
    **dict.fromkeys(("label_lag", "min_group", "min_rows"), int),
    **dict.fromkeys(("classes", "intersections"), list),
}
_SAYS = {str: "text", int: "a whole number", list: "a list"}
_OTHER_TABLES = frozenset({"columns", "schema", "source"})
"""Tables that are read elsewhere: `[source]` says where rows come from, not what a model is."""


def _texts(key: str, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or any(not isinstance(name, str) for name in names):
        raise ConfigurationError(f"{key} must list texts.", mend=f'As in {key} = ["one", "two"].')
    return tuple(names)


def _column(entry: object) -> Column:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("Each column of a model is a table with name, kind and role.")
    name = entry.get("name")
    if not isinstance(name, str):
        raise ConfigurationError("A column of the model has no name.")
    unknown = sorted(set(entry) - {"name", "kind", "role", "display", "values", "positive", "class"})
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
    texts = {key: str(entry.get(key, "")) for key in ("display", "positive", "class")}
    return Column(name, kind, role, texts["display"], named, texts["positive"], texts["class"])
