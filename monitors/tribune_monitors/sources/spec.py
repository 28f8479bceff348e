"""Where an existing log keeps what a model's columns mean: the `[source]` table.

It stands in `model.toml`, or in a file of its own. It maps, it never computes: a feature that the log does
not hold must be written there first. Refuses unknown keys and a password in an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tribune.decisions.grid import microseconds
from tribune.exceptions import ConfigurationError
from tribune.metrics.toml_file import load_toml

UNITS = {"s": "1000000", "ms": "1000", "us": "1", "ns": "0.001"}
"""Microseconds of a unit of time, as decimals: a double has too few digits."""


@dataclass(frozen=True)
class TimeFormat:
    """How times are written.

    Args:
        format: as of strptime ("%d.%m.%Y %H:%M"); empty: ISO 8601.
        unit: of times that are numbers since 1970: s, ms, us or ns.
        zone: of times that name none, as in the IANA list ("Europe/Rome").
    """

    format: str = ""
    unit: str = "us"
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ConfigurationError(
                f"There is no unit of time {self.unit!r}.", mend=f"Known: {', '.join(UNITS)}."
            )
        if self.zone != "UTC" and not _is_zone(self.zone):
            raise ConfigurationError(
                f"There is no time zone {self.zone!r}.", mend="Write it like Europe/Rome."
            )


@dataclass(frozen=True)
class Reading:
    """How one log is read.

    Args:
        data: where it is: a path, a folder, a glob, `file.duckdb::table` or an address; empty: given apart.
        columns: for columns of the model, the field of the log that holds it, with dots into nested ones
            ("request.features.age"). A column that is not named here has its own name in the log.
        time: how its times are written.
    """

    data: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    time: TimeFormat = TimeFormat()

    def field_of(self, column: str) -> str:
        """Return the field of the log that holds a column."""
        return self.columns.get(column, column)


@dataclass(frozen=True)
class SourceSpec:
    """A log of decisions, the log of their labels if they are kept apart, and which stretch of time to take.

    Args:
        rows: the decisions.
        labels: labels that are joined by id; None: they stand in the rows themselves, or nowhere.
        start_us, end_us: rows with start ≤ time < end are taken, UTC microseconds; None: no bound.
    """

    rows: Reading = Reading()
    labels: Reading | None = None
    start_us: int | None = None
    end_us: int | None = None

    def __post_init__(self) -> None:
        if self.start_us is not None and self.end_us is not None and self.end_us <= self.start_us:
            raise ConfigurationError(
                "The source ends before it starts.", mend="`until` must be after `from`."
            )

    @classmethod
    def from_toml(cls, table: Mapping[str, Any], folder: Path) -> SourceSpec:
        """Read a `[source]` table; paths in it are relative to `folder`.

        Raises:
            ConfigurationError: naming the key that is unknown or of the wrong type.
        """
        _known(table, {"data", "columns", "time", "labels", "from", "until"}, "[source]")
        labels = table.get("labels")
        return cls(
            rows=_reading(table, folder, "[source]"),
            labels=None
            if labels is None
            else _reading(_table(labels, "[source.labels]"), folder, "[source.labels]"),
            start_us=None if "from" not in table else moment_us(table["from"], "from"),
            end_us=None if "until" not in table else moment_us(table["until"], "until"),
        )

    @classmethod
    def load(cls, path: Path) -> SourceSpec:
        """Read the `[source]` table of a file; without one, columns have their own names."""
        table = load_toml(path, "source description").get("source", {})
        return cls.from_toml(_table(table, "[source]"), path.parent)


def moment_us(given: object, what: str) -> int:
    """Return a moment in UTC microseconds: a TOML date or time, or ISO 8601 text; without offset, UTC."""
    moment = given
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise ConfigurationError(
                f"{what} is {given!r}, which is no time.",
                mend="Write it like 2026-01-31 or 2026-01-31T12:00:00Z.",
            ) from None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if not isinstance(moment, datetime):
        raise ConfigurationError(f"{what} is no time.", mend="Write it like 2026-01-31T12:00:00Z.")
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def checked_address(data: str) -> str:
    """Return an address that holds no password; ConfigurationError, without it, for one that does."""
    try:
        parts = urlsplit(data)
        secret = bool(parts.password) or "password=" in parts.query.lower()
    except ValueError:
        secret = True  # not readable: say nothing of it
    if "://" in data and secret:
        raise ConfigurationError(
            "The address of the data holds a password, or cannot be read.",
            mend="Leave the password out: PostgreSQL reads PGPASSWORD or ~/.pgpass, and object stores the "
            "variables of their own client.",
        )
    return data


def _reading(table: Mapping[str, Any], folder: Path, where: str) -> Reading:
    if where != "[source]":
        _known(table, {"data", "columns", "time"}, where)
    time = _table(table.get("time", {}), f"{where[:-1]}.time]")
    _known(time, {"format", "unit", "zone"}, f"{where[:-1]}.time]")
    columns = _table(table.get("columns", {}), f"{where[:-1]}.columns]")
    data = table.get("data", "")
    for name, value in (("data", data), *time.items(), *columns.items()):
        if not isinstance(value, str):
            raise ConfigurationError(f"{name} in {where} must be text.")
    return Reading(_located(data, folder), dict(columns), TimeFormat(**time))


def _located(data: str, folder: Path) -> str:
    if not data or "://" in data or Path(data).is_absolute():
        return checked_address(data)
    return str(folder / data)


def _table(given: object, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{where} must be a table.")
    return given


def _known(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in sorted(set(table) - known):
        raise ConfigurationError(f"{where} has no key {key!r}.", mend=f"Known: {', '.join(sorted(known))}.")
