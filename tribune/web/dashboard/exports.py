"""A trail as a file: CSV that no spreadsheet runs, and JSON. Written line by line, so that it may be long."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from tribune.web.words import iso, plain

if TYPE_CHECKING:
    from tribune.web.dashboard.audit import Deed

COLUMNS = (
    *("time", "block", "transaction", "log_index", "contract", "event"),
    *("model_id", "model", "account", "what"),
)
_FORMULA = "=+-@\t\r\n＝＋－＠"
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


async def as_csv(deeds: AsyncIterator[Deed]) -> AsyncIterator[str]:
    """Yield the lines of a CSV file (RFC 4180), with a head."""
    yield _line(COLUMNS)
    async for deed in deeds:
        yield _line(tuple(map(harmless_cell, record(deed).values())))


async def as_json(deeds: AsyncIterator[Deed]) -> AsyncIterator[str]:
    """Yield the lines of a JSON list of objects."""
    before = "[\n"
    async for deed in deeds:
        yield before + json.dumps(record(deed), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def record(deed: Deed) -> dict[str, Any]:
    """Return a deed by the names of its columns."""
    values = (
        *(iso(deed.time), deed.block, deed.tx, deed.log_index, deed.contract, deed.event),
        *(deed.model_id, deed.model, deed.account, plain(deed.text)),
    )
    return dict(zip(COLUMNS, values, strict=True))


def harmless_cell(value: object) -> str:
    """Return a value as a cell that a spreadsheet shows and never runs: others chose the names in it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ")[:1] in tuple(_FORMULA) else text


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
