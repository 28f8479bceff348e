"""Looks whether all is well before it has to be: each check by itself, in bounded time, with its mend.

Sends no transaction, migrates nothing, and says no secret. A check that fails or hangs hides no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tribune.exceptions import TribuneError
from tribune.log import Redactor
from tribune.operations import checks
from tribune.operations.finding import Check, Finding, Outcome, Patient, not_ok
from tribune.operations.parts import parts_of

if TYPE_CHECKING:
    from tribune.settings import Settings

LIMIT_S = 45.0
"""For one check; they are made side by side. An engine of Spark takes half a minute to start."""

CHECKS: Mapping[str, Check] = {
    "settings": checks.settings_file,
    "parts": checks.parts,
    "nodes": checks.nodes,
    "clock": checks.clock,
    "contracts": checks.contracts,
    "keys": checks.keys,
    "roles": checks.roles,
    "balance": checks.balance,
    "store": checks.store,
    "evidence": checks.evidence,
    "log": checks.log,
    "engine": checks.engine,
    "replay": checks.replay,
    "pages": checks.pages,
    "webhooks": checks.webhooks,
    "Discord": checks.discord,
    "telemetry": checks.telemetry,
}


@dataclass(frozen=True)
class Line:
    """A line of the examination: which check found what."""

    check: str
    finding: Finding


async def examine(
    settings: Settings, file: Path | None, *, made: Mapping[str, Check] = CHECKS, limit_s: float = LIMIT_S
) -> list[Line]:
    """Make all checks, and return what they found, in their order.

    Args:
        settings: as they were read.
        file: where from.
        made: the checks, by what they look at.
        limit_s: for each of them.
    """
    patient = Patient(settings, file, parts_of(settings))
    found = await asyncio.gather(*(_bounded(check, patient, limit_s) for check in made.values()))
    redact = Redactor().text
    return [
        Line(name, Finding(one.outcome, redact(one.says), redact(one.mend)))
        for name, findings in zip(made, found, strict=True)
        for one in findings
    ]


def passed(lines: list[Line]) -> bool:
    """Return whether nothing is not ok."""
    return all(line.finding.outcome is not Outcome.NOT_OK for line in lines)


async def _bounded(check: Check, patient: Patient, limit_s: float) -> list[Finding]:
    try:
        async with asyncio.timeout(limit_s):
            return await check(patient)
    except TimeoutError:
        return [not_ok(f"Could not look: no end within {limit_s:g} s.", "Look again; is the machine busy?")]
    except TribuneError as fault:
        return [not_ok(f"Could not look: {fault.message}", fault.mend)]
    except Exception as fault:  # a check is a job: whatever is wrong with it, the others are made
        return [not_ok(f"Could not look: {type(fault).__name__}: {fault}")]
