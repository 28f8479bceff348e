from __future__ import annotations

import math
from pathlib import Path

import pytest

from tribune_monitors.sources.convert import converted, may_fail
from tribune_monitors.sources.opening import connect
from tribune_monitors.sources.rows import Field
from tribune_monitors.sources.spec import TimeFormat

NEW_YEAR = 1_767_225_600_000_000


def convert(folder: Path, value: str, kind: str, time: TimeFormat | None = None) -> object:
    """Convert an SQL value; "no form" where its type has none."""
    time = time or TimeFormat()
    cursor = connect(folder)
    cursor.execute(f"SET TimeZone = '{time.zone}'")
    table = f"(SELECT {value} AS x)"
    field = Field("x", cursor.sql(f"FROM {table}").types[0].id)
    expression = converted(field, kind, time)
    if not expression:
        return "no form"
    found = cursor.execute(f"SELECT {expression} FROM {table}").fetchone()  # noqa: S608 - ours
    return found[0] if found else None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("7", 7.0), ("2.50::DECIMAL(5,2)", 2.5), ("0.1::FLOAT", 0.10000000149011612), ("true", 1.0),
        ("' 1e3 '", 1000.0), ("'12 years'", None), ("''", None), ("'-inf'", -math.inf), ("NULL", None),
        ("[1]", "no form"), ("DATE '2026-01-01'", "no form"),
    ],
)  # fmt: skip
def test_converted__number__is_a_double(tmp_path: Path, value: str, number: object) -> None:
    assert convert(tmp_path, value, "number") == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.0::DOUBLE", "1"), ("1.5::DOUBLE", "1.5"), ("'nan'::DOUBLE", None), ("3.00::DECIMAL(5,2)", "3"),
        ("7", "7"), ("true", "true"), ("' a '", " a "), ("DATE '2026-01-01'", "2026-01-01"), ("NULL", None),
        ("[1]", "no form"), ("'x'::BLOB", "no form"),
    ],
)  # fmt: skip
def test_converted__text__is_the_value_as_people_write_it(tmp_path: Path, value: str, text: object) -> None:
    assert convert(tmp_path, value, "text") == text


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("'2026-01-01T00:00:00Z'", TimeFormat()),
        ("'2026-01-01 02:00:00+02:00'", TimeFormat()),
        ("'2026-01-01'", TimeFormat()),
        ("'2026-01-01 01:00'", TimeFormat(zone="Europe/Rome")),
        ("'01.01.2026 01:00'", TimeFormat(format="%d.%m.%Y %H:%M", zone="Europe/Rome")),
        ("'01/Jan/2026:03:00:00 +0300'", TimeFormat(format="%d/%b/%Y:%H:%M:%S %z")),
        ("1767225600", TimeFormat(unit="s")),
        ("1767225600.0000007::DOUBLE", TimeFormat(unit="s")),
        ("'1767225600.000'", TimeFormat(unit="s")),
        ("1767225600000", TimeFormat(unit="ms")),
        ("1767225600000000", TimeFormat()),
        ("1767225600000000999", TimeFormat(unit="ns")),
        ("TIMESTAMP '2026-01-01'", TimeFormat()),
        ("TIMESTAMP_MS '2026-01-01'", TimeFormat()),
        ("TIMESTAMPTZ '2026-01-01 00:00:00+00'", TimeFormat()),
        ("DATE '2026-01-01'", TimeFormat()),
    ],
)
def test_converted__one_moment_in_any_form__is_the_same(tmp_path: Path, value: str, time: TimeFormat) -> None:
    assert convert(tmp_path, value, "time", time) == NEW_YEAR


@pytest.mark.parametrize("value", ["'soon'", "''", "'nan'::DOUBLE", "1e300::DOUBLE", "NULL"])
def test_converted__no_time__is_missing(tmp_path: Path, value: str) -> None:
    assert convert(tmp_path, value, "time") is None


def test_may_fail__text_only__has_values_to_count() -> None:
    assert may_fail(Field("x", "varchar"), "number")
    assert not may_fail(Field("x", "varchar"), "text")
    assert not may_fail(Field("x", "double"), "number")
