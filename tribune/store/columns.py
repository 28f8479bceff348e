"""Types of columns that mean the same in SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Dialect, Integer, TypeDecorator

from tribune.decisions.grid import microseconds

Big = BigInteger().with_variant(Integer, "sqlite")
"""64-bit integer; SQLite numbers rows by itself only in a column declared INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time, stored as microseconds since 1970 (SQLite would drop the zone)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuse a naive time rather than guess its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must carry its zone")
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        seconds, micros = divmod(value, 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
