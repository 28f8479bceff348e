"""Reads a process' vital signs now and then, beside its work, and shows them while it runs.

A reader that fails or hangs makes its part late and touches nothing else; work never waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tribune.exceptions import StoreError, TribuneError
from tribune.log import get_logger
from tribune.telemetry.meters import Telemetry
from tribune.telemetry.server import served

if TYPE_CHECKING:
    from tribune.settings import TelemetrySettings

Reader = Callable[[Telemetry], Awaitable[None]]
LATE_AFTER = 4
"""A reader is late when it missed so many times in a row."""
READ_WITHIN_S = 60.0


@asynccontextmanager
async def watched(
    telemetry: Telemetry, settings: TelemetrySettings, readers: Mapping[str, Reader]
) -> AsyncIterator[None]:
    """Serve telemetry and read vital signs for as long as the block lasts; nothing where the port is 0.

    Args:
        telemetry: what is served.
        settings: where, and how often.
        readers: by the part that they tell of (`chain`, `store`, …).

    Raises:
        ConfigurationError: the port cannot be used.
    """
    async with served(telemetry, settings) as port:
        watching = []
        telemetry.count("tribune_store_errors_total", 0)  # a series that begins at 0 can be seen to rise
        if port:
            for part, reader in readers.items():
                telemetry.health.expect(part, settings.every_s * LATE_AFTER + READ_WITHIN_S)
                watching.append(asyncio.create_task(_watch(telemetry, part, reader, settings.every_s)))
        try:
            yield
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


async def read_once(telemetry: Telemetry, part: str, reader: Reader) -> Exception | None:
    """Read a vital sign; return why it could not be."""
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            await reader(telemetry)
    except Exception as fault:  # whatever it is, the process' work is none of our business
        if isinstance(fault, StoreError):
            telemetry.count("tribune_store_errors_total")
        telemetry.health.failed(part)
        return fault
    telemetry.health.done(part)
    return None


async def _watch(telemetry: Telemetry, part: str, reader: Reader, every_s: float) -> None:
    said = ""
    while True:
        fault = await read_once(telemetry, part, reader)
        text = "" if fault is None else f"{type(fault).__name__}: {fault}"
        if text and text != said:
            unforeseen = None if isinstance(fault, (TribuneError, TimeoutError)) else fault
            get_logger(__name__).warning(
                "a vital sign could not be read", part=part, error=text, exc_info=unforeseen
            )
        said = text
        await asyncio.sleep(every_s)
