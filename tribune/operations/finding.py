"""What a check is given and what it says: one line for each thing looked at, with its mend."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tribune.ids import Address
    from tribune.operations.parts import Part
    from tribune.settings import Settings


class Outcome(StrEnum):
    """How a thing stands."""

    OK = "ok"
    WARNING = "warning"
    NOT_OK = "not ok"


@dataclass(frozen=True)
class Finding:
    """What was found of one thing.

    Args:
        outcome: how it stands.
        says: what was found, in one plain sentence.
        mend: what to do about it.
    """

    outcome: Outcome
    says: str
    mend: str = ""


def ok(says: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(Outcome.OK, says)


def warning(says: str, mend: str = "") -> Finding:
    """Return that a thing may become a fault."""
    return Finding(Outcome.WARNING, says, mend)


def not_ok(says: str, mend: str = "") -> Finding:
    """Return that a thing is not as it must be."""
    return Finding(Outcome.NOT_OK, says, mend)


@dataclass
class Patient:
    """What is examined.

    Args:
        settings: as they were read.
        file: where from; None where there is no file.
        parts: what `tribune up` would run.
    """

    settings: Settings
    file: Path | None
    parts: list[Part]
    _addresses: dict[str, asyncio.Task[Address]] = field(default_factory=dict)

    @property
    def monitors(self) -> dict[str, Settings]:
        """The monitors of this file, by what they are called, with what each goes by."""
        named = {f"monitor-{name}": self.settings.of_monitor(name) for name in self.settings.monitors}
        return named or ({"monitor": self.settings} if "monitor" in self.settings.keys else {})

    @property
    def keys(self) -> dict[str, tuple[Settings, str]]:
        """Every key of this file, by what it is called: whose settings name it, and its role there."""
        found = {name: (own, "monitor") for name, own in self.monitors.items()}
        others = [role for role in self.settings.keys if role != "monitor"]
        return found | {role: (self.settings, role) for role in others}

    def runs(self, name: str) -> bool:
        """Return whether a part of this name would be run."""
        return any(part.name == name for part in self.parts)

    async def address(self, name: str) -> Address:
        """Return a key's address, after it has signed something; opened once for all checks.

        Raises:
            TribuneError: it cannot be used.
        """
        if name not in self._addresses:
            self._addresses[name] = asyncio.create_task(asyncio.to_thread(_address, *self.keys[name]))
        return await asyncio.shield(self._addresses[name])


Check = Callable[[Patient], Awaitable[list[Finding]]]


def _address(settings: Settings, role: str) -> Address:
    from tribune.exceptions import ConfigurationError
    from tribune.keys import load_account, prove

    source = settings.keys.get(role)
    if source is not None and source.keystore is not None and source.secret_file is None:
        raise ConfigurationError(
            "Its password is asked for at a terminal, so nothing can start it by itself.",
            mend=f"Name the password's file in keys.{role}.secret_file.",
        )
    return prove(load_account(settings, role))
