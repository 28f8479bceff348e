"""From what a log writes to what is counted: numbers as DOUBLE, categories as text, times in UTC.

One engine does this, once, and what it wrote is what every engine counts: so casts that engines disagree on
are allowed here and nowhere else. What cannot be converted becomes missing, and is told.
"""

from __future__ import annotations

from tribune_monitors.engines.sql import literal
from tribune_monitors.sources.rows import NESTED, REAL, WHOLE, Field
from tribune_monitors.sources.spec import UNITS, TimeFormat

_TIMES = ("timestamp", "date")
_TEXTS = frozenset({"varchar", "enum", "uuid"})
_NOTHING = frozenset({"null", "sqlnull"})


def converted(field: Field, kind: str, time: TimeFormat) -> str:
    """Return the expression of a field as a number, text or time; empty: its type has no such form."""
    if kind == "number":
        return _number(field)
    return _time(field, time) if kind == "time" else _text(field)


def may_fail(field: Field, kind: str) -> bool:
    """Whether single values of such a field may be unfit, so that they have to be counted."""
    return field.kind in _TEXTS and kind != "text"


def present(field: Field) -> str:
    """Return the condition that a field has a value; empty text is none where a number or time is wanted."""
    return f"trim(CAST({field.sql} AS VARCHAR)) <> ''"


def _number(field: Field) -> str:
    if field.kind == "double":
        return field.sql
    if field.kind in WHOLE | REAL | _NOTHING:
        return f"CAST({field.sql} AS DOUBLE)"
    if field.kind == "boolean":
        return f"CAST(CAST({field.sql} AS TINYINT) AS DOUBLE)"
    if field.kind in _TEXTS:
        return f"TRY_CAST(trim(CAST({field.sql} AS VARCHAR)) AS DOUBLE)"
    return ""


def _text(field: Field) -> str:
    if field.kind == "varchar":
        return f"CAST({field.sql} AS VARCHAR)"  # JSON is a varchar of another name
    if field.kind in REAL:  # whole numbers beside missing ones are often written as 1.0
        whole = f"{field.sql} = trunc({field.sql}) AND abs({field.sql}) < 1e15"
        digits = f"CAST(CAST({field.sql} AS BIGINT) AS VARCHAR)"
        return f"CASE WHEN {whole} THEN {digits} ELSE nullif(CAST({field.sql} AS VARCHAR), 'nan') END"
    if field.kind in NESTED or field.kind in ("blob", "bit"):
        return ""
    return f"CAST({field.sql} AS VARCHAR)"


def _time(field: Field, time: TimeFormat) -> str:
    """Naive times are read in the session's time zone, which the caller sets to `time.zone`."""
    if field.kind.startswith(_TIMES):
        return f"epoch_us(CAST({field.sql} AS TIMESTAMPTZ))"
    if field.kind in WHOLE | REAL | _NOTHING:
        return _since_1970(f"TRY_CAST({field.sql} AS DECIMAL(28, 9))", time.unit)
    if field.kind not in _TEXTS:
        return ""
    text = f"trim(CAST({field.sql} AS VARCHAR))"
    if time.format:
        return f"epoch_us(CAST(TRY_STRPTIME({text}, {literal(time.format)}) AS TIMESTAMPTZ))"
    number = _since_1970(f"TRY_CAST({text} AS DECIMAL(28, 9))", time.unit)
    is_number = f"regexp_full_match({text}, '-?[0-9]+([.][0-9]+)?')"
    return f"CASE WHEN {is_number} THEN {number} ELSE epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"


def _since_1970(decimal: str, unit: str) -> str:
    return f"TRY_CAST(floor({decimal} * {UNITS[unit]}) AS BIGINT)"
